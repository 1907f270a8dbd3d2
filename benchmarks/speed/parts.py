"""The claims, one table each; every ratio is between runs that took turns."""

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from benchmarks.speed.files import make
from benchmarks.speed.process import Sample, Samples
from benchmarks.speed.programs import PEERS, Analyzer, Timed, decode, peer
from benchmarks.tables import Table, number

__all__ = ["PARTS", "Bench"]

_SPEED, _PEAK_MIB, _FIRST_SEC, _SHORT_SEC, _RATIO_MIN = 300.0, 200.0, 0.5, 0.8, 1.1
_MINUTE, _HOUR = 60, 3600
_DECODER = "bare decoding"
_US = "Offbeat"


@dataclass(frozen=True)
class Bench:
    """Where files are, what is timed, and how often."""

    folder: Path
    analyzer: Analyzer
    runs: int
    formats: tuple[str, ...]
    long_peers: bool = False

    def file(self, seconds: int, kind: str) -> Path:
        """Return a file; what makes it is another process, whose size no peak inherits."""
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(make, self.folder, seconds, kind).result()


def _take_turns(programs: Mapping[str, Timed], file: Path, runs: int) -> dict[str, Samples]:
    """Run each program so many times, one after the other, so that a busy moment hits all."""
    taken: dict[str, list[Sample]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            taken[name].append(program(file))
    return {name: Samples(tuple(samples)) for name, samples in taken.items()}


def _verdict(ok: bool, target: str) -> str:
    return f"{target} {'ok' if ok else 'MISSED'}"


def short(bench: Bench) -> list[Table]:
    """Time ten seconds of WAV: mostly the start of a process."""
    file = bench.file(10, "wav")
    programs: dict[str, Timed] = {_US: bench.analyzer, _DECODER: decode}
    taken = _take_turns(programs, file, max(bench.runs, 9))
    ours, bare = taken[_US], taken[_DECODER]
    rows = (
        ("whole process, s", number(ours.seconds, 3),
         _verdict(ours.seconds <= _SHORT_SEC, f"≤ {_SHORT_SEC}")),
        ("start to first decoded block, s", number(ours.mark_sec, 3),
         _verdict(ours.mark_sec <= _FIRST_SEC, f"≤ {_FIRST_SEC}")),
        ("CPU, s", number(ours.cpu_sec, 3), ""),
        ("peak, MiB", number(ours.peak_mib, 0), _verdict(ours.peak_mib <= _PEAK_MIB, "≤ 200")),
        ("CPU ÷ that of a process that only decodes", number(ours.cpu_sec / bare.cpu_sec), ""),
    )  # fmt: skip
    return [Table("10 s of WAV", ("figure", "Offbeat", "target"), rows, f"{len(ours.runs)} runs.")]


def _formats(bench: Bench, seconds: int, title: str, runs: int) -> Table:
    rows = []
    for kind in bench.formats:
        file = bench.file(seconds, kind)
        taken = _take_turns({_US: bench.analyzer, _DECODER: decode}, file, runs)
        ours, bare = taken[_US], taken[_DECODER]
        speed = seconds / ours.seconds
        rows.append((kind, number(speed, 0), number(seconds / ours.cpu_sec, 0),
                     number(ours.seconds), number(ours.cpu_sec), number(ours.peak_mib, 0),
                     number(seconds / bare.cpu_sec, 0), number(bare.peak_mib, 0),
                     number(ours.cpu_sec / bare.cpu_sec),
                     _verdict(speed >= _SPEED, "≥ 300"),
                     _verdict(ours.peak_mib <= _PEAK_MIB, "≤ 200")))  # fmt: skip
    columns = ("format", "x real time", "by CPU", "s", "CPU s", "peak MiB", "decoding by CPU",
               "its MiB", "CPU ÷ decoding's", "speed", "memory")  # fmt: skip
    note = (
        f"Whole processes, median of {runs} runs. x real time is by the wall clock, and by CPU "
        "what it would be on a core of its own: where they differ, the machine was busy."
    )
    return Table(title, columns, tuple(rows), note)


def song(bench: Bench) -> list[Table]:
    """Time three minutes."""
    return [_formats(bench, 3 * _MINUTE, "3 min", bench.runs)]


def mix(bench: Bench) -> list[Table]:
    """Time an hour."""
    return [_formats(bench, _HOUR, "60 min", bench.runs)]


def night(bench: Bench) -> list[Table]:
    """Time six hours."""
    return [_formats(bench, 6 * _HOUR, "6 h", 1)]


def linearity(bench: Bench) -> list[Table]:
    """Compare what a minute more costs in short and in long files."""
    minutes = (3, 15, 60, 180)
    files = {minute: bench.file(minute * _MINUTE, "mp3") for minute in minutes}
    runs: dict[int, list[Sample]] = {minute: [] for minute in minutes}
    for _ in range(max(bench.runs // 2, 1)):
        for minute, file in files.items():
            runs[minute].append(bench.analyzer(file))
    taken = {minute: Samples(tuple(samples)) for minute, samples in runs.items()}
    rows, first = [], None
    for low, high in pairwise(minutes):
        cost = (taken[high].cpu_sec - taken[low].cpu_sec) / (high - low)
        first = first or cost
        rows.append((f"{low} → {high} min", number(cost, 4), number(cost / first),
                     number(taken[high].peak_mib - taken[low].peak_mib, 1)))  # fmt: skip
    last = float(rows[-1][2])
    note = f"{_verdict(last <= _RATIO_MIN, f'last ÷ first ≤ {_RATIO_MIN}:')}, MP3."
    columns = ("from → to", "CPU s a minute more", "÷ first", "MiB more")
    return [Table("Linearity", columns, tuple(rows), note)]


def peers(bench: Bench) -> list[Table]:
    """Time peers, each of which does a part, on the same WAV."""
    tables = []
    lengths = (3 * _MINUTE, _HOUR) if bench.long_peers else (3 * _MINUTE,)
    for seconds in lengths:
        file = bench.file(seconds, "wav")
        programs: dict[str, Timed] = {_US: bench.analyzer}
        absent = []
        for name in PEERS:
            ask = peer(name)
            if ask is None:
                absent.append(name)
            else:
                programs[name] = ask
        runs = min(bench.runs, 3) if seconds < _HOUR else 1
        taken = _take_turns(programs, file, runs)
        ours = taken[_US]
        rows = tuple(
            (name, number(seconds / samples.seconds, 0), number(seconds / samples.cpu_sec, 0),
             number(samples.seconds), number(samples.cpu_sec), number(samples.peak_mib, 0),
             number(samples.cpu_sec / ours.cpu_sec))
            for name, samples in taken.items()
        )  # fmt: skip
        note = f"Whole processes, median of {runs} runs; each peer does a part of the work."
        if absent:
            note += f" Not installed: {', '.join(absent)} (python -m benchmarks.peers.install)."
        columns = ("program", "x real time", "by CPU", "s", "CPU s", "peak MiB", "CPU ÷ Offbeat's")
        tables.append(Table(f"Peers, {seconds // _MINUTE} min of WAV", columns, rows, note))
    return tables


PARTS = {
    "short": short,
    "song": song,
    "mix": mix,
    "night": night,
    "linearity": linearity,
    "peers": peers,
}
"""Name → part."""
