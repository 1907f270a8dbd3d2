"""How wide the sound of two channels is."""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Float64
from analyzer.findings.gate import audible

__all__ = ["WINDOW_STEPS", "Stereo", "stereo_image"]

WINDOW_STEPS = 4
"""The correlation is that of 400 ms, as long as a window of momentary loudness."""


@dataclass(frozen=True)
class Stereo:
    """Figures of two channels.

    Attributes:
        width: Power of the side by that of mid and side: 0 for equal channels, 0.5 for independent
            ones, 1 for inverted ones.
        phase_correlation: Mean correlation of left and right, −1 to 1.
        phase_correlation_min: The smallest of a window.
        balance: (right − left) / (right + left) of the powers, −1 to 1.

    """

    width: float
    phase_correlation: float
    phase_correlation_min: float
    balance: float


def stereo_image(powers: Float32) -> Stereo | None:
    """Return the figures of steps of shape (steps, 3): left, right, and their cross-power.

    The correlation is the mean over the windows that are audible; one in which a channel is silent
    has none of its own and counts as 0. Null when nothing is audible, or there is no whole window.
    """
    left, right = _windows(powers[:, 0]), _windows(powers[:, 1])
    heard = audible(left + right)
    if not heard.any():
        return None
    left, right, cross = left[heard], right[heard], _windows(powers[:, 2])[heard]
    whole = float(left.sum() + right.sum())
    balance = float(right.sum() - left.sum()) / whole
    width = min(1.0, max(0.0, 0.5 - float(cross.sum()) / whole))
    left *= right
    del right
    both = np.sqrt(np.maximum(left, 0.0, out=left), out=left)
    correlation = np.divide(cross, both, out=np.zeros_like(both), where=both > 0).clip(-1, 1)
    return Stereo(
        width=width,
        phase_correlation=float(correlation.mean()),
        phase_correlation_min=float(correlation.min()),
        balance=balance,
    )


def _windows(powers: Float32) -> Float64:
    """Return the mean of each window; one column at a time, hours take a third of the room."""
    total = np.zeros(len(powers) + 1)
    np.cumsum(powers, dtype=np.float64, out=total[1:])
    return np.asarray((total[WINDOW_STEPS:] - total[:-WINDOW_STEPS]) / WINDOW_STEPS)
