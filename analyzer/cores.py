"""How many cores the arithmetic takes.

Features and findings stay on one: many cores must not change a result. Networks for stems take what
the container may have.
"""

import math
import os
from pathlib import Path

__all__ = ["available_cpus", "limit_blas_threads"]

_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def limit_blas_threads() -> None:
    """Tell the algebra below numpy to start no threads; it asks once, when numpy is imported."""
    for name in _THREAD_COUNTS:
        os.environ[name] = "1"


def available_cpus(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Return how many CPUs this process may use: of its affinity, and of its container's quota.

    The quota is in microseconds of CPU for each period: `cpu.max` of cgroup v2, which says "max" if
    there is none, and `cpu.cfs_quota_us` of v1, which says -1.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    allowed = allowed or 1
    quota = _quota(cgroup)
    return allowed if quota is None else max(1, min(allowed, math.ceil(quota)))


def _quota(cgroup: Path) -> float | None:
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = [word for name in names for word in (cgroup / name).read_text().split()]
            quota, period = int(words[0]), int(words[1])
        except (OSError, ValueError, IndexError):  # no such file, or no limit
            continue
        return quota / period if quota > 0 else None
    return None
