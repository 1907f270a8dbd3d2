"""Tables of keys: what each program scores on the parts of labelled music.

Which pieces of the examined part are wrong is not shown, since who tunes must not know; `--details`
tells.
"""

from collections.abc import Sequence
from statistics import fmean

from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.metrics import key_score
from benchmarks.tables import Table

__all__ = ["hundred", "key_scores", "labelled_keys"]

_SURE = ", sure"


def key_scores(name: str, records: Sequence[Record]) -> list[float]:
    """Return the MIREX weight of a program's answer to each record."""
    return [key_score(r.truth.key or "", r.answers[name].key) for r in records]


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
            cells = (_cell(key_scores(name, some)) for name in names)
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
