"""Records of an exam → its tables, Offbeat first, the target beside it."""

from collections.abc import Callable, Sequence

from benchmarks.accuracy.answers import OFFBEAT, Answer
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.key_reports import hundred, key_scores, labelled_keys
from benchmarks.accuracy.metrics import (
    auc,
    beat_score,
    breakdown_drift_ms,
    breakdown_kept,
    event_f,
    key_score,
    tempo_score,
)
from benchmarks.tables import Table, mean, median, number, percent

__all__ = ["REPORTS", "programs"]

_STYLES = ("straight", "swung", "half-time", "breakbeat", "3/4")
_CLEAR = "cadences"


def programs(records: Sequence[Record]) -> list[str]:
    """Return who answered anything, Offbeat first."""
    names = dict.fromkeys(name for record in records for name in record.answers)
    return [
        name
        for name in names
        if name == OFFBEAT or any(record.answers[name].missing is None for record in records)
    ]


def _groups(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.group, []).append(record)
    return found


def _by_group(
    title: str, records: Sequence[Record], cell: Callable[[str, list[Record]], str], note: str = ""
) -> Table:
    names = programs(records)
    rows = [
        (group, str(len(members)), *(cell(name, members) for name in names))
        for group, members in _groups(records).items()
    ]
    return Table(title, ("group", "n", *names), tuple(rows), note)


def rhythm(records: Sequence[Record]) -> list[Table]:
    """Tempo and beats of synthetic music."""
    drums = [record for record in records if record.group in _STYLES]
    tables = []
    if drums:
        tables.append(_rhythm_summary("Tempo and beats, five styles with drums", drums))
    tables.append(_by_group("Right octave of the tempo, %", records, _right_octave))
    tables.append(_by_group("Beats: F ±70 ms / CMLt", records, _beats))
    tables.append(
        _by_group(
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
        tables.append(_by_group(title, broken, _drift, note))
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


def key(records: Sequence[Record]) -> list[Table]:
    """Keys of synthetic music."""
    groups = _groups(records)
    hard = [record for record in records if record.group != _CLEAR]
    columns = ("program", "clear cadences", "exact %", "hard", "exact %",
               *(f"{group} (n={len(members)})" for group, members in groups.items()
                 if group != _CLEAR))  # fmt: skip
    target = ("target", "≥ 98", "", "≥ 92", "", *("" for _ in columns[5:]))
    rows = []
    for name in programs(records):
        cells = [name]
        for part in (groups.get(_CLEAR, []), hard):
            scores = key_scores(name, part)
            cells += [hundred(scores), percent([score == 1 for score in scores])]
        cells += [
            hundred(key_scores(name, part)) for group, part in groups.items() if group != _CLEAR
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


_UNITS = {
    "average_brightness": "%",
    "loudness_lufs_total": "LU",
    "loudness_lufs_short_term_max": "LU",
    "loudness_range_lu": "LU",
    "true_peak_dbtp": "dB",
    "sample_peak_dbfs": "dB",
}
_TARGETS = {
    "average_brightness": "≤ 0.5",
    "loudness_lufs_total": "≤ 0.1",
    "loudness_lufs_short_term_max": "≤ 0.1",
    "true_peak_dbtp": "≤ 0.4",
}


def levels(records: Sequence[Record]) -> list[Table]:
    """Loudness, brightness and bands of analytic signals, and loudness of music beside ffmpeg."""
    return [_analytic(records), _beside_ffmpeg(records)]


def _analytic(records: Sequence[Record]) -> Table:
    names = programs(records)
    figures = dict.fromkeys(figure for record in records for figure, _ in record.truth.figures)
    bands = any(figure.startswith("band_") for figure in figures)
    rows = []
    for figure in figures:
        if figure.startswith("band_"):
            continue
        asked = [r for r in records if figure in dict(r.truth.figures)]
        rows.append((figure, _UNITS[figure], str(len(asked)), _TARGETS.get(figure, ""),
                     *(_worst(name, figure, asked) for name in names)))  # fmt: skip
    if bands:
        asked = [r for r in records if "band_0" in dict(r.truth.figures)]
        worst = [_worst(OFFBEAT, f"band_{index}", asked) for index in range(5)]
        cell = "–" if "–" in worst else max(worst, key=float)
        rows.append(("band_balance", "share of 1", str(len(asked)), "≤ 0.005", cell,
                     *("–" for _ in names[1:])))  # fmt: skip
    return Table(
        "Levels: largest deviation from the exact value",
        ("figure", "unit", "n", "target", *names),
        tuple(rows),
        "librosa weighs its centroid by magnitude, not by power: it is another figure.",
    )


def _worst(name: str, figure: str, records: Sequence[Record]) -> str:
    off = []
    for record in records:
        truth, heard = dict(record.truth.figures)[figure], record.answers[name].figures.get(figure)
        if heard is not None:
            off.append(abs(heard - truth) * (100 / truth if _UNITS.get(figure) == "%" else 1))
    return number(max(off), 4 if figure.startswith("band_") else 3) if off else "–"


def _beside_ffmpeg(records: Sequence[Record]) -> Table:
    reference = "ffmpeg ebur128"
    music = [record for record in records if not record.truth.figures]
    names = [name for name in programs(records) if name != reference]
    rows = []
    for figure in ("loudness_lufs_total", "loudness_range_lu", "true_peak_dbtp"):
        cells = []
        for name in names:
            pairs = [
                (record.answers[name].figures.get(figure),
                 record.answers.get(reference, Answer()).figures.get(figure))
                for record in music
            ]  # fmt: skip
            off = [abs(a - b) for a, b in pairs if a is not None and b is not None]
            cells.append(number(max(off), 3) if off else "–")
        rows.append((figure, _UNITS[figure], str(len(music)), *cells))
    return Table(
        "Levels of music: largest distance from libebur128",
        ("figure", "unit", "n", *names),
        tuple(rows),
        "ffmpeg prints one decimal: 0.05 of a distance is its rounding.",
    )


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
        for group, members in _groups(records).items()
    ]  # fmt: skip
    rows.append(("with / without a voice", "", str(len(given)),
                 " / ".join(percent(side) for side in shares),
                 f"AUC {number(auc(*presence))}"))  # fmt: skip
    note = (
        "Synthetic voices only (choir patches, formants, speech): real singers are not among them."
    )
    return [Table("Vocals", ("group", "voice", "n", "right %", "presence"), tuple(rows), note)]


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


def real_key(records: Sequence[Record]) -> list[Table]:
    """Keys of recorded music, labelled by what its notes say."""
    return labelled_keys("Real music: key", records, programs(records))


def scores(records: Sequence[Record]) -> list[Table]:
    """Keys of real compositions that a synthesiser plays."""
    return labelled_keys("Scores: key", records, programs(records))


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
