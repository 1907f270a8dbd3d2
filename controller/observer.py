"""What the loops of one controller tell each other, and what the probes read.

It holds no reference to a loop: dispatch, launching, reconciliation and the watch all write here,
and whoever waits for one of them waits here.
"""

import asyncio
import time
from collections.abc import Callable

__all__ = ["Observer"]


class Observer:
    """Heartbeats, errors and events of one controller; times are monotonic seconds.

    Its loops write; `silent_loops` and `last_error` may be read from another thread.
    """

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.slot_freed = asyncio.Event()
        """Set when a slot may be free."""
        self.runs_known = asyncio.Event()
        """Set while Redis is known to hold every run of this owner: nothing is claimed before."""
        self._monotonic = monotonic
        self._limits: dict[str, float] = {}
        self._ticks: dict[str, float] = {}
        self._errors: dict[str, str] = {"reconcile": "the first reconciliation has not ended yet"}
        self._missing_permissions: dict[str, str] = {}

    def expect(self, loop: str, *, within_sec: float) -> None:
        """Name a loop and the longest silence that is normal for it; it counts from now."""
        self._limits[loop] = within_sec
        self.tick(loop)

    def tick(self, loop: str) -> None:
        """Note that a loop goes on."""
        self._ticks[loop] = self._monotonic()

    def silent_loops(self) -> dict[str, float]:
        """Return loop → seconds of silence of every loop beyond its limit."""
        now = self._monotonic()
        return {
            loop: round(now - self._ticks[loop], 1)
            for loop, limit in list(self._limits.items())
            if now - self._ticks[loop] > limit
        }

    def failed(self, part: str, error: str) -> None:
        """Note why a part does not work."""
        self._errors[part] = error

    def worked(self, part: str) -> None:
        """Note that a part works."""
        self._errors.pop(part, None)

    def permission_missing(self, part: str, error: str) -> None:
        """Note that the cluster refuses a part what this controller must be allowed to do."""
        self._missing_permissions[part] = error

    def permission_granted(self, part: str) -> None:
        """Note that the cluster allows it."""
        self._missing_permissions.pop(part, None)

    def may_claim(self) -> bool:
        """Return whether messages that are claimed now can become Jobs."""
        return self.runs_known.is_set() and not self._missing_permissions

    def last_error(self) -> str | None:
        """Return what does not work; None if all does."""
        return next(iter([*self._missing_permissions.values(), *self._errors.values()]), None)
