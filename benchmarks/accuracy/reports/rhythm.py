"""Tables of tempo and beats."""

from collections.abc import Sequence

from benchmarks.accuracy.answers import OFFBEAT
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.metrics import (
    beat_score,
    breakdown_drift_ms,
    breakdown_kept,
    event_f,
    tempo_score,
)
from benchmarks.accuracy.reports.groups import group_table, programs
from benchmarks.tables import Table, mean, median, number, percent

__all__ = ["real", "rhythm"]

_STYLES = ("straight", "swung", "half-time", "breakbeat", "3/4")


def rhythm(records: Sequence[Record]) -> list[Table]:
    """Tempo and beats of synthetic music."""
    drums = [record for record in records if record.group in _STYLES]
    tables = []
    if drums:
        tables.append(_rhythm_summary("Tempo and beats, five styles with drums", drums))
    tables.append(group_table("Right octave of the tempo, %", records, _right_octave))
    tables.append(group_table("Beats: F ±70 ms / CMLt", records, _beats))
    tables.append(
        group_table(
            "Beats: mean error / median lateness, ms",
            records,
            _errors,
            "Of the beats that match within 70 ms.",
        )
    )
    broken = [record for record in records if record.truth.breakdown]
    if broken:
        note = (
            "Drift of the last four beats (pieces with any) / share of all beats inside it ±70 ms."
        )
        title = "A breakdown of 30 s: drift at its end in ms / beats carried through"
        tables.append(group_table(title, broken, _drift, note))
    return tables


def _rhythm_summary(title: str, records: Sequence[Record]) -> Table:
    columns = ("program", "octave right %", "octave forgiven %", "|Δ| ≤ 0.05 BPM %", "median |Δ|",
               "F", "CMLt", "AMLt", "error ms", "lateness ms", "downbeats F (given)")  # fmt: skip
    target = ("target", "≥ 95", "", "≥ 99", "", "≥ 0.96", "≥ 0.93", "", "≤ 5", "", "")
    rows = [_rhythm_row(name, records) for name in programs(records)]
    note = (
        f"{len(records)} pieces. |Δ| counts where the octave is right; beats without an answer "
        "count 0; errors and lateness are those of beats that match."
    )
    return Table(title, columns, (target, *rows), note)


def _rhythm_row(name: str, records: Sequence[Record]) -> tuple[str, ...]:
    tempi = [tempo_score(r.truth.bpm or 0.0, r.answers[name].bpm) for r in records]
    beats = [beat_score(r.truth.beats, r.answers[name].beats) for r in records]
    deltas = [score.delta_bpm for score in tempi if score.delta_bpm is not None]
    heard = [(r, r.answers[name].downbeats) for r in records if r.answers[name].downbeats]
    bars = mean([event_f(record.truth.downbeats, given or ()) for record, given in heard])
    figures = ["–"] * 5
    if any(record.answers[name].beats for record in records):
        figures = [
            number(mean([score.f for score in beats]), 3),
            number(mean([score.cmlt for score in beats]), 3),
            number(mean([score.amlt for score in beats]), 3),
            number(mean([score.error_ms for score in beats])),
            number(median([score.bias_ms for score in beats])),
        ]
    return (
        name,
        percent([score.right for score in tempi]),
        percent([score.forgiven for score in tempi]),
        percent([delta <= 0.05 for delta in deltas]),
        number(median(deltas), 3),
        *figures,
        f"{number(bars, 3)} ({len(heard)}/{len(records)})" if heard else "–",
    )


def _right_octave(name: str, records: Sequence[Record]) -> str:
    scores = [tempo_score(r.truth.bpm or 0.0, r.answers[name].bpm) for r in records]
    return percent([score.right for score in scores])


def _beats(name: str, records: list[Record]) -> str:
    if not any(record.answers[name].beats for record in records):
        return "–"
    scores = [beat_score(r.truth.beats, r.answers[name].beats) for r in records]
    return f"{mean([s.f for s in scores]):.3f} / {mean([s.cmlt for s in scores]):.3f}"


def _errors(name: str, records: list[Record]) -> str:
    scores = [beat_score(r.truth.beats, r.answers[name].beats) for r in records]
    error, bias = mean([s.error_ms for s in scores]), median([s.bias_ms for s in scores])
    return f"{number(error)} / {number(bias)}"


def _drift(name: str, records: list[Record]) -> str:
    if not any(record.answers[name].beats for record in records):
        return "–"
    drifts = [
        breakdown_drift_ms(r.truth.beats, r.answers[name].beats, r.truth.breakdown)
        for r in records
        if r.truth.breakdown
    ]
    given = [drift for drift in drifts if drift is not None]
    kept = [
        breakdown_kept(r.truth.beats, r.answers[name].beats, r.truth.breakdown)
        for r in records
        if r.truth.breakdown
    ]
    return f"{number(mean(given), 1)} ({len(given)}/{len(drifts)}) / {number(mean(kept))}"


def real(records: Sequence[Record]) -> list[Table]:
    """Tempo of real music, labelled by ear, eye and consensus."""
    names = programs(records)
    bpm = [name for name in names if any(r.answers[name].bpm for r in records)] or [OFFBEAT]
    rows = [
        (r.name, number(r.truth.bpm), *(number(r.answers[name].bpm) for name in bpm))
        for r in records
    ]
    sure = [record for record in records if record.group == "real, sure"]
    rows.append(("right octave, %", "", *(_right_octave(name, records) for name in bpm)))
    rows.append(("of the sure ones, %", "", *(_right_octave(name, sure) for name in bpm)))
    return [Table("Real music: tempo, BPM", ("piece", "label", *bpm), tuple(rows))]
