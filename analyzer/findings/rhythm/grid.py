"""The beat grid: beats of the steady regions, and between them the beats as they are played."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from analyzer.arrays import Mask, TimesSec
from analyzer.findings.rhythm.attacks import Measured
from analyzer.findings.rhythm.regions import BeatRegion

__all__ = ["Grid", "lay_grid"]

_SMOOTH = 4
_BEATS_AT_ONCE = 2_048
_UNHEARD_RUN = 8
"""So many beats without an attack, one after another, are interpolated."""

_MOSTLY_UNHEARD = 0.35
_DRIFT = 0.0015
"""Neighbouring regions whose tempo differs by more than this are one that drifts."""

_LONG = 64
"""And of two that are longer than this, each is steady: one track ends and another begins."""

_EDGE_SEC = 0.06
_CLOSEST = 0.5


@dataclass(frozen=True)
class Grid:
    """All beats of a file, in order, shape (beats,), and its steady regions."""

    beats_sec: TimesSec
    period_sec: TimesSec
    heard: Mask
    regions: Sequence[BeatRegion]


@dataclass(frozen=True)
class _Played:
    """Tracked beats, smoothed over their neighbours."""

    time_sec: TimesSec
    period_sec: TimesSec
    heard: Mask


def lay_grid(
    measured: Measured, regions: Sequence[BeatRegion], sound_sec: tuple[float, float]
) -> Grid:
    """Return the grid between the first and the last sound."""
    played = _smoothed(measured)
    drifting = _drifting(regions)
    regions = _extended(regions, played, sound_sec)
    parts: list[_Played] = []
    position = 0
    for region in regions:
        parts.append(_between(played, position, region.first))
        inside = slice(region.first, region.last + 1)
        if region.interpolated:
            parts.append(_on(region, np.zeros(region.beats, bool)))
        elif region in drifting:
            parts.append(_between(played, region.first, region.last + 1))
        else:
            parts.append(_on(region, played.heard[inside]))
        position = region.last + 1
    parts.append(_between(played, position, len(played.time_sec)))
    time = np.concatenate([part.time_sec for part in parts])
    period = np.concatenate([part.period_sec for part in parts])
    heard = np.concatenate([part.heard for part in parts])
    kept = (time >= sound_sec[0] - _EDGE_SEC) & (time <= sound_sec[1]) & (time >= 0)
    kept &= np.concatenate([[True], np.diff(time) > _CLOSEST * period[1:]])
    marked = [part for region in regions for part in _marked(region, played.heard)]
    return Grid(time[kept], period[kept], heard[kept], _trimmed(marked, sound_sec))


def _between(played: _Played, start: int, end: int) -> _Played:
    part = slice(start, end)
    return _Played(played.time_sec[part], played.period_sec[part], played.heard[part])


def _on(region: BeatRegion, heard: Mask) -> _Played:
    return _Played(region.times(), np.full(region.beats, region.period_sec), heard)


def _drifting(regions: Sequence[BeatRegion]) -> set[BeatRegion]:
    """Return the regions that are but pieces of a tempo that drifts."""
    found: set[BeatRegion] = set()
    for one, other in pairwise(regions):
        near = other.first - one.last <= _UNHEARD_RUN
        short = min(one.beats, other.beats) < _LONG
        if near and short and abs(one.period_sec / other.period_sec - 1) > _DRIFT:
            found |= {one, other}
    return found


def _extended(
    regions: Sequence[BeatRegion], played: _Played, sound_sec: tuple[float, float]
) -> list[BeatRegion]:
    """Carry the first region back to the first sound, and the last on, through what is unheard."""
    result = list(regions)
    if not result:
        return result
    first, last = result[0], result[-1]
    if first.first > 0 and played.heard[: first.first].mean() < _MOSTLY_UNHEARD:
        count = max(0, int((first.anchor_sec - sound_sec[0] + _EDGE_SEC) / first.period_sec))
        anchor = first.anchor_sec - count * first.period_sec
        if count:
            result.insert(0, BeatRegion(anchor, first.period_sec, count, 0, first.first - 1, True))
    tail = played.heard[last.last + 1 :]
    if len(tail) and tail.mean() < _MOSTLY_UNHEARD:
        count = max(0, int((sound_sec[1] - last.end_sec) / last.period_sec))
        if count:
            anchor = last.end_sec + last.period_sec
            end = len(played.time_sec) - 1
            result.append(BeatRegion(anchor, last.period_sec, count, last.last + 1, end, True))
    return result


def _marked(region: BeatRegion, heard: Mask) -> list[BeatRegion]:
    """Split a region where many beats in a row are unheard, and mark those as interpolated."""
    if region.interpolated:
        return [region]
    inside = heard[region.first : region.last + 1]
    edges = np.flatnonzero(np.diff(np.concatenate([[True], inside, [True]]).astype(np.int8)))
    parts: list[BeatRegion] = []
    position = 0
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start < _UNHEARD_RUN:
            continue
        if start > position:
            parts.append(_cut(region, position, int(start), interpolated=False))
        parts.append(_cut(region, int(start), int(end), interpolated=True))
        position = int(end)
    if position < region.beats:
        parts.append(_cut(region, position, region.beats, interpolated=False))
    return parts


def _cut(region: BeatRegion, start: int, end: int, *, interpolated: bool) -> BeatRegion:
    return BeatRegion(
        region.anchor_sec + start * region.period_sec,
        region.period_sec,
        end - start,
        region.first + start,
        region.first + end - 1,
        interpolated,
    )


def _trimmed(regions: Sequence[BeatRegion], sound_sec: tuple[float, float]) -> list[BeatRegion]:
    """Cut off the beats of regions before and after the sound."""
    result = []
    for region in regions:
        times = region.times()
        kept = np.flatnonzero(
            (times >= max(0.0, sound_sec[0] - _EDGE_SEC)) & (times <= sound_sec[1])
        )
        if len(kept):
            anchor = region.anchor_sec + int(kept[0]) * region.period_sec
            result.append(replace(region, anchor_sec=anchor, beats=len(kept)))
    return result


def _smoothed(measured: Measured) -> _Played:
    """Return each beat on a line through its four neighbours to either side."""
    time, weight = measured.time_sec, np.maximum(measured.weight, 0.1)
    heard = measured.weight > 0
    if len(time) < 2:
        return _Played(time, np.full(len(time), 0.5), heard)
    smooth, period = np.empty(len(time)), np.empty(len(time))
    offset = np.arange(-_SMOOTH, _SMOOTH + 1)
    for first in range(0, len(time), _BEATS_AT_ONCE):
        part = slice(first, first + _BEATS_AT_ONCE)
        around = np.arange(len(time))[part, None] + offset
        inside = (around >= 0) & (around < len(time))
        around = np.clip(around, 0, len(time) - 1)
        shares = weight[around] * inside * (1 - np.abs(offset) / (_SMOOTH + 1))
        shares /= shares.sum(axis=1, keepdims=True)
        middle = (shares * offset).sum(axis=1)
        mean = (shares * time[around]).sum(axis=1)
        apart = offset - middle[:, None]
        spread = (shares * np.square(apart)).sum(axis=1)
        rise = (shares * apart * (time[around] - mean[:, None])).sum(axis=1)
        period[part] = rise / np.maximum(spread, 1e-9)
        smooth[part] = mean - period[part] * middle
    return _Played(smooth, period, heard)
