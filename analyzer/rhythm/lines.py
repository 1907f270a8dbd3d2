"""Straight lines through the beats: what a sequencer or a turntable plays is a steady grid.

Each beat is measured by the attack next to it, which may be 10 ms off; a line through hundreds of
beats is not. A region grows beat by beat as long as the beats stay near its line, and a line is
carried through a part without beats when both sides agree in tempo and phase. Where the tempo
drifts, as with people who play, regions are short, or there are none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analyzer.features.onsets import ATTACKS, Onsets
from analyzer.rhythm.parts import in_parts

__all__ = ["Line", "Measured", "fit_lines", "measure"]

_REACH = 4
"""Frames to either side of a tracked beat in which its attack is looked for."""

_SHARP = np.array([0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 2.0], np.float32)
"""The bands by which attacks are timed: low ones rise slowly."""

_RISEN = 0.25
_RISE_SEC = 0.0113
"""From there to the moment of the attack, as frames are dated; measured with clicks and drums."""

_USUAL = 16
_NEIGHBOURHOOD = 160
_OF_NEIGHBOURS = 0.4
"""An attack is one if it is so high in relation to what is usual in 160 beats before and after."""

_AROUND = 400
_CLEAR = 1.5
"""An attack is one if it is so many times as strong as the mean of the 8 s around it."""

_FEWEST = 16
_STRAY_SEC = 0.011
"""How far the mean of eight neighbouring beats may lie off the line."""

_OUTLIER_SEC = 0.025
_WINDOW = 8
_SAME_PHASE = 0.08
"""In beats: what a line may miss the next one's first beat by, to be carried through to it."""

_SAME_TEMPO = 0.004

Times = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Measured:
    """Tracked beats with the moments of their attacks; arrays of shape (beats,).

    Attributes:
        time_sec: The attack, or where there is none, the tracked frame.
        weight: 0 where there is no attack.

    """

    time_sec: Times
    weight: Times


@dataclass(frozen=True)
class Line:
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

    def times(self) -> Times:
        """Return the beats."""
        steps = np.arange(self.beats) * self.period_sec
        return np.asarray(self.anchor_sec + steps, np.float64)


@dataclass(frozen=True)
class _Attacks:
    """Frame, height and clarity of the attacks next to some beats."""

    frame: Times
    height: npt.NDArray[np.float32]
    clear: npt.NDArray[np.bool_]


def measure(onsets: Onsets, frames: npt.NDArray[np.intp]) -> Measured:
    """Return the attack next to each tracked beat: where its strength reaches a quarter.

    The middle of an attack comes later when the sound lasts, by 4 ms of a cymbal; its first rise is
    the same for clicks, drums and noise, to a millisecond.
    """
    time = np.empty(len(frames), np.float64)
    height = np.empty(len(frames), np.float64)
    clear = np.empty(len(frames), bool)
    quiet = 0.1 * float(onsets.strength[:, :ATTACKS].mean(axis=0, dtype=np.float64) @ _SHARP) + 1.0
    for part in in_parts(onsets, frames):
        strength = (part.strength[:, :ATTACKS] @ _SHARP).astype(np.float32)
        here = frames[part.which] - part.start
        found = _attacks(strength, here, quiet)
        time[part.which] = found.frame + part.start
        height[part.which] = found.height
        clear[part.which] = found.clear
    clear &= height >= _OF_NEIGHBOURS * _surroundings(height)
    time += np.where(clear, _RISE_SEC / onsets.interval_sec, 0.0)
    seconds = np.asarray(onsets.start_sec + time * onsets.interval_sec, np.float64)
    return Measured(seconds, clear.astype(np.float64))


def _attacks(
    strength: npt.NDArray[np.float32], frames: npt.NDArray[np.intp], quiet: float
) -> _Attacks:
    """Return where the attack next to each frame has risen to a quarter, and whether it is one."""
    around = np.clip(frames[:, None] + np.arange(-_REACH, _REACH + 1), 0, len(strength) - 1)
    # The tracked frame is the likeliest, but an attack two frames on is this beat's as well.
    likely = np.exp(-0.5 * np.square(np.arange(-_REACH, _REACH + 1) / 2.5))
    peak = around[np.arange(len(frames)), (strength[around] * likely).argmax(axis=1)]
    threshold = _RISEN * strength[peak]
    rise = peak
    for _ in range(_REACH):
        before = np.maximum(rise - 1, 0)
        rise = np.where(strength[before] > threshold, before, rise)
    low, high = strength[np.maximum(rise - 1, 0)], strength[rise]
    part = np.where(high > low, (threshold - low) / np.where(high > low, high - low, 1.0), 1.0)
    clear = strength[peak] > np.maximum(_CLEAR * _mean_around(strength, frames), quiet)
    return _Attacks(np.where(clear, rise - 1 + part, frames), strength[peak], clear)


def _surroundings(height: Times) -> Times:
    """Return what is usual before and after each beat, whichever is less.

    In a breakdown between two parts with drums the drums are usual: the attacks of a pad there are
    not beats. Towards the end of a track they are all there is.
    """
    if len(height) < _USUAL:
        return np.zeros(len(height))
    usual = np.median(np.lib.stride_tricks.sliding_window_view(height, _USUAL), axis=1)
    before = np.concatenate([np.zeros(_USUAL - 1), usual])
    after = np.concatenate([usual, np.zeros(_USUAL - 1)])
    return np.minimum(_highest_of_last(before), _highest_of_last(after[::-1])[::-1])


def _highest_of_last(values: Times) -> Times:
    """Return the highest of each value and of those in the `_NEIGHBOURHOOD` before it."""
    padded = np.concatenate([np.zeros(_NEIGHBOURHOOD - 1), values])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURHOOD).max(axis=1))


def _mean_around(values: npt.NDArray[np.float32], frames: npt.NDArray[np.intp]) -> Times:
    """Return the mean of the 8 s around each frame."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    first = np.maximum(frames - _AROUND, 0)
    last = np.minimum(frames + _AROUND, len(values))
    return np.asarray((total[last] - total[first]) / (last - first), np.float64)


def fit_lines(beats: Measured) -> list[Line]:
    """Return the steady regions in order; what lies between two of them is not steady."""
    lines: list[Line] = []
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


def _grown(beats: Measured, start: int) -> Line | None:
    """Return the longest line from a beat on, or none where the next 16 beats are not on one."""
    end = start + _FEWEST
    found: Line | None = None
    count = len(beats.time_sec)
    while True:
        line = _fitted(beats, start, min(end, count))
        stray = None if line is None else _stray(beats, line)
        if line is None or stray is not None:
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


def _fitted(beats: Measured, start: int, end: int) -> Line | None:
    """Return the line through beats[start:end] that outliers do not bend."""
    time = beats.time_sec[start:end]
    weight = beats.weight[start:end].copy()
    index = np.arange(len(time), dtype=np.float64)
    heard = weight > 0
    if heard.sum() < _FEWEST // 2:
        return None
    # Tracked beats may count one too many or too few where nothing is heard.
    step = float(np.median(np.diff(time)))
    slope, offset = _least_squares(index, time, weight)
    for _ in range(4):
        off = time - (offset + slope * index)
        spread = max(0.004, 1.4826 * float(np.median(np.abs(off[heard]))))
        robust = weight / np.maximum(1.0, np.abs(off) / (1.5 * spread))
        slope, offset = _least_squares(index, time, robust)
    if not 0.9 * step < slope < 1.1 * step:
        return None
    return Line(offset, slope, len(time), start, end - 1)


def _least_squares(index: Times, time: Times, weight: Times) -> tuple[float, float]:
    total = weight.sum()
    middle, mean = (weight * index).sum() / total, (weight * time).sum() / total
    spread = (weight * np.square(index - middle)).sum()
    slope = (weight * (index - middle) * (time - mean)).sum() / spread if spread > 0 else 0.0
    return float(slope), float(mean - slope * middle)


def _stray(beats: Measured, line: Line) -> int | None:
    """Return a beat around which eight heard ones lie off the line; none when it holds."""
    part = slice(line.first, line.last + 1)
    heard = np.flatnonzero(beats.weight[part] > 0)
    off = (beats.time_sec[part] - line.times())[heard]
    if len(off) < _WINDOW:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(off, _WINDOW)
    bent = np.abs(np.median(windows, axis=1)) > _STRAY_SEC
    wild = (np.abs(windows) > _OUTLIER_SEC).sum(axis=1) > _WINDOW // 2
    bad = np.flatnonzero(bent | wild)
    return int(heard[bad[0]]) if len(bad) else None


def _merged(beats: Measured, lines: Sequence[Line]) -> list[Line]:
    """Join neighbours that are one line: a fill or a rough passage had parted them."""
    merged: list[Line] = []
    for line in lines:
        if merged:
            both = _joined(beats, merged[-1], line)
            if both is not None:
                merged[-1] = both
                continue
        merged.append(line)
    return merged


def _joined(beats: Measured, one: Line, other: Line) -> Line | None:
    if other.first - one.last > _WINDOW:
        return None
    line = _fitted(beats, one.first, other.last + 1)
    if line is None or _stray(beats, line) is not None:
        return None
    return line


def _carried(beats: Measured, lines: Sequence[Line]) -> list[Line]:
    """Carry lines through the gaps between those that agree, as lines marked interpolated."""
    result: list[Line] = []
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
            filled = Line(end + bridge, bridge, steps - 1, before.last + 1, line.first - 1)
            result.append(replace(filled, interpolated=True))
        result.append(line)
    return result
