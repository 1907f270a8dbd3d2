"""How often the kernel has killed for lack of memory: it tells such a kill from somebody's kill -9.

A killed process cannot say who did it, and the exit status is the same. Linux counts the kills of
a cgroup in `memory.events` (cgroup v2), and those of the machine in `/proc/vmstat`.
"""

import re
from pathlib import Path

__all__ = ["OomCounter"]

_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)
_OWN_CGROUP = re.compile(r"^0::(/.*)$", re.MULTILINE)


class OomCounter:
    """The counter that is nearest to this process; one source for its whole life."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._file = _find(root)

    def read(self) -> int | None:
        """Return the number of kills so far; `None` if the system does not tell it now."""
        return _read(self._file) if self._file is not None else None


def _find(root: Path) -> Path | None:
    candidates = [root / "proc/vmstat"]
    try:
        own = _OWN_CGROUP.search((root / "proc/self/cgroup").read_text(encoding="utf-8"))
    except OSError:
        own = None
    if own is not None:
        cgroup = root / "sys/fs/cgroup" / own[1].lstrip("/")
        candidates.insert(0, cgroup / "memory.events")
    return next((file for file in candidates if _read(file) is not None), None)


def _read(file: Path) -> int | None:
    try:
        count = _COUNT.search(file.read_text(encoding="utf-8"))
    except OSError:
        return None
    return int(count[1]) if count else None
