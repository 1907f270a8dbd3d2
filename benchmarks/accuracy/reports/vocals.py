"""The table of vocals."""

from collections.abc import Sequence

from benchmarks.accuracy.answers import OFFBEAT
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.metrics import auc
from benchmarks.accuracy.reports.groups import by_group
from benchmarks.tables import Table, mean, number, percent

__all__ = ["vocals"]


def vocals(records: Sequence[Record]) -> list[Table]:
    """Voice or none; the voices are synthetic."""
    answers = [(record.truth.vocals, record.answers[OFFBEAT]) for record in records]
    given = [(bool(truth), answer) for truth, answer in answers if answer.vocals is not None]
    shares = [
        [answer.vocals == truth for truth, answer in given if truth is side]
        for side in (True, False)
    ]
    presence = [
        [a.vocal_presence for truth, a in given if truth is side and a.vocal_presence is not None]
        for side in (True, False)
    ]
    rows = [
        (group, "yes" if members[0].truth.vocals else "no", str(len(members)),
         percent([r.answers[OFFBEAT].vocals == r.truth.vocals for r in members
                  if r.answers[OFFBEAT].vocals is not None]),
         number(mean([r.answers[OFFBEAT].vocal_presence for r in members])))
        for group, members in by_group(records).items()
    ]  # fmt: skip
    rows.append(("with / without a voice", "", str(len(given)),
                 " / ".join(percent(side) for side in shares),
                 f"AUC {number(auc(*presence))}"))  # fmt: skip
    note = (
        "Synthetic voices only (choir patches, formants, speech): real singers are not among them."
    )
    return [Table("Vocals", ("group", "voice", "n", "right %", "presence"), tuple(rows), note)]
