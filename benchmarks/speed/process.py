"""Run a process on one core, and account for it: wall clock, CPU, peak memory."""

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Sample", "Samples", "pin", "run"]

_ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)


@dataclass(frozen=True)
class Sample:
    """One run: wall clock, CPU of it and its children, its peak in MiB, and its first sign of life.

    `mark_sec` is when a line with the mark came out; None where none was asked for.
    """

    seconds: float
    cpu_sec: float
    peak_mib: float
    mark_sec: float | None


@dataclass(frozen=True)
class Samples:
    """Several runs of the same."""

    runs: tuple[Sample, ...]

    @property
    def seconds(self) -> float:
        """Median wall clock."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_sec(self) -> float:
        """Median CPU time."""
        return statistics.median(run.cpu_sec for run in self.runs)

    @property
    def peak_mib(self) -> float:
        """Largest peak."""
        return max(run.peak_mib for run in self.runs)

    @property
    def mark_sec(self) -> float:
        """Median time to the mark."""
        return statistics.median(run.mark_sec for run in self.runs if run.mark_sec is not None)


def pin() -> int:
    """Bind this process, and so its children, to one core; return which."""
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    given: str = "",
    mark: str | None = None,
) -> Sample:
    """Run a command to its end, which must be a good one; `given` is its standard input."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=dict(os.environ) | _ONE_THREAD | dict(environment or {}),
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if given:
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
    assert process.stderr is not None
    marked, lines = None, []
    for line in process.stderr:
        lines.append(line)
        if marked is None and mark and mark in line:
            marked = time.perf_counter() - started
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "".join(lines[-20:])
    return Sample(took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, marked)
