"""Tables of keys: what each program scores on synthetic and on labelled music.

Which pieces of the examined part are wrong is not shown, since who tunes must not know; `--details`
tells.
"""

from collections.abc import Sequence
from statistics import fmean

from benchmarks.accuracy.answers import OFFBEAT
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.metrics import key_score
from benchmarks.accuracy.reports.groups import by_group, programs
from benchmarks.tables import Table, median, number, percent

__all__ = ["hundred", "key", "labelled_keys", "real_key", "scores"]

_CLEAR = "cadences"
_SURE = ", sure"


def key(records: Sequence[Record]) -> list[Table]:
    """Keys of synthetic music."""
    groups = by_group(records)
    hard = [record for record in records if record.group != _CLEAR]
    columns = ("program", "clear cadences", "exact %", "hard", "exact %",
               *(f"{group} (n={len(members)})" for group, members in groups.items()
                 if group != _CLEAR))  # fmt: skip
    target = ("target", "≥ 98", "", "≥ 92", "", *("" for _ in columns[5:]))
    rows = []
    for name in programs(records):
        cells = [name]
        for part in (groups.get(_CLEAR, []), hard):
            weights = _weights(name, part)
            cells += [hundred(weights), percent([weight == 1 for weight in weights])]
        cells += [
            hundred(_weights(name, part)) for group, part in groups.items() if group != _CLEAR
        ]
        rows.append(tuple(cells))
    note = f"MIREX-weighted, 100 is best. {len(groups.get(_CLEAR, []))} + {len(hard)} pieces."
    tables = [Table("Key", columns, (target, *rows), note)]
    cents = [
        abs(heard - record.truth.tuning_cents)
        for record in records
        if (heard := record.answers[OFFBEAT].tuning_cents) is not None
        and record.truth.tuning_cents is not None
    ]
    row = (number(median(cents), 1), percent([off <= 5 for off in cents]),
           f"{len(cents)}/{len(records)}")  # fmt: skip
    tables.append(Table("Tuning", ("median error, cents", "within 5 cents, %", "given"), (row,)))
    return tables


def real_key(records: Sequence[Record]) -> list[Table]:
    """Keys of recorded music, labelled by what its notes say."""
    return labelled_keys("Real music: key", records, programs(records))


def scores(records: Sequence[Record]) -> list[Table]:
    """Keys of real compositions that a synthesiser plays."""
    return labelled_keys("Scores: key", records, programs(records))


def hundred(scores: Sequence[float]) -> str:
    """Return the mean of scores as a cell, 100 the best."""
    return f"{100 * fmean(scores):.1f}" if scores else "–"


def labelled_keys(title: str, records: Sequence[Record], names: Sequence[str]) -> list[Table]:
    """Return a table of the parts, and one of the pieces that may be tuned on."""
    tuned, examined = (
        [record for record in records if record.group.removesuffix(_SURE) == part]
        for part in ("tuned on", "examined")
    )
    rows = []
    for part, members in (("examined", examined), ("may be tuned on", tuned), ("all", records)):
        sure = [record for record in members if record.group.endswith(_SURE)]
        for group, some in ((part, members), (f"{part}, sure", sure)):
            cells = (_cell(_weights(name, some)) for name in names)
            rows.append((group, str(len(some)), *cells))
    pieces = [
        (r.name, r.truth.key or "", *(r.answers[name].key or "–" for name in names)) for r in tuned
    ]
    note = "MIREX-weighted, 100 is best / exact, %."
    return [
        Table(title, ("part", "n", *names), tuple(rows), note),
        Table(f"{title}, pieces that may be tuned on", ("piece", "label", *names), tuple(pieces)),
    ]


def _cell(scores: Sequence[float]) -> str:
    exact = hundred([float(score == 1) for score in scores])
    return f"{hundred(scores)} / {exact}" if scores else "–"


def _weights(name: str, records: Sequence[Record]) -> list[float]:
    """Return the MIREX weight of a program's answer to each record."""
    return [key_score(r.truth.key or "", r.answers[name].key) for r in records]
