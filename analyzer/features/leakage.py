"""How far the spectrum of a step, which has 100 ms, spills over the edges of narrow bands.

A tone is there as wide as the main lobe of the window. A longer window tells where it really is,
and from that follows how much of it has come to lie on the wrong side.
"""

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float64
from analyzer.features.spectrum import BLURRED_EDGES_HZ, LOWEST_HZ, near, step_window

__all__ = ["LEAKAGE_EDGES_HZ", "leakage"]

_BIN_HZ = 10.0
_WIDTH_HZ = 100.0
"""How far from a tone anything of it is looked for."""

LEAKAGE_EDGES_HZ = (5.0, BLURRED_EDGES_HZ[-1] + _WIDTH_HZ)
"""Where tones may spill over an edge."""

_POINTS, _PER_BIN = 64, 200
"""Of the window, and of what is between two bins."""


def leakage(hz: npt.NDArray[np.floating]) -> Float64:
    """Return what becomes of tones of these frequencies beside each of `BLURRED_EDGES_HZ`.

    Shape (frequencies, edges, 2): the share of a tone's power that crosses the edge, positive where
    it comes from below; and the share that is near it.
    """
    distance_hz, lobe = _main_lobe()
    shares = np.empty((len(hz), len(BLURRED_EDGES_HZ), 2))
    for number, edge in enumerate(BLURRED_EDGES_HZ):
        lowest = LOWEST_HZ if edge > LOWEST_HZ else LOWEST_HZ - _WIDTH_HZ
        bins = np.arange(lowest, edge + _WIDTH_HZ, _BIN_HZ)
        power = np.interp(np.abs(hz[:, None] - bins), distance_hz, lobe, right=0.0)
        below = bins < edge
        upwards, downwards = power[:, ~below].sum(axis=1), power[:, below].sum(axis=1)
        shares[:, number, 0] = np.where(hz < edge, upwards, -downwards)
        shares[:, number, 1] = power[:, near(edge, bins)].sum(axis=1)
    return shares


def _main_lobe() -> tuple[Float64, Float64]:
    """Return distances from a tone in Hz, and how much of its power a bin has that is so far."""
    window = step_window(_POINTS)
    count = round(_WIDTH_HZ / _BIN_HZ * _PER_BIN)
    power = np.abs(np.fft.rfft(window, _POINTS * _PER_BIN)[:count]) ** 2
    distance_hz = np.arange(count) * _BIN_HZ / _PER_BIN
    return distance_hz, power / (_POINTS * np.square(window).sum())
