"""Tables of figures, as Markdown that also reads well on a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Table", "mean", "median", "number", "percent"]


@dataclass(frozen=True)
class Table:
    """A heading, a sentence below it, and rows of cells under column names."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        """Return the table with its columns aligned."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        out = [f"### {self.title}", ""]
        if self.note:
            out += [self.note, ""]
        for place, line in enumerate(lines):
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            out.append(f"| {' | '.join(cells)} |")
            if place == 0:
                out.append("|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join(out) + "\n"


def mean(values: Sequence[float | None]) -> float | None:
    """Return the mean of what is known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def median(values: Sequence[float | None]) -> float | None:
    """Return the median of what is known."""
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def number(value: float | None, digits: int = 2) -> str:
    """Write a number, or a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}"


def percent(values: Sequence[bool]) -> str:
    """Write the share of what is true."""
    return f"{100 * float(np.mean(values)):.1f}" if values else "–"
