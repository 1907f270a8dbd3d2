"""A result as a person reads it: the file, its tracks, and why a figure is missing."""

import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from offbeat.analysis import Analysis, GlobalAnalysis, Results
from offbeat.descriptors import Key
from offbeat.result import CancelledResult, CompletedResult, FailedResult

__all__ = ["clock", "missing", "print_result", "print_results"]

NOTHING = "–"
_PIPE_WIDTH = 120


def print_result(
    result: CompletedResult | FailedResult | CancelledResult, console: Console | None = None
) -> None:
    """Print a result, by default to standard output."""
    console = console or _console()
    head = Text(f"job {result.job_id} {result.status}", style="bold")
    run = f"  run {result.run_id}, attempt {result.attempt}"
    console.print(head + Text(run, style="dim"))
    if isinstance(result, CompletedResult):
        print_results(result.results, console)
    elif isinstance(result, FailedResult):
        hint = "pushing it again may help" if result.retryable else "pushing it again will not help"
        _plain(console, f"{result.error} ({result.reason.value}; {hint})")
        for line in [result.detail, *(result.log_tail or [])]:
            if line:
                _plain(console, f"  {line}", style="dim")


def print_results(results: Results, console: Console | None = None) -> None:
    """Print what was found out about a file."""
    console = console or _console()
    console.print(_file_table(results.global_))
    console.print(_track_table(results))
    for warning in results.warnings:
        _plain(console, f"warning: {warning}", style="yellow")
    for reason, names in missing(results).items():
        _plain(console, f"{NOTHING} {', '.join(names)}: {reason}", style="dim")


def missing(results: Results) -> dict[str, list[str]]:
    """Return each reason for which figures are null, with the names of those figures."""
    reasons: dict[str, list[str]] = {}
    explained = [
        results.global_.unavailable,
        *(track.analysis.unavailable for track in results.tracks),
    ]
    for unavailable in explained:
        for name, reason in unavailable.items():
            names = reasons.setdefault(reason, [])
            if name not in names:
                names.append(name)
    return reasons


def clock(seconds: float) -> str:
    """Write a time as `m:ss.s` or `h:mm:ss.s`."""
    tenths = round(seconds * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    shown = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{shown}" if hours else f"{minutes}:{shown}"


def _file_table(figures: GlobalAnalysis) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    depth = f", {figures.bit_depth} bits" if figures.bit_depth else ""
    rows = {
        "duration": clock(figures.duration_sec),
        "format": f"{figures.container} / {figures.codec}, {figures.sample_rate_hz:,} Hz, "
        f"{figures.channels} ch{depth}",
        "sound": _span(figures),
        "loudness": f"{_number(figures.loudness_lufs_total, 1, ' LUFS')}, range "
        f"{_number(figures.loudness_range_lu, 1, ' LU')}, loudest 3 s "
        f"{_number(figures.loudness_lufs_short_term_max, 1, ' LUFS')}",
        "true peak": _number(figures.true_peak_dbtp, 1, " dBTP"),
        "ReplayGain": _number(figures.replaygain_track_gain_db, 2, " dB"),
        "brightness": _number(figures.average_brightness, 0, " Hz"),
        "energy": _number(figures.energy_level, 1, " of 10"),
        "key": _key(figures.key),
        "beats": _count(figures.global_beat_grid_timestamps),
        "stems": NOTHING if figures.stems is None else ", ".join(figures.stems) or "none",
    }
    for name, shown in rows.items():
        table.add_row(Text(name, style="dim"), Text(shown))
    return table


def _track_table(results: Results) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("track", "title"):
        table.add_column(heading, overflow="fold")
    for heading in (
        "start",
        "length",
        "BPM",
        "key",
        "LUFS",
        "range",
        "peak",
        "bass",
        "bright",
        "vocals",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    for track in results.tracks:
        name = " – ".join(part for part in (track.artist, track.title) if part)
        table.add_row(
            Text(str(track.track_id)),
            Text(name or NOTHING),
            clock(track.start_time_sec),
            clock(track.analysis.duration_sec),
            *_track_figures(track.analysis),
        )
    return table


def _track_figures(figures: Analysis) -> list[str]:
    vocals = {None: NOTHING, True: "yes", False: "no"}[figures.has_vocals]
    return [
        _number(figures.stable_bpm, 2),
        _key(figures.key),
        _number(figures.loudness_lufs_total, 1),
        _number(figures.loudness_range_lu, 1),
        _number(figures.true_peak_dbtp, 1),
        _number(figures.loudness_lufs_bass, 1),
        _number(figures.average_brightness, 0),
        vocals,
    ]


def _span(figures: GlobalAnalysis) -> str:
    if figures.trimmed_start_sec is None or figures.trimmed_end_sec is None:
        return NOTHING
    return f"{clock(figures.trimmed_start_sec)} to {clock(figures.trimmed_end_sec)}"


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return NOTHING if value is None else f"{value:,.{digits}f}{unit}"


def _key(key: Key | None) -> str:
    return f"{key.camelot}  {key.musical}" if key else NOTHING


def _count(values: list[float] | None) -> str:
    return NOTHING if values is None else f"{len(values):,}"


def _plain(console: Console, text: str, style: str = "") -> None:
    console.print(Text(text, style=style), soft_wrap=True)


def _console() -> Console:
    return Console() if sys.stdout.isatty() else Console(width=_PIPE_WIDTH)
