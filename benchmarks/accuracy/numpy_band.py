"""Play a score with our own voices: additive synthesis and a synthetic drum kit, in stereo.

Every attack begins within a millisecond of its place, so the truth needs no calibration.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.drums import RATE, make_kit
from benchmarks.accuracy.score import Clock, Note, Part, Score

__all__ = ["RATE", "play", "tone"]

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


_VOICES: dict[Part, _Voice] = {
    "bass": _Voice(0.30, 6, 1.4, 0.002, 0.8),
    "chords": _Voice(0.10, 9, 1.2, 0.003, 0.7, pan=0.3),
    "pad": _Voice(0.07, 8, 1.3, 0.25, 1e9, detune=0.003, pan=-0.2),
    "pluck": _Voice(0.16, 10, 1.3, 0.001, 0.35, pan=0.15),
    "lead": _Voice(0.14, 7, 1.1, 0.008, 2.0, pan=-0.1),
    "voice": _Voice(0.16, 7, 1.1, 0.03, 1e9),
}
_PAN = {"hat": 0.25, "open_hat": 0.25, "ride": -0.3, "tom": 0.2, "low_tom": -0.2, "shaker": -0.35}


@cache
def tone(part: Part, pitch: float, frames: int) -> Samples:
    """Return one note of a part: additive, decaying the faster the higher its partials are."""
    voice = _VOICES[part]
    time = np.arange(frames) / RATE
    hz = 440.0 * 2 ** ((pitch - 69) / 12)
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
    drums, music = np.zeros((frames, 2), np.float32), np.zeros((frames, 2), np.float32)
    kit = make_kit(random)
    for hit in score.hits:
        at = clock.at(hit.beat) + human_sec * float(random.standard_normal())
        _mix(drums, kit[hit.drum], at, hit.velocity**1.5 * drum_level, _PAN.get(hit.drum, 0.0))
    for note in score.notes:
        _mix(music, _sound(note, clock, detune_cents), clock.at(note.beat), note.velocity,
             _VOICES[note.part].pan)  # fmt: skip
    if score.hits and random.random() < 0.4:
        music *= _ducking(score, clock, frames)[:, None]
    out = drums + music
    return np.asarray(0.85 * np.tanh(out / max(0.6, 0.7 * float(np.abs(out).max()))), np.float32)


def _sound(note: Note, clock: Clock, detune_cents: float) -> Samples:
    seconds = max(clock.at(note.beat + note.length) - clock.at(note.beat), 0.05)
    return tone(note.part, note.pitch + detune_cents / 100, round(seconds * 200) * RATE // 200)


def _ducking(score: Score, clock: Clock, frames: int) -> Samples:
    """Return the gain of a compressor that the kick drives."""
    gain = np.ones(frames, np.float32)
    dip = np.asarray(1 - 0.6 * np.exp(-np.arange(round(0.3 * RATE)) / RATE / 0.08), np.float32)
    for hit in score.hits:
        if hit.drum == "kick":
            at = round(clock.at(hit.beat) * RATE)
            part = gain[at : at + len(dip)]
            np.minimum(part, dip[: len(part)], out=part)
    return gain


def _mix(out: Samples, sound: Samples, at_sec: float, gain: float, pan: float) -> None:
    at = max(round(at_sec * RATE), 0)
    part = out[at : at + len(sound)]
    sound = sound[: len(part)]
    part[:, 0] += gain * (1 - max(pan, 0.0)) * sound
    part[:, 1] += gain * (1 + min(pan, 0.0)) * sound
