"""Peaks in decibels."""

import numpy as np

from analyzer.arrays import Float32

__all__ = ["highest", "peak_db"]


def highest(peaks: Float32) -> float | None:
    """Return the highest of the peaks of some steps, full scale = 1; null when there are none."""
    return float(peaks.max()) if len(peaks) else None


def peak_db(peak: float | None) -> float | None:
    """Return a peak in dB of full scale: dBFS of a sample, dBTP of a true peak; null of zero."""
    return float(20 * np.log10(peak)) if peak else None
