"""How much of the sound is clipped."""

from dataclasses import dataclass

import numpy as np

from analyzer.features.clipping import ClippingRuns
from analyzer.features.grid import STEPS_PER_CHUNK

__all__ = ["Clipped", "clipped"]

_FULL_SCALE = 0.999
_SAME = 0.9999
_LEAST_RUNS = 10
"""So often must it be flat below full scale, before that is taken for a ceiling."""


@dataclass(frozen=True)
class Clipped:
    """Clipped runs, the samples in them, and the numbers of the steps in which they begin."""

    runs: int
    samples: int
    steps: list[int]


def clipped(found: ClippingRuns, steps: slice) -> Clipped:
    """Return what is clipped within some steps of the file.

    At full scale every flat run counts. Below it those at the highest ceiling of their channel and
    sign in these steps do, if there are ten or more.
    """
    start, stop = steps.start or 0, steps.stop
    found = _near(found, start, stop)
    number = found.chunk[:, None] * STEPS_PER_CHUNK + np.arange(STEPS_PER_CHUNK)
    inside = number >= start
    if stop is not None:
        inside &= number < stop
    runs, samples = found.runs * inside, found.samples * inside
    some = samples.sum(axis=1) > 0
    counts = np.zeros(len(some), np.bool_)
    for side in np.unique(found.side[some]):
        own = some & (found.side == side)
        highest = found.ceiling[own].max()
        top = own & (found.ceiling >= highest * _SAME)
        if highest < _FULL_SCALE and runs[top].sum() < _LEAST_RUNS:
            continue
        counts |= top | (own & (found.ceiling >= _FULL_SCALE))
    begins = number[counts][runs[counts] > 0]
    return Clipped(
        runs=int(runs[counts].sum()),
        samples=int(samples[counts].sum()),
        steps=np.unique(begins).tolist(),
    )


def _near(found: ClippingRuns, start: int, stop: int | None) -> ClippingRuns:
    """Return the entries of the chunks of some steps: for each of a hundred tracks, but its own."""
    first = int(np.searchsorted(found.chunk, start // STEPS_PER_CHUNK))
    last = None if stop is None else int(np.searchsorted(found.chunk, -(-stop // STEPS_PER_CHUNK)))
    here = slice(first, last)
    return ClippingRuns(
        found.chunk[here],
        found.side[here],
        found.ceiling[here],
        found.runs[here],
        found.samples[here],
    )
