"""The stems in the result: files that were written, or why there are none."""

from dataclasses import dataclass, field

from analyzer.results.values import Values

__all__ = ["NOT_ASKED_FOR", "StemsOutcome", "put_stems"]


@dataclass
class StemsOutcome:
    """What became of the stems.

    Attributes:
        paths: Stem → path below the output mount, empty if they were not asked for; `None` if they
            cannot be had.
        missing: Why they cannot.
        warnings: What a reader of the result should know.

    """

    paths: dict[str, str] | None = None
    missing: str = ""
    warnings: list[str] = field(default_factory=list)


NOT_ASKED_FOR = StemsOutcome(paths={})


def put_stems(values: Values, outcome: StemsOutcome) -> None:
    """Put the paths of the stems."""
    values.put_or_explain("stems", outcome.paths, missing=outcome.missing)
