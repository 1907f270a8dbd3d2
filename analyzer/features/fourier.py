"""Fourier transforms of many short frames, in single precision."""

import numpy as np

from analyzer.arrays import Complex64, Float32

__all__ = ["fast_length", "transform"]


def transform(frames: Float32, out: Complex64 | None = None) -> Complex64:
    """Return the spectra of real frames of shape (…, length) over length: (…, length // 2 + 1).

    To divide by the length is what makes it fast: without a factor in float32, numpy converts all
    to float64 and back.
    """
    return np.fft.rfft(frames, norm="forward", out=out)  # type: ignore[arg-type, return-value]


def fast_length(least: int) -> int:
    """Return the next even product of 2, 3 and 5: such transforms are fast."""
    length = least + least % 2
    while True:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 2
