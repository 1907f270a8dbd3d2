"""Records by program and by group of pieces."""

from collections.abc import Callable, Sequence

from benchmarks.accuracy.answers import OFFBEAT
from benchmarks.accuracy.examination import Record
from benchmarks.tables import Table

__all__ = ["by_group", "group_table", "programs"]


def programs(records: Sequence[Record]) -> list[str]:
    """Return who answered anything, Offbeat first."""
    names = dict.fromkeys(name for record in records for name in record.answers)
    return [
        name
        for name in names
        if name == OFFBEAT or any(record.answers[name].missing is None for record in records)
    ]


def by_group(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Return the records of each group, in the order in which groups first appear."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.group, []).append(record)
    return found


def group_table(
    title: str, records: Sequence[Record], cell: Callable[[str, list[Record]], str], note: str = ""
) -> Table:
    """Return a table with a row for each group, and a cell in it for each program."""
    names = programs(records)
    rows = [
        (group, str(len(members)), *(cell(name, members) for name in names))
        for group, members in by_group(records).items()
    ]
    return Table(title, ("group", "n", *names), tuple(rows), note)
