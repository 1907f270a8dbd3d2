"""A band of wavetables that are drawn anew for every piece: envelopes, vibrato, and a room."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.render.mixing import add
from tools.render.notes import Tone
from tools.render.waves import TABLE, wavetable

__all__ = ["Sound", "play"]

Sound = npt.NDArray[np.float64]

_PARTIALS = 24
_TIMBRES = (
    "sine", "triangle", "square", "saw", "supersaw", "organ", "fm", "pluck", "choir", "epiano",
)  # fmt: skip
_LEVELS = {"bass": 1.0, "chords": 0.6, "lead": 0.7, "drone": 0.5}


@dataclass(frozen=True)
class _Voice:
    """One instrument: partial amplitudes, envelope and vibrato."""

    partials: tuple[float, ...]
    attack: float
    decay: float
    sustain: float
    vibrato_cents: float
    detune_cents: float
    sweep: bool


def play(
    tones: list[Tone], frames: int, rate: int, *, cents: float, random: np.random.Generator
) -> Sound:
    """Return notes in seconds as mono samples at a rate in Hz, detuned by so many cents."""
    sound = np.zeros(frames)
    for part in sorted({tone.part for tone in tones}):
        voice = _voice(part, random)
        level = _LEVELS[part] * 10 ** (random.uniform(-8, 4) / 20)
        for tone in tones:
            if tone.part == part:
                _add(sound, tone, voice, rate, level, cents)
    return _room(sound, rate, random)


def _voice(part: str, random: np.random.Generator) -> _Voice:
    timbre = str(random.choice(_TIMBRES))
    n = np.arange(1, _PARTIALS + 1)
    partials = {
        "sine": (n == 1) * 1.0,
        "triangle": (n % 2) / n**2,
        "square": (n % 2) / n,
        "saw": 1.0 / n,
        "supersaw": 1.0 / n,
        "organ": np.isin(n, [1, 2, 3, 4, 6, 8]) * random.uniform(0.2, 1.0, _PARTIALS),
        "fm": np.exp(-((n - random.uniform(1, 2.5)) ** 2) / 6),
        "pluck": 1.0 / n**1.3,
        "choir": 0.5 * np.exp(-((n - 3.0) ** 2) / 8) + 1.0 / n,
        "epiano": np.isin(n, [1, 2, 4, 7]) / n**0.8,
    }[timbre]
    cut = random.uniform(2, _PARTIALS)
    partials = partials / np.sqrt(1 + (n / cut) ** 4)
    plucked = timbre in {"pluck", "epiano"} or random.random() < 0.25
    return _Voice(
        partials=tuple(partials / np.sqrt((partials**2).sum())),
        attack=float(random.uniform(0.002, 0.02) if plucked else random.uniform(0.005, 0.25)),
        decay=float(random.uniform(0.15, 0.8)),
        sustain=0.0 if plucked else float(random.uniform(0.4, 1.0)),
        vibrato_cents=float(random.uniform(5, 45))
        if part == "lead" and random.random() < 0.6
        else 0,
        detune_cents=float(random.uniform(3, 18)) if timbre == "supersaw" else 0.0,
        sweep=bool(random.random() < 0.25 and part != "lead"),
    )


def _add(sound: Sound, tone: Tone, voice: _Voice, rate: int, level: float, cents: float) -> None:
    hz = 440 * 2 ** ((tone.pitch - 69 + cents / 100) / 12)
    start = int(tone.at * rate)
    release = 0.08
    length = min(int((tone.length + release) * rate), len(sound) - start)
    if length <= 0:
        return
    time = np.arange(length) / rate
    top = max(1, min(_PARTIALS, int(rate * 0.45 / hz)))
    envelope = np.minimum(1, time / voice.attack)
    envelope *= voice.sustain + (1 - voice.sustain) * np.exp(-time / voice.decay)
    envelope *= np.clip((tone.length + release - time) / release, 0, 1)
    bright = _table(voice.partials[:top])
    phase = hz * time
    if voice.vibrato_cents:
        depth = hz * (2 ** (voice.vibrato_cents / 1200) - 1)
        phase = phase - depth / (2 * np.pi * 5.5) * np.cos(2 * np.pi * 5.5 * time)
    wave = bright[(phase * TABLE).astype(np.int64) % TABLE]
    if voice.detune_cents:
        for shift in (-voice.detune_cents, voice.detune_cents):
            moved = phase * 2 ** (shift / 1200) + 0.37 * shift
            wave = wave + bright[(moved * TABLE).astype(np.int64) % TABLE]
    if voice.sweep:  # a slow filter: between the dark and the bright table
        dark = _table(tuple(p / (k + 1) ** 1.5 for k, p in enumerate(voice.partials[:top])))
        mix = 0.5 - 0.5 * np.cos(2 * np.pi * (tone.at + time) / 8)
        wave = mix * wave + (1 - mix) * dark[(phase * TABLE).astype(np.int64) % TABLE]
    add(sound, level * tone.velocity * envelope * wave, start)


def _table(partials: tuple[float, ...]) -> Sound:
    """Return a period in which a partial of strength 1 swings between −1 and 1."""
    return TABLE / 2 * wavetable(partials)


def _room(sound: Sound, rate: int, random: np.random.Generator) -> Sound:
    if random.random() < 0.5:
        return sound
    seconds = random.uniform(0.2, 1.6)
    length = int(seconds * rate)
    answer = random.normal(size=length) * np.exp(-4 * np.arange(length) / length)
    answer *= random.uniform(0.1, 0.7) / np.sqrt((answer**2).sum())
    answer[0] = 1.0
    size = 1 << (len(sound) + length - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size), size)
    return np.asarray(wet[: len(sound)])
