"""How likely each moment is a beat, judged by what happens around it at that tempo.

A network (`tools/train/rhythm.py`) looks at four beats to either side, in twelfths of a beat nearby
and in quarters farther off. It sees beats, not seconds, so one network serves all tempi, and it
knows an off-beat hi-hat from a beat by the company it keeps.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzer.features.onsets import ATTACKS, BANDS, Onsets
from analyzer.models.network import Network, load_network
from analyzer.rhythm.parts import in_parts
from analyzer.rhythm.periods import Periods

__all__ = ["OFFSETS", "beat_log_odds", "judge", "seen_at"]

_NEAR = np.arange(-12, 13) / 12
_FAR = np.arange(5, 17) / 4
OFFSETS = np.concatenate([-_FAR[::-1], _NEAR, _FAR])
"""Where the network looks, in beats."""

_WIDE = np.abs(OFFSETS) > 1
_FRAMES_AT_ONCE = 16_384
_PEAK_REACH = 2
_NO_PEAK = -4.0
"""Log odds of a frame in which less begins than within 20 ms of it: it is not looked at."""

_AROUND = 400
_FLOOR = 2.0

Matrix = npt.NDArray[np.float32]
Frames = npt.NDArray[np.intp]
Times = npt.NDArray[np.float64]


def judge(onsets: Onsets, frames: Frames, period: Times, network: Network) -> Matrix:
    """Return what a network says of some frames: log odds, shape (frames,).

    Args:
        onsets: Of a file of any length.
        frames: Which of its frames, in order.
        period: Of the beat at each of them, in frames.
        network: With one output.

    """
    odds = np.empty(len(frames), np.float32)
    for which, rows in _rows(onsets, frames, period):
        odds[which] = network(rows)[:, 0]
    return odds


def seen_at(onsets: Onsets, frames: Frames, period: Times) -> Matrix:
    """Return what a network sees of some frames, as `judge` takes them: shape (frames, inputs)."""
    rows = [np.empty((0, len(OFFSETS) * BANDS), np.float32)]
    return np.concatenate(rows + [part for _, part in _rows(onsets, frames, period)])


def beat_log_odds(onsets: Onsets, periods: Periods, *, network: Network | None = None) -> Matrix:
    """Return the log odds that each frame is a beat: shape (frames,)."""
    network = network or load_network("rhythm.json", "beat")
    odds = np.full(len(onsets.strength), _NO_PEAK, np.float32)
    for first in range(0, len(odds), _FRAMES_AT_ONCE):
        peaks = _peaks(onsets, first, first + _FRAMES_AT_ONCE)
        odds[peaks] = judge(onsets, peaks, periods.at(peaks), network)
    return odds


def _peaks(onsets: Onsets, first: int, last: int) -> Frames:
    """Return the frames in which no less begins than within 20 ms of them."""
    start = max(0, first - _PEAK_REACH)
    strength = onsets.strength[start : last + _PEAK_REACH, :ATTACKS]
    total = strength.sum(axis=1, dtype=np.int16)
    peaks = start + np.flatnonzero(total == _highest(total[:, None], _PEAK_REACH)[:, 0])
    return np.asarray(peaks[(peaks >= first) & (peaks < last)], np.intp)


def _rows(onsets: Onsets, frames: Frames, period: Times) -> Iterator[tuple[slice, Matrix]]:
    floor = _floor(onsets)
    for part in in_parts(onsets, frames):
        even = _evened(part.strength, floor)
        here = frames[part.which] - part.start
        yield part.which, _gathered(_highest(even, 1), _highest(even, 2), here, period[part.which])


def _floor(onsets: Onsets) -> Matrix:
    """Return, for each band, what is too little to be set off against its surroundings."""
    mean = onsets.strength.mean(axis=0, dtype=np.float64)
    return np.asarray(np.maximum(_FLOOR, 0.2 * mean), np.float32)


def _evened(strength: npt.NDArray[np.uint8], floor: Matrix) -> Matrix:
    """Return strengths in relation to those of the 8 s around them, shape (frames, bands)."""
    count = len(strength)
    total = np.zeros((count + 1, BANDS), np.int64)
    np.cumsum(strength, axis=0, dtype=np.int64, out=total[1:])
    first = np.maximum(np.arange(count) - _AROUND, 0)
    last = np.minimum(np.arange(count) + _AROUND + 1, count)
    mean = (total[last] - total[first]) / (last - first)[:, None]
    return np.asarray(np.log1p(strength / np.maximum(mean, floor), dtype=np.float32))


def _gathered(narrow: Matrix, wide: Matrix, frames: Frames, period: Times) -> Matrix:
    index = np.rint(frames[:, None] + OFFSETS * period[:, None]).astype(np.intp)
    outside = (index < 0) | (index >= len(narrow))
    np.clip(index, 0, len(narrow) - 1, out=index)
    seen = np.empty((*index.shape, BANDS), np.float32)
    seen[:, ~_WIDE] = narrow[index[:, ~_WIDE]]
    seen[:, _WIDE] = wide[index[:, _WIDE]]
    seen[outside] = 0.0
    return seen.reshape(len(frames), -1)


def _highest(values: Matrix, reach: int) -> Matrix:
    """Return the highest of each value and so many to either side."""
    result = values.copy()
    for shift in range(1, reach + 1):
        np.maximum(result[shift:], values[:-shift], out=result[shift:])
        np.maximum(result[:-shift], values[shift:], out=result[:-shift])
    return result
