"""Steady regions, straight lines through the beats: what a sequencer plays is a steady grid.

The attack next to a beat may be 10 ms off; a line through hundreds of beats is not. A region grows
beat by beat as long as the beats stay near its line, and a line is carried through a part without
beats when both sides agree in tempo and phase. Where the tempo drifts, as with people who play,
regions are short, or there are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from analyzer.arrays import TimesSec
from analyzer.findings.rhythm.attacks import Measured
from analyzer.findings.rhythm.median import median, medians

__all__ = ["BeatRegion", "fit_regions"]

_FEWEST = 16
_STRAY_SEC = 0.011
"""How far the mean of eight neighbouring beats may lie off the line."""

_OUTLIER_SEC = 0.025
_WINDOW = 8
_SAME_PHASE = 0.08
"""In beats: what a line may miss the next one's first beat by, to be carried through to it."""

_SAME_TEMPO = 0.004


@dataclass(frozen=True)
class BeatRegion:
    """Beat k of a region is at `anchor_sec + k · period_sec`, for k from 0 to beats − 1.

    Attributes:
        anchor_sec: Its first beat.
        period_sec: From one beat to the next.
        beats: How many there are.
        first: The tracked beat that is its first.
        last: And that which is its last; where it is interpolated, they need not be as many.
        interpolated: Whether its beats are not heard, but follow from what is around them.

    """

    anchor_sec: float
    period_sec: float
    beats: int
    first: int
    last: int
    interpolated: bool = False

    @property
    def end_sec(self) -> float:
        """The last beat."""
        return self.anchor_sec + (self.beats - 1) * self.period_sec

    def within(self, start_sec: float, end_sec: float) -> range:
        """Return the numbers of the beats that lie between two moments."""
        if self.end_sec < start_sec or self.anchor_sec >= end_sec:
            return range(0)
        first, end = np.searchsorted(self.times(), [start_sec, end_sec]).tolist()
        return range(first, end)

    def times(self) -> TimesSec:
        """Return the beats."""
        steps = np.arange(self.beats) * self.period_sec
        return np.asarray(self.anchor_sec + steps, np.float64)


def fit_regions(beats: Measured) -> list[BeatRegion]:
    """Return the steady regions in order; what lies between two of them is not steady."""
    lines: list[BeatRegion] = []
    start = 0
    count = len(beats.time_sec)
    while start + _FEWEST <= count:
        line = _grown(beats, start)
        if line is None:
            start += _WINDOW
        else:
            lines.append(line)
            start = line.last + 1
    return _carried(beats, _merged(beats, lines))


def _grown(beats: Measured, start: int) -> BeatRegion | None:
    """Return the longest line from a beat on, or none where the next 16 beats are not on one."""
    end = start + _FEWEST
    found: BeatRegion | None = None
    count = len(beats.time_sec)
    while True:
        line = _fitted(beats, start, min(end, count))
        if line is None or not _holds(beats, line):
            if found is None:
                return None
            # Somewhere in the last stretch it left the line: come nearer by half steps.
            step = (end - found.last - 1) // 2
            if step < 4:
                return found
            end = found.last + 1 + step
            continue
        found = line
        if end >= count:
            return found
        end = min(count, end + max(_WINDOW, (end - start) // 4))


def _fitted(beats: Measured, start: int, end: int) -> BeatRegion | None:
    """Return the line through beats[start:end] that outliers do not bend."""
    time = beats.time_sec[start:end]
    weight = beats.weight[start:end]
    heard = np.flatnonzero(weight > 0)
    if len(heard) < _FEWEST // 2:
        return None
    # Tracked beats may count one too many or too few where nothing is heard.
    step = median(time[1:] - time[:-1])
    index = np.arange(len(time), dtype=np.float64)
    slope, offset = _least_squares(index, time, weight)
    for _ in range(4):
        off = np.abs(time - (offset + slope * index))
        spread = max(0.004, 1.4826 * median(off[heard]))
        robust = weight / np.maximum(1.0, off / (1.5 * spread))
        before = slope, offset
        slope, offset = _least_squares(index, time, robust)
        if (slope, offset) == before:
            break
    if not 0.9 * step < slope < 1.1 * step:
        return None
    return BeatRegion(offset, slope, len(time), start, end - 1)


def _least_squares(index: TimesSec, time: TimesSec, weight: TimesSec) -> tuple[float, float]:
    total = float(weight.sum())
    middle, mean = float((weight * index).sum()) / total, float((weight * time).sum()) / total
    apart = index - middle
    spread = float((weight * np.square(apart)).sum())
    slope = float((weight * apart * (time - mean)).sum()) / spread if spread > 0 else 0.0
    return slope, mean - slope * middle


def _holds(beats: Measured, line: BeatRegion) -> bool:
    """Return whether there are no eight heard beats in a row that lie off the line."""
    part = slice(line.first, line.last + 1)
    heard = beats.weight[part] > 0
    off = (beats.time_sec[part] - line.times())[heard]
    far = np.count_nonzero(np.abs(off) > _STRAY_SEC)
    # A median of eight is that far off only if four of them are.
    if len(off) < _WINDOW or far < _WINDOW // 2:
        return True
    windows = np.lib.stride_tricks.sliding_window_view(off, _WINDOW)
    wild = (np.abs(windows) > _OUTLIER_SEC).sum(axis=1) > _WINDOW // 2
    return not (wild.any() or (np.abs(medians(windows)) > _STRAY_SEC).any())


def _merged(beats: Measured, lines: Sequence[BeatRegion]) -> list[BeatRegion]:
    """Join neighbours that are one line: a fill or a rough passage had parted them."""
    merged: list[BeatRegion] = []
    for line in lines:
        if merged:
            both = _joined(beats, merged[-1], line)
            if both is not None:
                merged[-1] = both
                continue
        merged.append(line)
    return merged


def _joined(beats: Measured, one: BeatRegion, other: BeatRegion) -> BeatRegion | None:
    if other.first - one.last > _WINDOW:
        return None
    line = _fitted(beats, one.first, other.last + 1)
    return line if line is not None and _holds(beats, line) else None


def _carried(beats: Measured, lines: Sequence[BeatRegion]) -> list[BeatRegion]:
    """Carry lines through the gaps between those that agree, as lines marked interpolated."""
    result: list[BeatRegion] = []
    for line in lines:
        if not result:
            result.append(line)
            continue
        before = result[-1]
        end = before.end_sec
        gap = line.anchor_sec - end
        period = (before.period_sec + line.period_sec) / 2
        steps = round(gap / period)
        agrees = (
            steps >= 2
            and abs(gap - steps * period) < _SAME_PHASE * period
            and abs(before.period_sec / line.period_sec - 1) < _SAME_TEMPO
        )
        if agrees:
            bridge = gap / steps
            filled = BeatRegion(end + bridge, bridge, steps - 1, before.last + 1, line.first - 1)
            result.append(replace(filled, interpolated=True))
        result.append(line)
    return result
