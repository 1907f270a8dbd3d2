"""Brightness: where the power of the spectrum lies, over the time that has any."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.measures.gate import audible

__all__ = ["Brightness", "band_shares", "brightness"]

_PERCENTILES = (10, 50, 90)


@dataclass(frozen=True)
class Brightness:
    """Mean and percentiles of the steps' spectral centroids, Hz."""

    mean_hz: float
    p10_hz: float
    median_hz: float
    p90_hz: float


def brightness(
    centroid_hz: npt.NDArray[np.float64], power: npt.NDArray[np.float64]
) -> Brightness | None:
    """Return the statistics of the steps' power-weighted centroids; arrays of shape (steps,).

    Null when no step is audible.
    """
    heard = centroid_hz[audible(power)]
    if not len(heard):
        return None
    return Brightness(float(heard.mean()), *np.percentile(heard, _PERCENTILES).tolist())


def band_shares(bands: npt.NDArray[np.float32]) -> list[float] | None:
    """Return each band's share of the power of steps by bands; null when no step is audible."""
    heard = bands[audible(bands.sum(axis=1))]
    if not len(heard):
        return None
    total = heard.sum(axis=0, dtype=np.float64)
    return [float(share) for share in total / total.sum()]
