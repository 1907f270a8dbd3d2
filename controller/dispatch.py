"""Queue → launches: wait for a message, claim as many as the cap has places, start them.

A message is never only in this process' memory: claiming makes it a run in Redis, and a run
without a Job is found by the reconciliation.
"""

import asyncio
from collections.abc import Callable

from controller.launches import Launches
from offbeat.errors import RedisUnreachable
from offbeat.logs import logger
from offbeat.store import Store

__all__ = ["Dispatch"]

_WAIT_SEC = 5.0
_MOST_AT_ONCE = 64
_PLACE_POLL_SEC = 1.0


class Dispatch:
    """The loop that feeds runs to the launcher."""

    def __init__(
        self,
        store: Store,
        launches: Launches,
        *,
        cap: int,
        beat: Callable[[], None],
        place_freed: asyncio.Event,
    ) -> None:
        self._store = store
        self._launches = launches
        self._cap = cap
        self._beat = beat
        self._place_freed = place_freed

    async def run(self) -> None:
        """Claim and launch until cancelled."""
        pause = 0.5
        while True:
            self._beat()
            try:
                await self._round()
                pause = 0.5
            except RedisUnreachable as error:
                logger.warning("{}; no messages are claimed until it answers", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _round(self) -> None:
        """Take one step: it ends within a few seconds whatever happens, so that the heartbeat goes
        on.
        """
        room = _MOST_AT_ONCE - len(self._launches)
        if room <= 0:
            await self._wait_for_place()
            return
        if not await self._store.wait(_WAIT_SEC):
            return
        self._place_freed.clear()
        claims = await self._store.claim(cap=self._cap, most=room)
        for claim in claims:
            self._launches.start(claim.run, claim.raw, attempt=1)
        if not claims:
            await self._wait_for_place()

    async def _wait_for_place(self) -> None:
        """Wait for a free place, but a second at most: another controller may free one."""
        try:
            # Not wait_for: before Python 3.12 it forgets a cancel() that comes with the event.
            async with asyncio.timeout(_PLACE_POLL_SEC):
                await self._place_freed.wait()
        except TimeoutError:
            return
        finally:
            self._place_freed.clear()
