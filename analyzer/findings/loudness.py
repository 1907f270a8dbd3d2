"""Loudness by ITU-R BS.1770-4, EBU Tech 3341 and 3342, from K-weighted energies.

Every function takes energies of shape (steps, hops): rows of 100 ms, of 10-ms hops, all channels
together. Of a track it is given the track's rows, so no window reaches into a neighbour.
"""

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float64, HopEnergy

__all__ = [
    "MOMENTARY_STEPS",
    "SHORT_TERM_STEPS",
    "integrated_lufs",
    "loudness_range_lu",
    "lufs",
    "maximum_lufs",
    "sliding_energy",
]

MOMENTARY_STEPS = 4
"""Momentary loudness is that of 400 ms, as long as a gating block."""

SHORT_TERM_STEPS = 30
"""Short-term loudness is that of 3 s."""

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_RANGE_GATE_LU = -20.0
_RANGE_PERCENTILES = (10, 95)
_STEPS_AT_ONCE = 6_000
"""Ten minutes: hours of windows would take more memory than decoding them."""

_OFFSET_LUFS = -0.691


def integrated_lufs(energy: HopEnergy) -> float | None:
    """Return the gated loudness in LUFS.

    Null when there is no whole block of 400 ms, or none above the absolute gate of −70 LUFS.
    """
    audible = _audible(_by_step(energy, MOMENTARY_STEPS))
    if not len(audible):
        return None
    return lufs(audible[audible > audible.mean() * _ratio(_RELATIVE_GATE_LU)].mean())


def maximum_lufs(energy: HopEnergy, steps: int) -> float | None:
    """Return the largest momentary (4 steps) or short-term (30 steps) loudness in LUFS.

    The window moves by 10 ms. By the 100 ms that a meter may take, it would miss 0.58 LU of a sound
    of 400 ms that begins between two steps; by 10 ms it misses 0.05 LU at most. Null when the sound
    is shorter than the window, or nowhere above −70 LUFS.
    """
    highest = [
        sliding_energy(energy[first : first + _STEPS_AT_ONCE + steps], steps).max()
        for first in range(0, len(energy) - steps + 1, _STEPS_AT_ONCE)
    ]
    audible = _audible(np.array(highest, np.float64))
    return lufs(audible.max()) if len(audible) else None


def loudness_range_lu(energy: HopEnergy) -> float | None:
    """Return the loudness range in LU, by EBU Tech 3342.

    It is the distance between the 10th and 95th percentile of the short-term loudness, every
    100 ms, above −70 LUFS and above 20 LU below the mean. Null when nothing is, or less than 3 s.
    """
    audible = _audible(_by_step(energy, SHORT_TERM_STEPS))
    if not len(audible):
        return None
    counted = audible[audible > audible.mean() * _ratio(_RANGE_GATE_LU)]
    low, high = np.percentile(counted, _RANGE_PERCENTILES)
    return lufs(high) - lufs(low)


def sliding_energy(energy: HopEnergy, steps: int) -> Float64:
    """Return the mean energy of each window of so many steps, one for every hop."""
    return _sliding(energy.ravel(), steps * energy.shape[1])


def lufs(energy: float) -> float:
    """Return an energy above zero as loudness."""
    return float(_OFFSET_LUFS + 10 * np.log10(energy))


def _by_step(energy: HopEnergy, steps: int) -> Float64:
    return _sliding(energy.mean(axis=1, dtype=np.float64), steps)


def _sliding(values: npt.NDArray[np.floating], length: int) -> Float64:
    if len(values) < length:
        return np.empty(0)
    total = np.zeros(len(values) + 1)
    np.cumsum(values, dtype=np.float64, out=total[1:])
    return np.asarray((total[length:] - total[:-length]) / length)


def _audible(energy: Float64) -> Float64:
    return energy[energy > _ratio(_ABSOLUTE_GATE_LUFS - _OFFSET_LUFS)]


def _ratio(db: float) -> float:
    return float(10 ** (db / 10))
