"""The grid of time on which every feature lies: steps of 100 ms, worked on ten at a time.

Chunks begin at multiples of their size in the file, whatever sizes the samples arrive in. The
arithmetic is done on chunks alone: that is why results do not depend on the size of a block, to the
last bit.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.arrays import FrameNumbers

__all__ = ["FRAMES_PER_STEP", "HOPS_PER_STEP", "STEPS_PER_CHUNK", "Grid", "chunks_around"]

STEPS_PER_CHUNK = 10
FRAMES_PER_STEP = 20
"""Silence frames of 5 ms in a step."""

HOPS_PER_STEP = 10
"""Hops of 10 ms in a step, by which windows of loudness move."""

_CHUNKS_PER_BLOCK = 10
_STEP_SEC = 0.1


@dataclass(frozen=True)
class Grid:
    """Sizes in sample frames for one sample rate in Hz; a step is 100 ms to the nearest frame."""

    rate: int

    @property
    def step(self) -> int:
        """Sample frames of a step."""
        return round(self.rate * _STEP_SEC)

    @property
    def chunk(self) -> int:
        """Sample frames of a chunk: about a second, which stays in a core's cache."""
        return self.step * STEPS_PER_CHUNK

    @property
    def block(self) -> int:
        """Sample frames that are decoded at a time: about ten seconds."""
        return self.chunk * _CHUNKS_PER_BLOCK

    @cached_property
    def frame_edges(self) -> FrameNumbers:
        """First sample frame of each silence frame of a chunk, and its end: shape (201,)."""
        in_step = np.arange(FRAMES_PER_STEP) * self.step // FRAMES_PER_STEP
        starts = np.arange(STEPS_PER_CHUNK)[:, None] * self.step + in_step
        return np.append(starts.ravel(), self.chunk)

    @property
    def hop_edges(self) -> FrameNumbers:
        """First sample frame of each hop of a chunk, and its end: shape (101,)."""
        return self.frame_edges[:: FRAMES_PER_STEP // HOPS_PER_STEP]

    def frame_start(self, index: int) -> int:
        """Return the first sample frame of a silence frame of the file."""
        step, frame = divmod(index, FRAMES_PER_STEP)
        return step * self.step + frame * self.step // FRAMES_PER_STEP

    def whole_steps(self, start: int, end: int) -> slice:
        """Return the steps that lie wholly within the sample frames from `start` to `end`.

        A step on the edge of a track is left out: no track is measured with its neighbour's sound.
        """
        first = -(-start // self.step)
        return slice(first, max(first, end // self.step))

    def steps_to_end(self, start: int) -> slice:
        """Return the steps from the sample frame `start` on, with what is left after the last."""
        return slice(-(-start // self.step), None)


def chunks_around(steps: slice) -> slice:
    """Return the chunks that any of the steps lies in."""
    last = None if steps.stop is None else -(-steps.stop // STEPS_PER_CHUNK)
    return slice((steps.start or 0) // STEPS_PER_CHUNK, last)
