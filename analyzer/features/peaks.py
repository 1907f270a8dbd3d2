"""Sample peak and true peak of each step: the waveform between the samples, where it can matter.

The true peak of ITU-R BS.1770-4, annex 2, is the largest value of the waveform at four times the
rate. To compute all of it would take as long as the rest of the analysis; here only those spans are
interpolated that can hold the peak of their step, and what is found is that of all of it.

Between two samples the interpolation departs from a straight line by a sum over the second
differences around them, because the filter carries lines over unchanged. So it stays below the
larger of the two by no more than the sum of that sum's weights × the largest second difference: a
span for which even that is below a sample of its step cannot hold the step's peak.
"""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Float64, FrameNumbers
from analyzer.features.grid import STEPS_PER_CHUNK, Grid

__all__ = ["Extremes", "PeakMeter", "Peaks", "interpolation_filters"]

_HALF = 16
"""Samples on either side of a point that its interpolation looks at."""

_KAISER_BETA = 6.0
"""Flat within 0.02 dB up to 0.44 of the rate, and images are 60 dB down."""

_FRACTIONS = (0.25, 0.5, 0.75)
_SPAN = 2 * _HALF
_LEAD = _SPAN - 1
_TOGETHER = 4
"""Spans that are ruled out together: to look at each by itself would take longer."""
_BEFORE, _BEYOND = 0, STEPS_PER_CHUNK + 1
"""Where points are counted that belong to the step before the chunk, and to none."""

_ROUNDING = 1.00001
"""The bound is computed in float32 as well."""


@dataclass(frozen=True)
class Peaks:
    """Peaks over all channels, full scale = 1: arrays of shape (steps,), also of a last part."""

    sample: Float32
    true: Float32


@dataclass(frozen=True)
class Extremes:
    """The largest and the smallest sample of each channel and step of a chunk.

    Both have the shape (channels, steps).
    """

    highest: Float32
    lowest: Float32


def interpolation_filters() -> Float64:
    """Return the weights of 32 samples for the points at ¼, ½ and ¾ after the 16th: shape (3, 32).

    A Kaiser-windowed sinc, corrected by less than 1/1,000 so that straight lines pass unchanged.
    """
    position = np.arange(1 - _HALF, _HALF + 1)
    line = np.stack([np.ones(_SPAN), position])
    filters = []
    for fraction in _FRACTIONS:
        distance = position - fraction
        window = np.i0(_KAISER_BETA * np.sqrt(1 - (distance / _HALF) ** 2)) / np.i0(_KAISER_BETA)
        weights = np.sinc(distance) * window
        missing = np.array([1.0, fraction]) - line @ weights
        filters.append(weights + line.T @ np.linalg.solve(line @ line.T, missing))
    return np.array(filters)


class PeakMeter:
    """Collects the peaks of chunks of shape (channels, chunk), with the samples around them.

    A point needs 16 samples after it: those at the end of a chunk wait for the next one.
    """

    def __init__(self, grid: Grid, channels: int) -> None:
        filters = interpolation_filters()
        self._grid = grid
        self._lift = _curvature_weight(filters) * _ROUNDING
        response = np.zeros((_SPAN + _LEAD, len(_FRACTIONS), _SPAN), np.float32)
        for point in range(_SPAN):
            response[point : point + _SPAN, :, point] = filters.T
        self._response = response.reshape(_SPAN + _LEAD, -1)
        groups = -(-(grid.chunk + _LEAD) // (_SPAN * _TOGETHER))
        spans = groups * _TOGETHER
        # One group more is looked at from each, and two samples more for the second difference.
        self._starts = np.arange(groups + 1) * _SPAN * _TOGETHER
        size = (groups + 1) * _SPAN * _TOGETHER
        self._samples = np.zeros((channels, size + 2), np.float32)
        self._slope = np.empty((channels, size + 1), np.float32)
        self._work = np.empty((channels, size), np.float32)
        self._rows = np.lib.stride_tricks.sliding_window_view(self._samples, _SPAN + _LEAD, axis=1)[
            :, : spans * _SPAN : _SPAN
        ]
        self._owner = self._owners(spans, grid.chunk)
        self._sample, self._true = bytearray(), bytearray()
        self._open: np.float32 | None = None
        self._length = 0

    def add(self, planes: Float32, length: int) -> Extremes:
        """Take in the next chunk, of which `length` frames are sound and the rest zeros."""
        by_step = planes.reshape(len(planes), STEPS_PER_CHUNK, -1)
        extremes = Extremes(by_step.max(axis=2), by_step.min(axis=2))
        sample = np.maximum(extremes.highest, -extremes.lowest).max(axis=0)
        sample = sample[: -(-length // self._grid.step)]
        self._sample += sample.tobytes()
        known = np.zeros(STEPS_PER_CHUNK + 2, np.float32)
        known[1 : len(sample) + 1] = sample
        self._interpolate(planes, known, length)
        self._length = length
        self._true += known[1 : len(sample)].tobytes()
        self._open = known[len(sample)]
        return extremes

    def finish(self) -> Peaks:
        """Return the peaks of all chunks; after the last one nothing sounds."""
        if self._open is not None:
            known = np.zeros(STEPS_PER_CHUNK + 2, np.float32)
            self._interpolate(np.float32(0), known, self._length - self._grid.chunk)
            self._open = None
        return Peaks(np.frombuffer(self._sample, np.float32), np.frombuffer(self._true, np.float32))

    def _interpolate(self, planes: Float32 | np.float32, known: Float32, length: int) -> None:
        """Raise `known`, of the step before the chunk and of its own, to the true peaks."""
        chunk, samples = self._grid.chunk, self._samples
        samples[:, :_LEAD] = samples[:, chunk : chunk + _LEAD].copy()
        samples[:, _LEAD : _LEAD + chunk] = planes
        known[_BEFORE] = 0 if self._open is None else self._open
        known[_BEYOND] = np.inf
        owner = self._owner if length == chunk else self._owners(len(self._owner), length)
        first, last = owner[:, 0], owner[:, -1]
        lowest = np.minimum(known[first[::_TOGETHER]], known[last[_TOGETHER - 1 :: _TOGETHER]])
        channel, group = np.nonzero(self._reach() > lowest)
        if len(group):
            channel = np.repeat(channel, _TOGETHER)
            span = (group[:, None] * _TOGETHER + np.arange(_TOGETHER)).ravel()
            points = self._rows[channel, span] @ self._response
            np.abs(points, out=points)
            quarters = points.reshape(len(span), len(_FRACTIONS), _SPAN).swapaxes(0, 1)
            points = np.maximum(np.maximum(quarters[0], quarters[1]), quarters[2])
            whole = first[span] == last[span]
            highest = np.maximum.reduceat(points.ravel(), np.arange(0, points.size, _SPAN))
            np.maximum.at(known, first[span[whole]], highest[whole])
            np.maximum.at(known, owner[span[~whole]], points[~whole])
        if self._open is not None:
            self._true += known[_BEFORE].tobytes()

    def _reach(self) -> Float32:
        """Return how high the points of each group can lie at most: shape (channels, groups)."""
        work, samples, slope = self._work, self._samples, self._slope
        np.abs(samples[:, :-2], out=work)
        high = np.maximum.reduceat(work, self._starts, axis=1)
        np.subtract(samples[:, 1:], samples[:, :-1], out=slope)
        np.subtract(slope[:, 1:], slope[:, :-1], out=work)
        np.abs(work, out=work)
        bend = np.maximum.reduceat(work, self._starts, axis=1)
        bend *= np.float32(self._lift)
        high *= np.float32(_ROUNDING)
        return np.maximum(high[:, :-1], high[:, 1:]) + np.maximum(bend[:, :-1], bend[:, 1:])

    def _owners(self, spans: int, length: int) -> FrameNumbers:
        """Return the number of the step that each point belongs to: shape (spans, points)."""
        frame = np.arange(spans * _SPAN) - _HALF
        step = np.where(frame < 0, _BEFORE, frame // self._grid.step + 1)
        step[(frame >= length) | (frame >= self._grid.chunk - _HALF)] = _BEYOND
        return step.reshape(spans, _SPAN)


def _curvature_weight(filters: Float64) -> float:
    """Return by what second differences of 1 can lift a point above the line between samples."""
    departure = filters.copy()
    departure[:, _HALF - 1] -= 1 - np.array(_FRACTIONS)
    departure[:, _HALF] -= np.array(_FRACTIONS)
    return float(np.abs(departure.cumsum(axis=1).cumsum(axis=1)).sum(axis=1).max())
