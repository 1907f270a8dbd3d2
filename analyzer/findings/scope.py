"""What part of the file is reported on: all of it, or one track."""

from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.findings.tracks import Span

__all__ = ["Scope", "of_file", "of_track"]


@dataclass(frozen=True, kw_only=True)
class Scope:
    """A part of the file, in seconds on its untrimmed clock and in steps of 100 ms.

    Attributes:
        start_sec: Where it starts.
        end_sec: Where it ends.
        steps: The steps that lie wholly inside it, so that no neighbour's sound is measured.
        with_rest: The same, and at the end of the file the part of a step that is left.
        after_neighbour: Whether another track precedes it, and may be mixed into its start.
        before_neighbour: Whether another track follows.

    """

    start_sec: float
    end_sec: float
    steps: slice
    with_rest: slice
    after_neighbour: bool = False
    before_neighbour: bool = False


def of_file(features: Features) -> Scope:
    """Return the whole file."""
    whole = features.grid.steps_to_end(0)
    return Scope(start_sec=0.0, end_sec=features.duration_sec, steps=whole, with_rest=whole)


def of_track(
    features: Features, span: Span, *, after_neighbour: bool, before_neighbour: bool
) -> Scope:
    """Return one track."""
    start, end = span.frames(features.grid.rate)
    steps = features.grid.whole_steps(start, end)
    return Scope(
        start_sec=span.start_sec,
        end_sec=span.end_sec,
        steps=steps,
        # What follows the last whole step is nobody else's: its peaks count, too.
        with_rest=features.grid.steps_to_end(start) if end >= features.frames else steps,
        after_neighbour=after_neighbour,
        before_neighbour=before_neighbour,
    )
