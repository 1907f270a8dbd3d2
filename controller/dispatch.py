"""Queue → launches: wait for a message, claim as many as slots are free, start them.

A message is never only in this process' memory: claiming makes it a run in Redis, and a run
without a Job is looked at again when it is due.
"""

import asyncio
from collections import deque

from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.errors import RedisUnreachable
from offbeat.logs import logger
from offbeat.retry import retry
from offbeat.runs import Claim, OwnedRuns

__all__ = ["Dispatch"]

LOOP = "dispatch"

_WAIT_SEC = 5.0
_MOST_AT_ONCE = 64
"""Launches under way at once."""

_LEAST_AT_ONCE = 16
"""How many of them must have ended before more is claimed: a claim of one costs as much."""

_SLOT_POLL_SEC = 1.0
_CLOSED_POLL_SEC = 0.05
_AFTER_ERROR_SEC = 1.0


class Dispatch:
    """The loop that feeds runs to the launcher."""

    def __init__(
        self,
        runs: OwnedRuns,
        launches: PendingLaunches,
        observer: Observer,
        *,
        cap: int,
        max_results: int | None = None,
    ) -> None:
        self._runs = runs
        self._launches = launches
        self._observer = observer
        self._cap = cap
        self._max_results = max_results
        self._idle = False

    async def run(self) -> None:
        """Claim and launch until cancelled."""
        while True:
            try:
                await retry(self._round, on=RedisUnreachable, on_error=self._report)
            except Exception as error:  # noqa: BLE001 - one odd message must not stop the rest
                logger.exception("claiming failed unexpectedly")
                self._observer.failed(LOOP, repr(error))
                await asyncio.sleep(_AFTER_ERROR_SEC)
            else:
                self._observer.worked(LOOP)

    def _report(self, error: BaseException, pause_sec: float) -> None:
        self._observer.tick(LOOP)
        self._observer.failed(LOOP, str(error))
        logger.warning("nothing is claimed, trying again in {:.1f} s: {}", pause_sec, error)

    async def _round(self) -> None:
        """Take one step: it ends within a few seconds whatever happens, so that the loop ticks."""
        self._observer.tick(LOOP)
        if not self._may_claim():
            await asyncio.sleep(_CLOSED_POLL_SEC)
            return
        room = _MOST_AT_ONCE - len(self._launches)
        if room < _LEAST_AT_ONCE:
            await self._wait_for_slot()
            return
        # BLMOVE answers with the message itself, so what waits already is claimed without it: one
        # that is too large stays out of this process.
        if self._idle and not await self._runs.wait(_WAIT_SEC):
            return
        if not self._may_claim():
            return
        self._observer.slot_freed.clear()
        claims = await self._runs.claim(cap=self._cap, most=room, max_results=self._max_results)
        self._idle = not (len(claims.claims) == room or claims.more or claims.full)
        await self._start(deque(claims.claims))
        if claims.full:
            await self._wait_for_slot()

    async def _start(self, claims: deque[Claim]) -> None:
        """Launch what was claimed; its requests go out before another message is asked for."""
        try:
            while claims:
                self._launch(claims.popleft())
                await asyncio.sleep(0)  # the probes must not wait for all of them
        finally:
            for claim in claims:
                self._launch(claim)

    def _launch(self, claim: Claim) -> None:
        self._launches.start(claim.run_id, claim.raw, number=1, message_bytes=claim.message_bytes)

    def _may_claim(self) -> bool:
        return self._observer.may_claim() and not self._runs.history_lost

    async def _wait_for_slot(self) -> None:
        """Wait for a free slot, but a second at most: another controller may free one."""
        try:
            # Not wait_for: before Python 3.12 it forgets a cancel() that comes with the event.
            async with asyncio.timeout(_SLOT_POLL_SEC):
                await self._observer.slot_freed.wait()
        except TimeoutError:
            return
        finally:
            self._observer.slot_freed.clear()
