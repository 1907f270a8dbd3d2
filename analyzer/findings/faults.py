"""What is wrong with the sound of a file or of one of its tracks: clipping, and long pauses."""

from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.features.grid import FRAMES_PER_STEP
from analyzer.findings.clipping import clipped
from analyzer.findings.scope import Scope
from analyzer.findings.silence import silences, sounding

__all__ = ["Clipping", "Silence", "find_clipping", "find_silences"]

_COARSE_BITS = 8
_SILENCES_LISTED = 100
_SILENCE_STEPS = 10
"""A silence inside the sound has a second at least."""


@dataclass(frozen=True, kw_only=True)
class Clipping:
    """Clipped runs, the samples in them, their share of all samples, and where runs begin."""

    runs: int
    samples: int
    share: float
    times_sec: list[float]


@dataclass(frozen=True)
class Silence:
    """A pause inside the sound, in seconds."""

    start_sec: float
    end_sec: float


def find_clipping(features: Features, scope: Scope, *, bit_depth: int | None) -> Clipping | None:
    """Return what is clipped; `None` for samples so coarse that every crest is as flat."""
    if bit_depth is not None and bit_depth <= _COARSE_BITS:
        return None
    found = clipped(features.clipping_runs, scope.with_rest)
    grid = features.grid
    end = features.frames if scope.with_rest.stop is None else scope.with_rest.stop * grid.step
    samples = (end - (scope.with_rest.start or 0) * grid.step) * features.channels
    return Clipping(
        runs=found.runs,
        samples=found.samples,
        # A run that begins on the edge of the track has its first samples before it.
        share=min(1.0, found.samples / samples) if samples > 0 else 0.0,
        times_sec=[step * grid.step / grid.rate for step in found.steps],
    )


def find_silences(features: Features, scope: Scope) -> list[Silence] | None:
    """Return the pauses of a second and more, the longest hundred; `None` if all is silent."""
    first = (scope.with_rest.start or 0) * FRAMES_PER_STEP
    stop = scope.with_rest.stop
    loud = features.loud[first : None if stop is None else stop * FRAMES_PER_STEP]
    if sounding(loud) is None:
        return None
    grid = features.grid
    return [
        Silence(
            grid.frame_start(first + part.first) / grid.rate,
            grid.frame_start(first + part.last + 1) / grid.rate,
        )
        for part in silences(loud, shortest=_SILENCE_STEPS * FRAMES_PER_STEP, most=_SILENCES_LISTED)
    ]
