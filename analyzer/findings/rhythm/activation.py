"""How likely each moment is a beat, judged by what happens around it at that tempo.

A network (`tools/train/rhythm.py`) looks at four beats to either side, in twelfths of a beat nearby
and in quarters farther off. It sees beats, not seconds, so one network serves all tempi, and it
knows an off-beat hi-hat from a beat by the company it keeps.
"""

from collections.abc import Iterator

import numpy as np

from analyzer.arrays import Float32, FrameNumbers, TimesSec, UInt8
from analyzer.features.onsets import ATTACKS, BANDS, Onsets
from analyzer.findings.rhythm.parts import PART_FRAMES, in_parts, mean_strength
from analyzer.findings.rhythm.periods import Periods
from analyzer.models.network import Network, load_network

__all__ = ["OFFSETS", "beat_log_odds", "network_inputs", "predict"]

_NEAR = np.arange(-12, 13) / 12
_FAR = np.arange(5, 17) / 4
OFFSETS = np.concatenate([-_FAR[::-1], _NEAR, _FAR])
"""Where the network looks, in beats."""

_WIDE = np.abs(OFFSETS) > 1
_LEAST_ROWS = 256
"""Rows that are looked at together, at least: half a megabyte, which stays in a core's cache."""

_PEAK_REACH = 2
_NO_PEAK = -4.0
"""Log odds of a frame in which less begins than within 20 ms of it: it is not looked at."""

_AROUND = 400
_FLOOR = 2.0


def predict(onsets: Onsets, frames: FrameNumbers, period: TimesSec, network: Network) -> Float32:
    """Return what a network says of some frames: log odds, shape (frames,).

    Args:
        onsets: Of a file of any length.
        frames: Which of its frames, in order.
        period: Of the beat at each of them, in frames.
        network: With one output.

    """
    return _judged(onsets, frames, period, network, _floor(onsets))


def network_inputs(onsets: Onsets, frames: FrameNumbers, period: TimesSec) -> Float32:
    """Return what a network sees of some frames, shape (frames, inputs)."""
    rows = [np.empty((0, len(OFFSETS) * BANDS), np.float32)]
    return np.concatenate(
        rows + [part for _, part in _rows(onsets, frames, period, _floor(onsets))]
    )


def beat_log_odds(onsets: Onsets, periods: Periods, *, network: Network | None = None) -> Float32:
    """Return the log odds that each frame is a beat: shape (frames,)."""
    network = network or load_network("rhythm.json", "beat")
    floor = _floor(onsets)
    odds = np.full(len(onsets.strength), _NO_PEAK, np.float32)
    for first in range(0, len(odds), PART_FRAMES):
        peaks = _peaks(onsets, first, first + PART_FRAMES)
        odds[peaks] = _judged(onsets, peaks, periods.at(peaks), network, floor)
    return odds


def _judged(
    onsets: Onsets, frames: FrameNumbers, period: TimesSec, network: Network, floor: Float32
) -> Float32:
    odds = np.empty(len(frames), np.float32)
    for which, rows in _rows(onsets, frames, period, floor):
        odds[which] = network(rows)[:, 0]
    return odds


def _peaks(onsets: Onsets, first: int, last: int) -> FrameNumbers:
    """Return the frames in which no less begins than within 20 ms of them."""
    start = max(0, first - _PEAK_REACH)
    by_band = np.ascontiguousarray(onsets.strength[start : last + _PEAK_REACH, :ATTACKS].T)
    total = by_band.sum(axis=0, dtype=np.int16)
    peaks = start + np.flatnonzero(total == _highest(total, _PEAK_REACH))
    return np.asarray(peaks[(peaks >= first) & (peaks < last)], np.intp)


def _rows(
    onsets: Onsets, frames: FrameNumbers, period: TimesSec, floor: Float32
) -> Iterator[tuple[slice, Float32]]:
    """Yield what is seen of some frames after others, and which they are."""
    for part in in_parts(onsets, frames):
        table = _table(_evened(part.strength, floor))
        count = part.which.stop - part.which.start
        pieces = max(1, count // _LEAST_ROWS)
        for piece in range(pieces):
            which = slice(
                part.which.start + piece * count // pieces,
                part.which.start + (piece + 1) * count // pieces,
            )
            yield which, _gathered(table, frames[which] - part.start, period[which])


def _floor(onsets: Onsets) -> Float32:
    """Return, for each band, what is too little to be set off against its surroundings."""
    return np.asarray(np.maximum(_FLOOR, 0.2 * mean_strength(onsets)), np.float32)


def _evened(strength: UInt8, floor: Float32) -> Float32:
    """Return strengths in relation to those of the 8 s around them, shape (bands, frames)."""
    by_band = np.ascontiguousarray(strength.T)
    count = len(strength)
    # Sums of all before a frame, with as many frames to either side as are looked at.
    total = np.zeros((BANDS, count + 2 * _AROUND + 1), np.int32)
    np.cumsum(by_band, axis=1, dtype=np.int32, out=total[:, _AROUND + 1 : -_AROUND])
    total[:, -_AROUND:] = total[:, -_AROUND - 1, None]
    number = np.arange(count, dtype=np.float64)
    length = np.minimum(number + _AROUND + 1, count) - np.maximum(number - _AROUND, 0)
    mean = (total[:, -count:] - total[:, :count]) / length
    np.maximum(mean, floor[:, None], out=mean)
    np.divide(by_band, mean, out=mean)
    return np.asarray(np.log1p(mean, dtype=np.float32))


def _table(even: Float32) -> Float32:
    """Return nothing, then the highest within a frame, then within two: shape (rows, bands)."""
    count = even.shape[1]
    table = np.zeros((1 + 2 * count, BANDS), np.float32)
    table[1 : 1 + count] = _highest(even, 1).T
    table[1 + count :] = _highest(even, 2).T
    return table


def _gathered(table: Float32, frames: FrameNumbers, period: TimesSec) -> Float32:
    count = len(table) // 2
    # Beats, not seconds: the same offsets in beats are looked up at any tempo, the far ones in the
    # table of the wider maxima. Row 0 is for what lies outside the file.
    place = OFFSETS * period[:, None]
    place += frames[:, None]
    index = np.rint(place, out=place).astype(np.intp)
    inside = (index >= 0) & (index < count)
    index += np.where(_WIDE, 1 + count, 1)
    index *= inside
    return table.take(index, axis=0).reshape(len(frames), -1)


def _highest(values: Float32, reach: int) -> Float32:
    """Return the highest of each value and so many to either side, along the last axis."""
    result = values.copy()
    for shift in range(1, reach + 1):
        np.maximum(result[..., shift:], values[..., :-shift], out=result[..., shift:])
        np.maximum(result[..., :-shift], values[..., shift:], out=result[..., :-shift])
    return result
