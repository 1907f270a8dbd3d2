"""Where the waveform lies flat at its ceiling: what clipping leaves behind.

A crest of a low tone also holds a few equal samples once it is rounded to 16 bits; but it gets
there by one or two of the least steps, and a clipped wave by a jump.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float32, Int8
from analyzer.features.grid import STEPS_PER_CHUNK, Grid
from analyzer.features.peaks import Extremes

__all__ = ["ClippingMeter", "ClippingRuns"]

_LEAST_RUN = 3
"""Equal samples in a row that are taken for clipped, as most meters do."""

_JUMP_SAMPLES = 2
_LEAST_JUMP = 16 / 32_768
"""How far below the ceiling the wave is two samples before; a crest is not that steep."""

_LEAST_CEILING = 0.1
_LEAD = _LEAST_RUN
_RECORD = np.dtype(
    [
        ("chunk", np.int32),
        ("side", np.int8),
        ("ceiling", np.float32),
        ("runs", np.uint16, STEPS_PER_CHUNK),
        ("samples", np.uint16, STEPS_PER_CHUNK),
    ]
)


@dataclass(frozen=True)
class ClippingRuns:
    """Flat runs at the ceiling of their chunk, one entry for a chunk, channel and sign with any.

    Attributes:
        chunk: Number of the chunk, shape (entries,).
        side: 2 · channel, and 1 more for the negative half: shape (entries,).
        ceiling: Where it is flat, full scale = 1; shape (entries,).
        runs: Runs that reach three samples in each step of the chunk: shape (entries, 10).
        samples: Samples in those runs: shape (entries, 10).

    """

    chunk: npt.NDArray[np.int32]
    side: Int8
    ceiling: Float32
    runs: npt.NDArray[np.uint16]
    samples: npt.NDArray[np.uint16]


class ClippingMeter:
    """Collects the clipped samples of chunks of shape (channels, chunk)."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._step = grid.step
        self._chunk = 0
        self._before = np.zeros((channels, _LEAD + _JUMP_SAMPLES), np.float32)
        self._records = bytearray()

    def add(self, planes: Float32, extremes: Extremes) -> None:
        """Take in the next chunk, and the largest and smallest samples of its steps."""
        ceilings = np.stack([extremes.highest.max(axis=1), extremes.lowest.min(axis=1)], axis=1)
        for channel, both in enumerate(ceilings):
            for negative, ceiling in enumerate(both):
                # A plane without a change of sign has no ceiling on the other side.
                if (-ceiling if negative else ceiling) >= _LEAST_CEILING:
                    self._look(planes[channel], channel, negative, ceiling)
        self._before[:] = planes[:, -_LEAD - _JUMP_SAMPLES :]
        self._chunk += 1

    def finish(self) -> ClippingRuns:
        """Return the clipped samples of all chunks."""
        records = np.frombuffer(self._records, _RECORD)
        return ClippingRuns(*(records[name] for name in _RECORD.names or ()))

    def _look(self, plane: Float32, channel: int, negative: int, ceiling: np.float32) -> None:
        """Note the runs that reach their third sample in this chunk."""
        before = self._before[channel]
        here, there = plane == ceiling, before[_JUMP_SAMPLES:] == ceiling
        if np.count_nonzero(here) + np.count_nonzero(there) < _LEAST_RUN:
            return
        flat = np.concatenate([np.flatnonzero(there) - _LEAD, np.flatnonzero(here)])
        third = np.zeros(len(flat), np.bool_)
        third[_LEAST_RUN - 1 :] = flat[_LEAST_RUN - 1 :] - flat[: 1 - _LEAST_RUN] == _LEAST_RUN - 1
        begins = third.copy()
        begins[_LEAST_RUN:] &= flat[_LEAST_RUN:] - flat[:-_LEAST_RUN] != _LEAST_RUN
        third &= flat >= 0
        begins &= flat >= 0
        around = np.concatenate([before, plane])
        # Four before a third sample is two before its run, and five samples stand before the chunk.
        jump = np.abs(around[np.maximum(flat + 1, 0)] - ceiling)
        # A run that was counted in the chunk before goes on without a beginning of its own.
        number = np.cumsum(begins)
        sharp = np.concatenate([[True], jump[begins] >= _LEAST_JUMP])
        third &= sharp[number]
        begins &= sharp[number]
        if not third.any():
            return
        record = np.zeros((), _RECORD)
        record["chunk"], record["ceiling"] = self._chunk, abs(ceiling)
        record["side"] = 2 * channel + negative
        runs = np.bincount(flat[begins] // self._step, minlength=STEPS_PER_CHUNK)
        more = np.bincount(flat[third] // self._step, minlength=STEPS_PER_CHUNK)
        record["runs"] = runs
        record["samples"] = more + (_LEAST_RUN - 1) * runs
        self._records += record.tobytes()
