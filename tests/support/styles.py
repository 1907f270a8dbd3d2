"""Half a minute of several styles of music, from ambient to hard, for what grows with energy."""

from collections.abc import Callable

import numpy as np

from tests.support.audio import Samples

__all__ = ["RATE", "STYLES", "style"]

RATE = 44_100
_CHORDS = ((0, 3, 7), (-4, 0, 3), (3, 7, 10), (-2, 2, 5))


def style(name: str, *, seconds: float = 24, seed: int = 0) -> Samples:
    """Return stereo music of a style, its largest sample 1."""
    samples = STYLES[name](seconds, np.random.default_rng(seed))
    return np.asarray(samples / np.abs(samples).max())


def _ambient(seconds: float, random: np.random.Generator) -> Samples:
    mono = _pad(seconds, bar_sec=8, attack_sec=3) + 0.004 * _noise(seconds, random)
    return _wide(mono, random)


def _ballad(seconds: float, random: np.random.Generator) -> Samples:
    beat = 60 / 70
    mono = 0.5 * _pad(seconds, bar_sec=4 * beat, attack_sec=0.01, decay=1.2)
    mono += 0.5 * _hits(seconds, _kick(60, 12), 2 * beat) + 0.2 * _bass(seconds, 2 * beat)
    mono += 0.12 * _hits(seconds, _burst(random, 12), 2 * beat, offset=beat)
    mono += 0.03 * _hits(seconds, _burst(random, 60), beat / 2)
    return _wide(mono, random)


def _house(seconds: float, random: np.random.Generator) -> Samples:
    beat = 60 / 124
    mono = 0.8 * _hits(seconds, _kick(50, 9), beat) + 0.35 * _bass(seconds, beat, offset=beat / 2)
    mono += 0.25 * _pad(seconds, bar_sec=4 * beat, attack_sec=0.01, decay=2)
    mono += 0.3 * _hits(seconds, _burst(random, 20), 2 * beat, offset=beat)
    mono += 0.2 * _hits(seconds, _burst(random, 30), beat, offset=beat / 2)
    return _wide(np.tanh(1.2 * mono), random)


def _techno(seconds: float, random: np.random.Generator) -> Samples:
    beat = 60 / 136
    mono = 1.2 * _hits(seconds, _kick(48, 8), beat)
    for third in (1, 2, 3):
        mono += 0.45 * _hits(seconds, _kick(48, 25), beat, offset=third * beat / 4)
    mono += 0.35 * _hits(seconds, _burst(random, 40), beat / 4)
    mono += 0.45 * _hits(seconds, _burst(random, 20), beat, offset=beat / 2)
    mono += 0.35 * _hits(seconds, _burst(random, 14), 2 * beat, offset=beat)
    mono += 0.25 * _saw(seconds, 110) * (1 + np.sin(2 * np.pi * _time(seconds) / 7))
    return _wide(np.tanh(mono), random)


def _drum_and_bass(seconds: float, random: np.random.Generator) -> Samples:
    beat = 60 / 174
    mono = 1.2 * _hits(seconds, _kick(55, 12), 4 * beat)
    mono += 1.1 * _hits(seconds, _kick(55, 12), 4 * beat, offset=2.5 * beat)
    mono += 0.9 * _hits(seconds, _burst(random, 14), 2 * beat, offset=beat)
    mono += 0.35 * _hits(seconds, _burst(random, 45), beat / 2)
    mono += 0.25 * _hits(seconds, _burst(random, 60), beat / 2, offset=beat / 4)
    mono += 0.5 * _saw(seconds, 55) * (1 + np.sin(2 * np.pi * _time(seconds) / (2 * beat)))
    return _wide(np.tanh(mono), random)


def _hard(seconds: float, random: np.random.Generator) -> Samples:
    beat = 60 / 160
    mono = 3 * _hits(seconds, _kick(52, 6), beat) + 0.2 * _saw(seconds, 220)
    mono += 0.2 * _saw(seconds, 331) + 0.7 * _hits(seconds, _burst(random, 20), beat / 4)
    mono += 0.8 * _hits(seconds, _burst(random, 12), beat, offset=beat / 2)
    return _wide(np.clip(1.3 * mono, -1, 1), random)


STYLES: dict[str, Callable[[float, np.random.Generator], Samples]] = {
    "ambient": _ambient,
    "ballad": _ballad,
    "house": _house,
    "techno": _techno,
    "drum and bass": _drum_and_bass,
    "hard": _hard,
}


def _time(seconds: float) -> Samples:
    return np.arange(round(seconds * RATE)) / RATE


def _wide(mono: Samples, random: np.random.Generator) -> Samples:
    delay = int(random.integers(100, 600))
    return np.stack([mono, 0.8 * mono + 0.2 * np.roll(mono, delay)], axis=1)


def _noise(seconds: float, random: np.random.Generator) -> Samples:
    return random.standard_normal(len(_time(seconds)))


def _kick(hz: float, decay: float) -> Samples:
    time = _time(0.4)
    sweep = hz * time + 5 * (1 - np.exp(-40 * time))
    return np.asarray(np.sin(2 * np.pi * sweep) * np.exp(-decay * time))


def _burst(random: np.random.Generator, decay: float) -> Samples:
    noise = np.diff(random.standard_normal(round(0.3 * RATE) + 1))
    return np.asarray(noise * np.exp(-decay * np.arange(len(noise)) / RATE) / 2)


def _hits(seconds: float, sound: Samples, every_sec: float, *, offset: float = 0.0) -> Samples:
    out = np.zeros(len(_time(seconds)))
    for start in np.arange(offset, seconds, every_sec):
        first = round(start * RATE)
        part = sound[: len(out) - first]
        out[first : first + len(part)] += part
    return out


def _saw(seconds: float, hz: float) -> Samples:
    return np.asarray(
        sum(np.sin(2 * np.pi * k * hz * _time(seconds)) / k for k in range(1, int(9_000 / hz)))
    )


def _bass(seconds: float, every_sec: float, *, offset: float = 0.0) -> Samples:
    time = _time(every_sec * 0.8)
    note = np.sin(2 * np.pi * 55 * time) + 0.5 * np.sin(2 * np.pi * 110 * time)
    return _hits(seconds, note * np.minimum(1, (time[-1] - time) * 50), every_sec, offset=offset)


def _pad(seconds: float, *, bar_sec: float, attack_sec: float, decay: float = 0.0) -> Samples:
    out = np.zeros(len(_time(seconds)))
    for number, start in enumerate(np.arange(0, seconds, bar_sec)):
        time = _time(bar_sec)
        envelope = np.minimum(1, time / attack_sec) * np.exp(-decay * time)
        envelope *= np.minimum(1, (bar_sec - time) / min(attack_sec, 0.1))
        tones = [
            np.sin(2 * np.pi * 220 * 2 ** (note / 12) * harmonic * time) / harmonic**1.5
            for note in _CHORDS[number % len(_CHORDS)]
            for harmonic in range(1, 6)
        ]
        first = round(start * RATE)
        part = (sum(tones) * envelope)[: len(out) - first]
        out[first : first + len(part)] += part / 4
    return out
