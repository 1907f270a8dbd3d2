"""Brightness: where the power of the spectrum lies, averaged over the time that has any."""

import numpy as np
import numpy.typing as npt

__all__ = ["brightness_hz"]

_ABSOLUTE_GATE_DB = -70.0
_RELATIVE_GATE_DB = -30.0


def brightness_hz(
    centroid_hz: npt.NDArray[np.float64], power: npt.NDArray[np.float64]
) -> float | None:
    """Return the mean of the steps' power-weighted centroids in Hz; arrays of shape (steps,).

    Only steps count whose mean square is above −70 dB, and at most 30 dB below the mean of those:
    neither silence nor a tail of hiss has a say. Null when there is no such step.
    """
    audible = power > 10 ** (_ABSOLUTE_GATE_DB / 10)
    if not audible.any():
        return None
    gate = power[audible].mean() * 10 ** (_RELATIVE_GATE_DB / 10)
    return float(centroid_hz[audible & (power > gate)].mean())
