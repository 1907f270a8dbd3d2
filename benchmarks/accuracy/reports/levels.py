"""Tables of loudness, peaks, brightness and bands."""

from collections.abc import Sequence

from benchmarks.accuracy.answers import OFFBEAT, Answer
from benchmarks.accuracy.examination import Record
from benchmarks.accuracy.reports.groups import programs
from benchmarks.tables import Table, number

__all__ = ["levels"]

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
