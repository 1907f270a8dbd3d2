"""One measured value beside its target and a floor: what the same machine does at best."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from benchmarks.tables import Table

__all__ = ["Figure", "figure_table", "percentile", "short"]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A value with its unit; `target` is the most that is wanted, or the least with `at_least`."""

    name: str
    value: float | None
    unit: str
    target: float | None = None
    at_least: bool = False
    floor: float | None = None
    """The value of the floor, in the same unit."""

    def cells(self) -> tuple[str, ...]:
        """Return the cells of its row: name, value, target, verdict, floor, value ÷ floor."""
        target = verdict = ""
        if self.target is not None:
            target = f"{'≥' if self.at_least else '≤'} {self.target:g}"
            verdict = "ok" if self._is_met() else "MISSED"
        ratio = None
        if self.value is not None and self.floor:
            ratio = self.value / self.floor
        return (
            f"{self.name}, {self.unit}" if self.unit else self.name,
            short(self.value),
            target,
            verdict,
            short(self.floor) if self.floor is not None else "",
            short(ratio) if ratio is not None else "",
        )

    def _is_met(self) -> bool:
        assert self.target is not None
        if self.value is None:
            return False
        return self.value >= self.target if self.at_least else self.value <= self.target


def figure_table(title: str, figures: Sequence[Figure], note: str = "") -> Table:
    """Return the figures as a table; the note should say what the floor is."""
    columns = ("figure", "value", "target", "", "floor", "value ÷ floor")
    return Table(title, columns, tuple(figure.cells() for figure in figures), note)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value by nearest rank."""
    return sorted(values)[ceil(share * len(values)) - 1]


def short(value: float | None) -> str:
    """Write a number with three digits that count, or a dash for none."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}"
