"""What Linux says of a process: CPU time, memory, and when it began."""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "cpu_sec", "parse", "reset_peak", "usage"]

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """CPU seconds of all threads, MiB resident now and at most, and the Unix time of its start."""

    cpu_sec: float
    rss_mib: float
    peak_mib: float
    started_at: float


def parse(stat: str, status: str, uptime: str) -> Usage:
    """Read the contents of `/proc/PID/stat`, `/proc/PID/status` and `/proc/uptime`."""
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    age_sec = float(uptime.split(maxsplit=1)[0]) - int(fields[19]) / _TICKS
    return Usage(
        cpu_sec=(int(fields[11]) + int(fields[12])) / _TICKS,
        rss_mib=int(lines["VmRSS"].split()[0]) / 1024,
        peak_mib=int(lines["VmHWM"].split()[0]) / 1024,
        started_at=time.time() - age_sec,
    )


def usage(pid: int) -> Usage:
    """Return what a process of this machine has used."""
    folder = Path("/proc") / str(pid)
    return parse(
        (folder / "stat").read_text(),
        (folder / "status").read_text(),
        Path("/proc/uptime").read_text(),
    )


def cpu_sec(pid: int) -> float:
    """Return the CPU seconds of the threads of a process that live, to the microsecond."""
    total = 0
    for task in (Path("/proc") / str(pid) / "task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def reset_peak(pid: int) -> None:
    """Let the peak of a process begin again at what is resident now."""
    (Path("/proc") / str(pid) / "clear_refs").write_text("5")
