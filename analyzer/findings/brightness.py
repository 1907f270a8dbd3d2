"""Brightness: where the power of the spectrum lies, over the time that has any."""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32
from analyzer.findings.gate import audible

__all__ = ["Brightness", "band_shares", "brightness"]

_PERCENTILES = (10, 50, 90)


@dataclass(frozen=True)
class Brightness:
    """Mean and percentiles of the steps' spectral centroids, Hz."""

    mean_hz: float
    p10_hz: float
    median_hz: float
    p90_hz: float


def brightness(centroid_hz: Float32, power: Float32) -> Brightness | None:
    """Return the statistics of the steps' power-weighted centroids; arrays of shape (steps,).

    Null when no step is audible.
    """
    heard = centroid_hz[audible(power)].astype(np.float64)
    if not len(heard):
        return None
    return Brightness(float(heard.mean()), *np.percentile(heard, _PERCENTILES).tolist())


def band_shares(bands: Float32, near_edges: Float32, leakage: Float32) -> list[float] | None:
    """Return each band's share of the power; null when no step is audible.

    In the spectrum of a step a tone is so wide that it spills over the edge of its band. How much
    that was, longer windows tell, over all of the time. The first edge is that below which nothing
    counts.

    Args:
        bands: Power of each band, shape (steps, bands).
        near_edges: What of it is near each of the lower edges, shape (steps, edges).
        leakage: By longer windows, in any unit: what crossed the edge upwards, and what is near it;
            shape (chunks, edges, 2).

    """
    heard = audible(bands.sum(axis=1))
    if not heard.any():
        return None
    total = np.concatenate([[0.0], bands[heard].sum(axis=0, dtype=np.float64)])
    near = near_edges[heard].sum(axis=0, dtype=np.float64)
    crossed, beside = leakage.sum(axis=0, dtype=np.float64).T
    back = near * crossed / np.maximum(beside, 1e-30)
    total[: len(back)] += back
    total[1 : len(back) + 1] -= back
    total = np.maximum(total[1:], 0)
    return [float(share) for share in total / total.sum()]
