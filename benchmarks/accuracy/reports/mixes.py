"""The table of mixes: what each program says of their tracks."""

from collections.abc import Sequence

from benchmarks.accuracy.answers import Answer
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.metrics import key_score, tempo_score
from benchmarks.accuracy.reports.groups import programs
from benchmarks.accuracy.reports.key import hundred
from benchmarks.tables import Table, median, number, percent

__all__ = ["mixes"]


def mixes(records: Sequence[Record]) -> list[Table]:
    """Tempo and key of every track of mixes with cues."""
    columns = ("program", "octave right %", "octave forgiven %", "|Δ| ≤ 0.05 BPM %", "median |Δ|",
               "key, MIREX-weighted")  # fmt: skip
    rows = []
    count = sum(len(record.truth.tracks) for record in records)
    for name in programs(records):
        tempi, keys = [], []
        for record in records:
            heard = record.answers[name].tracks or tuple(Answer() for _ in record.truth.tracks)
            for track, answer in zip(record.truth.tracks, heard, strict=True):
                tempi.append(tempo_score(track.bpm or 0.0, answer.bpm))
                keys.append(key_score(track.key or "", answer.key))
        deltas = [score.delta_bpm for score in tempi if score.delta_bpm is not None]
        says_key = any(a.key for record in records for a in record.answers[name].tracks)
        says_bpm = any(a.bpm for record in records for a in record.answers[name].tracks)
        tempo = [
            percent([score.right for score in tempi]),
            percent([score.forgiven for score in tempi]),
            percent([delta <= 0.05 for delta in deltas]),
            number(median(deltas), 3),
        ]
        rows.append((name, *(tempo if says_bpm else ["–"] * 4),
                     hundred(keys) if says_key else "–"))  # fmt: skip
    note = f"{count} tracks. Peers are given each track cut out at the true cues."
    return [Table("Mixes with cues", columns, tuple(rows), note)]
