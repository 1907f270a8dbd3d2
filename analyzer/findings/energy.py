"""The energy of music, 1 to 10, as DJs sort their records: what it makes people do, not its level.

For every second, from the 5 s around it,

    energy = 1 + (4·q + b·(1.5 + 4·q + 4·d²)) · g

* `q = n / (n + 4)`, n = onsets per second: rises of the K-weighted energy by 2 dB within 20 ms;
* `b` = 0 to 1 as the share of the power above 2 kHz rises from −40 to −10 dB;
* `d` = 0 to 1 as the peaks fall from 16 dB above the loudness to nothing: density, compression;
* `g` = 1 to 0 as the second falls from the loudest of its surroundings to 30 dB below: breakdowns.

It rises with each of them. Nothing here knows the absolute level: a quiet master of techno is as
energetic as a loud one. The weights were set by hand on synthetic styles and on free game music.
"""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Float64
from analyzer.features.grid import HOPS_PER_STEP, STEPS_PER_CHUNK

__all__ = ["Energy", "energy_over_time"]

_INTERVALS_SEC = (1, 2, 5, 10, 15, 30, 60, 120, 300)
_MOST_POINTS = 600
_AROUND_SEC = 5
_LEVEL_PERCENTILE = 75
_PEAK_PERCENTILE = 99
_LOUD_PERCENTILE = 95

_RISE_DB, _RISE_HOPS = 2.0, 3
_HALF_RATE = 4.0
_BRIGHT_DB = (-40.0, -10.0)
_DENSE_DB = 16.0
_DROP_DB = 30.0
_FLOOR = 1e-7
"""Against the mean: what is 70 dB below it starts no sound."""

_STEPS_AT_A_TIME = 6_000
"""Six hours at once would take more memory than decoding them."""

_LOUDNESS_DB = -0.691
_PRESENCE = 3
"""The first of the bands that begin at 2 kHz."""


@dataclass(frozen=True)
class Energy:
    """Energy over time: its level, and a curve of the mean of each interval."""

    level: float
    interval_sec: int
    curve: list[float]


def energy_over_time(
    energy: Float32,
    bands: Float32,
    sample_peaks: Float32,
) -> Energy | None:
    """Return the energy of some steps; the level is the 75th percentile of its seconds.

    Arrays of shape (steps, hops), (steps, 5) and (steps,); a last part of a second is left out. The
    curve has at most 600 points. Null when there is no whole second, or no sound.
    """
    seconds = len(energy) // STEPS_PER_CHUNK
    steps = seconds * STEPS_PER_CHUNK
    mean = energy[:steps].mean(axis=1, dtype=np.float64)
    if not seconds or not mean.any():
        return None
    by_second = _around(mean)
    loudness = _db(by_second)
    peak = 20 * np.log10(np.percentile(sample_peaks[:steps], _PEAK_PERCENTILE) + 1e-12)
    onsets = _around(_onsets(energy[:steps], float(mean.mean()))) * STEPS_PER_CHUNK
    present = _around(bands[:steps, _PRESENCE:].sum(axis=1, dtype=np.float64))
    bright = present / np.maximum(_around(bands[:steps].sum(axis=1, dtype=np.float64)), 1e-30)
    # How much happens (q), how bright (b) and how dense (d) it is, each 0 to 1, and a gate (g) that
    # closes where it is much quieter than the loud parts.
    q = onsets / (onsets + _HALF_RATE)
    low, high = _BRIGHT_DB
    b = ((_db(bright) - low) / (high - low)).clip(0, 1)
    d = (1 - (peak - loudness - _LOUDNESS_DB) / _DENSE_DB).clip(0, 1)
    g = (1 - (np.percentile(loudness, _LOUD_PERCENTILE) - loudness) / _DROP_DB).clip(0, 1)
    values = (1 + (4 * q + b * (1.5 + 4 * q + 4 * d * d)) * g).clip(1, 10)
    interval = next(
        (sec for sec in _INTERVALS_SEC if seconds <= sec * _MOST_POINTS), _INTERVALS_SEC[-1]
    )
    starts = np.arange(0, seconds, interval)
    counts = np.diff(np.append(starts, seconds))
    return Energy(
        level=float(np.percentile(values, _LEVEL_PERCENTILE)),
        interval_sec=interval,
        curve=(np.add.reduceat(values, starts) / counts).tolist(),
    )


def _onsets(energy: Float32, mean: float) -> Float64:
    """Return the number of onsets in each step: hops that rise above those just before."""
    counts = [np.empty(0)]
    for first in range(0, len(energy), _STEPS_AT_A_TIME):
        lead = min(first, 1)
        part = energy[first - lead : first + _STEPS_AT_A_TIME].ravel().astype(np.float64)
        level = _db(part + mean * _FLOOR)
        before = np.max([level[lag : lag - _RISE_HOPS] for lag in range(_RISE_HOPS)], axis=0)
        rises = np.zeros(len(level))
        rises[_RISE_HOPS:] = level[_RISE_HOPS:] - before > _RISE_DB
        counts.append(rises.reshape(-1, HOPS_PER_STEP).sum(axis=1)[lead:])
    return np.concatenate(counts)


def _around(values: Float64) -> Float64:
    """Return the mean of the steps of the 5 s around each second, as far as there are so many."""
    seconds = len(values) // STEPS_PER_CHUNK
    total = np.concatenate([[0.0], values.cumsum()])
    first = np.arange(seconds) - _AROUND_SEC // 2
    start = first.clip(0) * STEPS_PER_CHUNK
    end = (first + _AROUND_SEC).clip(None, seconds) * STEPS_PER_CHUNK
    return np.asarray((total[end] - total[start]) / (end - start))


def _db(power: Float64) -> Float64:
    return np.asarray(10 * np.log10(np.maximum(power, 1e-30)))
