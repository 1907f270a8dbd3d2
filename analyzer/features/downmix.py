"""One channel at a low rate, for all that looks at rhythm and pitch rather than at fidelity.

Left and right are not weighed alike, so that a file with one channel inverted is not silent here.
"""

import math

import numpy as np

from analyzer.arrays import Float64, Planes
from analyzer.features.grid import Grid

__all__ = ["Downmix"]

_LOWEST_RATE_HZ = 22_050
_LEFT_SHARE = 0.55
_TAPS_PER_FACTOR = 24
_KAISER_BETA = 7.0
_CUTOFF = 0.90
"""Of the low rate's half: flat to 0.82 of it, and 70 dB down beyond 1.0."""

_SPAN = 32
"""Low-rate samples that are computed by one row of the matrix product."""


class Downmix:
    """Mixes to mono and decimates by a power of two, at least to 22.05 kHz; chunk by chunk.

    Sample i of its output, counted over all chunks, is the sound at `i / rate − delay_sec`.

    Attributes:
        factor: Input samples for each output sample.
        rate: Output samples for each second, Hz.
        chunk: Output samples for each chunk of input.
        delay_sec: How late the sound comes out.

    """

    def __init__(self, grid: Grid, channels: int) -> None:
        factor = 1
        while grid.rate >= _LOWEST_RATE_HZ * factor * 2 and grid.chunk % (factor * 2) == 0:
            factor *= 2
        self.factor = factor
        self.rate = grid.rate / factor
        self.chunk = grid.chunk // factor
        self._mix = _mix(channels)
        taps = _low_pass(factor)
        self._lead = len(taps) - 1
        self.delay_sec = self._lead / 2 / grid.rate
        rows = -(-self.chunk // _SPAN)
        self._input = np.zeros(self._lead + rows * _SPAN * factor, np.float32)
        self._rows = np.lib.stride_tricks.sliding_window_view(
            self._input, self._lead + _SPAN * factor
        )[:: _SPAN * factor]
        self._response = np.zeros((self._lead + _SPAN * factor, _SPAN), np.float32)
        for output in range(_SPAN):
            # Output k ends with input k·factor, so that with factor 1 nothing is delayed.
            self._response[output * factor : output * factor + len(taps), output] = taps
        self._output = np.empty((rows, _SPAN), np.float32)
        self._total = grid.chunk

    def add(self, planes: Planes) -> Planes:
        """Return one chunk of shape (channels, chunk) as (chunk // factor,); valid until the next.

        What it returns is overwritten by the next call.
        """
        if self.factor == 1:
            return np.asarray(np.matmul(self._mix, planes), np.float32)
        lead, total = self._lead, self._total
        self._input[:lead] = self._input[total : total + lead]
        np.matmul(self._mix, planes, out=self._input[lead : lead + total])
        # Copied: overlapping rows are not for BLAS.
        np.matmul(self._rows.copy(), self._response, out=self._output)
        return self._output.reshape(-1)[: self.chunk]


def _mix(channels: int) -> Planes:
    """Return each channel's weight: they add up to 1, and the LFE channel has none."""
    shares = np.where(np.arange(channels) % 2 == 0, _LEFT_SHARE, 1 - _LEFT_SHARE)
    if channels >= 6:  # L R C LFE …, in the order of WAVE files
        shares[3] = 0.0
    return np.asarray(shares / shares.sum(), np.float32)


def _low_pass(factor: int) -> Float64:
    """Return a Kaiser-windowed sinc with an odd number of taps and a gain of 1 at 0 Hz."""
    if factor == 1:
        return np.ones(1)
    half = _TAPS_PER_FACTOR * factor // 2
    position = np.arange(-half, half + 1)
    window = np.kaiser(2 * half + 1, _KAISER_BETA)
    taps = np.sinc(position * _CUTOFF / factor) * window
    return np.asarray(taps / math.fsum(taps))
