"""Records of an exam → its tables, Offbeat first, the target beside it."""

from collections.abc import Callable, Sequence

from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.reports.key import key, real_key, scores
from benchmarks.accuracy.reports.levels import levels
from benchmarks.accuracy.reports.mixes import mixes
from benchmarks.accuracy.reports.rhythm import real, rhythm
from benchmarks.accuracy.reports.vocals import vocals
from benchmarks.tables import Table

__all__ = ["REPORTS"]

REPORTS: dict[str, Callable[[Sequence[Record]], list[Table]]] = {
    "rhythm": rhythm,
    "key": key,
    "levels": levels,
    "mixes": mixes,
    "vocals": vocals,
    "real": real,
    "real-key": real_key,
    "scores": scores,
}
"""Exam → what makes tables of its records."""
