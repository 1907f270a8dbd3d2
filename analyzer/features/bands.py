"""Peaks of three bands, as DJ software draws them: below 250 Hz, up to 2.5 kHz, and above.

The bands are what linear-phase filters leave of the downmix: a low-pass at 2.5 kHz, what it takes
away, and what a low-pass at 250 Hz leaves of the rest. Their slopes are gentle (the low-passes are
6 dB down at the edge), as the picture asks for no more. A band is looked at two to sixteen times
less often than it has samples, many times in each of its periods: a peak may be missed by some
per cent.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import numpy as np

from analyzer.arrays import Float64, Int8, Planes
from analyzer.features.downmix import Downmix

__all__ = ["BAND_NAMES", "LOW_MID_HZ", "MID_HIGH_HZ", "BandPeaks"]

BAND_NAMES: tuple[Literal["low", "mid", "high"], ...] = ("low", "mid", "high")
LOW_MID_HZ = 250.0
MID_HIGH_HZ = 2_500.0

_UPPER_HALF_SEC = 0.0007
_LOWER_HALF_SEC = 0.0058
_LEAST_MIDDLE_RATE_HZ = 5_000
_HIGH_STRIDE = 2
_LOW_STRIDE = 4
"""Of the middle's rate."""

_HIGH_SPAN = 32
_SPAN = 16
"""Planes that one row of a matrix product covers."""

Extremes = tuple[Planes, Planes]


class BandPeaks:
    """Turns a downmix that comes in chunks into pixels of so many samples of the file."""

    def __init__(self, downmix: Downmix, samples_per_pixel: int) -> None:
        self._width = samples_per_pixel // downmix.factor
        self._stride = 1
        while downmix.rate / self._stride / 2 >= _LEAST_MIDDLE_RATE_HZ:
            self._stride *= 2
        middle_rate = downmix.rate / self._stride
        upper = _low_pass(MID_HIGH_HZ / downmix.rate, math.ceil(_UPPER_HALF_SEC * downmix.rate))
        lower = _low_pass(LOW_MID_HZ / middle_rate, math.ceil(_LOWER_HALF_SEC * middle_rate))
        self._upper_half, self._lower_half = len(upper) // 2, len(lower) // 2
        self._points = self._width // self._stride
        self._low_passed = _Filters(_SPAN * self._stride, (upper, self._stride))
        self._high = _Filters(min(_HIGH_SPAN, self._width), (_complement(upper), _HIGH_STRIDE))
        self._low_and_mid = _Filters(
            min(_SPAN, self._points), (lower, _LOW_STRIDE), (_complement(lower), 1)
        )
        self._margin = self._upper_half + self._lower_half * self._stride
        late = round(downmix.delay_sec * downmix.rate)
        # The sound of the first pixel comes `late` samples late, and before it there is silence.
        self._skip = max(0, late - self._margin)
        self._waiting: Planes = np.zeros(max(0, self._margin - late), np.float32)
        self._pixels = 0

    def add(self, low_rate: Planes, total: int) -> tuple[Int8, Int8]:
        """Return smallest and largest value of the pixels that are complete: shape (pixels, 3).

        Never more than `total` in all: the last chunk of a file goes on with silence.
        """
        skipped = min(self._skip, len(low_rate))
        self._skip -= skipped
        sound = np.concatenate([self._waiting, low_rate[skipped:]])
        pixels = max(0, (len(sound) - 2 * self._margin) // self._width)
        pixels = min(pixels, total - self._pixels)
        self._waiting = sound[pixels * self._width :]
        self._pixels += pixels
        return self._measure(sound[: pixels * self._width + 2 * self._margin], pixels)

    def finish(self, total: int) -> tuple[Int8, Int8]:
        """Return the pixels that are missing from `total`: after the last chunk is silence."""
        needed = (total - self._pixels) * self._width + 2 * self._margin + self._skip
        return self.add(np.zeros(max(0, needed - len(self._waiting)), np.float32), total)

    def _measure(self, sound: Planes, pixels: int) -> tuple[Int8, Int8]:
        """Measure pixels of sound that has a margin on either side."""
        if not pixels:
            empty = np.empty((0, len(BAND_NAMES)), np.int8)
            return empty, empty
        below = self._low_passed.apply(sound, pixels * self._points + 2 * self._lower_half)
        lowest, highest = zip(
            *self._low_and_mid.extremes(below, pixels, self._points),
            *self._high.extremes(sound[self._margin - self._upper_half :], pixels, self._width),
            strict=True,
        )
        return _as_bytes(np.stack(lowest, axis=1)), _as_bytes(np.stack(highest, axis=1))


def _low_pass(cutoff: float, half: int) -> Float64:
    """Return a Hann-windowed sinc with a gain of 1 at 0 Hz; cutoff in cycles per sample."""
    position = np.arange(-half, half + 1)
    if cutoff >= 0.5:
        return np.where(position == 0, 1.0, 0.0)
    taps = np.sinc(2 * cutoff * position) * np.hanning(2 * half + 3)[1:-1]
    return np.asarray(taps / math.fsum(taps))


def _complement(taps: Float64) -> Float64:
    """Return the filter that passes what the other takes away."""
    rest = -taps
    rest[len(taps) // 2] += 1.0
    return rest


class _Filters:
    """Filters of one length as one matrix product, each evaluated at every so-many-th sample."""

    def __init__(self, span: int, *filters: tuple[Float64, int]) -> None:
        self._span = span
        columns = []
        for taps, stride in filters:
            for output in range(0, span, stride):
                column = np.zeros(span + len(taps) - 1, np.float32)
                column[output : output + len(taps)] = taps
                columns.append(column)
        self._matrix = np.stack(columns, axis=1)
        self._firsts = np.cumsum([0, *(span // stride for _, stride in filters)])

    def apply(self, sound: Planes, count: int) -> Planes:
        """Return `count` samples of a single filter; the first has half of the taps before it."""
        filtered: Planes = self._rows(sound, -(-count // self._matrix.shape[1])) @ self._matrix
        return filtered.reshape(-1)[:count]

    def extremes(self, sound: Planes, pixels: int, width: int) -> Iterator[Extremes]:
        """Yield each filter's smallest and largest sample of every `width` samples."""
        # Transposed, so that the extremes run along whole vectors.
        filtered: Planes = self._matrix.T @ self._rows(sound, pixels * width // self._span).T
        starts = np.arange(0, filtered.shape[1], width // self._span)
        for first, end in pairwise(self._firsts):
            values = filtered[first:end]
            yield (
                np.minimum.reduceat(values.min(axis=0), starts),
                np.maximum.reduceat(values.max(axis=0), starts),
            )

    def _rows(self, sound: Planes, spans: int) -> Planes:
        """Return the samples that each span looks at, copied: overlapping rows are not for BLAS."""
        reach = len(self._matrix)
        missing = (spans - 1) * self._span + reach - len(sound)
        if missing > 0:
            sound = np.concatenate([sound, np.zeros(missing, np.float32)])
        size = sound.itemsize
        return np.lib.stride_tricks.as_strided(
            sound, (spans, reach), (self._span * size, size), writeable=False
        ).copy()


def _as_bytes(values: Planes) -> Int8:
    """Return values of ±1 as audiowaveform's 8 bits: 16 of them, divided by 256 towards zero."""
    scaled = np.clip(values * np.float32(32767 / 256), -128, 127)
    return np.asarray(np.trunc(scaled), np.int8)
