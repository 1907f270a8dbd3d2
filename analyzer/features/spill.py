"""How far the spectrum of a step, which has 100 ms, spills over the edges of narrow bands.

A tone is there as wide as the main lobe of the window. A longer window tells where it really is,
and from that follows how much of it has come to lie on the wrong side.
"""

import numpy as np
import numpy.typing as npt

from analyzer.features.spectrum import (
    BLURRED_EDGES_HZ,
    EDGE_REACH_HZ,
    LOWEST_HZ,
    step_window,
)

__all__ = ["SPILLING_HZ", "spill"]

_BIN_HZ = 10.0
_WIDTH_HZ = 100.0
"""How far from a tone anything of it is looked for."""

SPILLING_HZ = (5.0, BLURRED_EDGES_HZ[-1] + _WIDTH_HZ)
"""Where tones may spill over an edge."""

_POINTS, _DETAIL = 64, 200


def spill(hz: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Return what becomes of tones of these frequencies beside each of `BLURRED_EDGES_HZ`.

    Shape (frequencies, edges, 2): the share of a tone's power that crosses the edge, positive where
    it comes from below; and the share that is within `EDGE_REACH_HZ` of it.
    """
    shares = np.empty((len(hz), len(BLURRED_EDGES_HZ), 2))
    for number, edge in enumerate(BLURRED_EDGES_HZ):
        lowest = LOWEST_HZ if edge > LOWEST_HZ else LOWEST_HZ - _WIDTH_HZ
        bins = np.arange(lowest, edge + _WIDTH_HZ, _BIN_HZ)
        power = _power_at(np.abs(hz[:, None] - bins))
        below = bins < edge
        near = (bins >= max(LOWEST_HZ, edge - EDGE_REACH_HZ)) & (bins < edge + EDGE_REACH_HZ)
        upwards, downwards = power[:, ~below].sum(axis=1), power[:, below].sum(axis=1)
        shares[:, number, 0] = np.where(hz < edge, upwards, -downwards)
        shares[:, number, 1] = power[:, near].sum(axis=1)
    return shares


def _power_at(distance_hz: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how much of a tone's power a bin has that is so far from it."""
    window = step_window(_POINTS)
    lobe = np.abs(np.fft.rfft(window, _POINTS * _DETAIL)) ** 2
    known_hz = np.arange(len(lobe)) * _BIN_HZ / _DETAIL
    power = np.interp(distance_hz, known_hz, lobe / (_POINTS * np.square(window).sum()))
    return np.where(distance_hz < _WIDTH_HZ, power, 0.0)
