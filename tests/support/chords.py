"""Chords and drums made of nothing but sines and noise, for tests of pitch."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["CADENCE_MAJOR", "CADENCE_MINOR", "clatter", "play_chords"]

Mono = npt.NDArray[np.float32]
Chord = tuple[int, ...]

CADENCE_MAJOR: tuple[Chord, ...] = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)) * 2
"""I IV V I, twice, in semitones above the tonic."""

CADENCE_MINOR: tuple[Chord, ...] = ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)) * 2
"""i iv V i, twice."""


def play_chords(
    chords: Sequence[Chord],
    tonic: int,
    *,
    cents: float = 0.0,
    rate: int = 22_050,
    beat: float = 1.5,
) -> Mono:
    """Play chords above a tonic (C = 0), each for so many seconds, over their root as a bass."""
    time = np.arange(int(beat * rate)) / rate
    shape = np.minimum(1, time / 0.01) * np.exp(-time / 2) * np.minimum(1, (beat - time) / 0.05)
    parts = []
    for chord in chords:
        pitches = [36 + (tonic + chord[0]) % 12, *(54 + (tonic + note - 54) % 12 for note in chord)]
        wave = np.zeros_like(time)
        for pitch in pitches:
            hz = 440 * 2 ** ((pitch - 69 + cents / 100) / 12)
            for partial in range(1, 6):
                wave += np.sin(2 * np.pi * partial * hz * time) / partial
        parts.append(wave * shape * 0.05)
    return np.concatenate(parts).astype(np.float32)


def clatter(seconds: float, *, rate: int = 22_050, seed: int = 0) -> Mono:
    """Return bursts of noise, eight a second, at a peak of about 0.5."""
    random = np.random.default_rng(seed)
    time = np.arange(rate // 8) / rate
    bursts = [
        random.normal(size=len(time)) * np.exp(-time / 0.03) * 0.15 for _ in range(int(seconds * 8))
    ]
    return np.concatenate(bursts).astype(np.float32)
