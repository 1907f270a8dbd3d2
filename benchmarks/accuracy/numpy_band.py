"""Play a score with our own voices: additive synthesis and a synthetic drum kit, in stereo.

Every attack begins within a millisecond of its place, so the truth needs no calibration.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.score import Clock, Score
from tools.render.kits.kit import strike
from tools.render.kits.plain import make_kit
from tools.render.mixing import add_panned, pump
from tools.render.notes import Tone
from tools.render.waves import RATE, hertz

__all__ = ["Samples", "play"]

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class _Voice:
    """How a part sounds: harmonics fall as n^-slope; attack and decay in seconds."""

    level: float
    harmonics: int
    slope: float
    attack: float
    decay: float
    detune: float = 0.0
    pan: float = 0.0


_VOICES: dict[str, _Voice] = {
    "bass": _Voice(0.30, 6, 1.4, 0.002, 0.8),
    "chords": _Voice(0.10, 9, 1.2, 0.003, 0.7, pan=0.3),
    "pad": _Voice(0.07, 8, 1.3, 0.25, 1e9, detune=0.003, pan=-0.2),
    "pluck": _Voice(0.16, 10, 1.3, 0.001, 0.35, pan=0.15),
    "lead": _Voice(0.14, 7, 1.1, 0.008, 2.0, pan=-0.1),
    "voice": _Voice(0.16, 7, 1.1, 0.03, 1e9),
}


@cache
def _tone(part: str, pitch: float, frames: int) -> Samples:
    """Return one note of a part: additive, decaying the faster the higher its partials are."""
    voice = _VOICES[part]
    time, hz = np.arange(frames) / RATE, hertz(pitch)
    sound = np.zeros(frames)
    for number in range(1, voice.harmonics + 1):
        if number * hz > 0.45 * RATE:
            break
        decay = np.exp(-time / voice.decay * number**0.5)
        phase = 2 * np.pi * number * hz * time
        partial = np.sin(phase)
        if voice.detune:
            partial = partial + np.sin(phase * (1 + voice.detune) + number)
        sound += partial * decay / number**voice.slope
    fade = min(0.03, 0.3 * frames / RATE)
    envelope = np.minimum(time / voice.attack, 1) * np.minimum(time[::-1] / fade, 1)
    return np.asarray(voice.level * sound * envelope, np.float32)


def play(
    score: Score,
    clock: Clock,
    random: np.random.Generator,
    *,
    tail_sec: float = 1.0,
    detune_cents: float = 0.0,
    drum_level: float = 1.0,
    human_sec: float = 0.0,
) -> Samples:
    """Return the samples of a score, of shape (frames, 2), from second 0 of its clock."""
    frames = round((clock.times[-1] + tail_sec) * RATE)
    music = np.zeros((2, frames), np.float32)
    kit = make_kit(random, drum_level)
    hits = [
        replace(hit, at=clock.at(hit.at) + human_sec * float(random.standard_normal()))
        for hit in score.hits
    ]
    for note in score.notes:
        start, pan = round(clock.at(note.at) * RATE), _VOICES[note.part].pan
        add_panned(music, _sound(note, clock, detune_cents), start, note.velocity, pan)
    if score.hits and random.random() < 0.4:
        kicks = [clock.at(hit.at) for hit in score.hits if hit.drum == "kick"]
        music = pump(music, kicks, 0.6, 0.08, longest=0.3)
    out = np.ascontiguousarray((strike(hits, kit, frames) + music).T)
    return np.asarray(0.85 * np.tanh(out / max(0.6, 0.7 * float(np.abs(out).max()))), np.float32)


def _sound(note: Tone, clock: Clock, detune_cents: float) -> Samples:
    seconds = max(clock.at(note.at + note.length) - clock.at(note.at), 0.05)
    return _tone(note.part, note.pitch + detune_cents / 100, round(seconds * 200) * RATE // 200)
