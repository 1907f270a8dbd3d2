"""From a run to its Job: the one place where attempts are created, for new runs and for those that
need another.

A launch is tried under the same name until the launcher accepts or rejects it. A run that is being
launched keeps its place under the cap, so a quota or a cluster that is away parks it and nothing
else.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection

from controller.attempt import Launch, Launcher
from controller.errors import LauncherUnavailable, LaunchRejected, QuotaExceeded
from controller.intake import admit, failure
from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.logs import logger
from offbeat.result import FailedResult
from offbeat.store import Store

__all__ = ["Launches"]

_FIRST_PAUSE_SEC = 0.2
_LONGEST_PAUSE_SEC = 30.0


class Launches:
    """Launches that are under way in this process."""

    def __init__(
        self,
        store: Store,
        launcher: Launcher,
        profiles: Collection[str],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_done: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._launcher = launcher
        self._profiles = profiles
        self._sleep = sleep
        self._on_done = on_done
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, run: str) -> bool:
        return run in self._tasks

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, run: str, raw: bytes, *, attempt: int) -> None:
        """Begin to launch an attempt, unless one of this run is being launched."""
        if run in self._tasks:
            return
        task = asyncio.create_task(self._launch(run, raw, attempt), name=f"launch {run}")
        self._tasks[run] = task
        task.add_done_callback(lambda done: self._forget(run, done))

    async def drain(self, timeout_sec: float) -> None:
        """Wait for what is under way; leave the rest to the next controller."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=timeout_sec)
        for task in list(self._tasks.values()):
            task.cancel()

    def _forget(self, run: str, task: asyncio.Task[None]) -> None:
        del self._tasks[run]
        self._on_done()
        if not task.cancelled() and task.exception() is not None:
            logger.bind(run=run).opt(exception=task.exception()).error(
                "the launch failed unexpectedly; the next reconciliation tries again"
            )

    async def _launch(self, run: str, raw: bytes, attempt: int) -> None:
        launch = admit(run, raw, attempt=attempt, profiles=self._profiles)
        if isinstance(launch, FailedResult):
            await self._refuse(launch, raw)
            return
        log = logger.bind(job_id=launch.job.job_id, run=run)
        try:
            name = await self._create(launch)
        except LaunchRejected as error:
            result = failure(
                launch.job,
                run,
                FailureReason.LAUNCH_REJECTED,
                "the cluster rejects the job: the operator must mend the profile or the chart",
                attempt=attempt,
                detail=str(error),
            )
            await self._refuse(result, raw)
            return
        log.info("Job {} created", name)
        await self._persist(
            lambda: self._store.launched(run, job_id=launch.job.job_id, attempt=attempt, job=name)
        )

    async def _create(self, launch: Launch) -> str:
        log = logger.bind(job_id=launch.job.job_id, run=launch.run)
        pause = _FIRST_PAUSE_SEC
        while True:
            try:
                return await self._launcher.create(launch)
            except QuotaExceeded as error:
                log.warning("parked, for the namespace has no room: {}", error)
                wait = pause
            except LauncherUnavailable as error:
                log.warning("the launch is tried again: {}", error)
                wait = max(pause, error.retry_after_sec or 0)
            await self._sleep(wait * random.uniform(0.5, 1.5))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, _LONGEST_PAUSE_SEC)

    async def _refuse(self, result: FailedResult, raw: bytes) -> None:
        logger.bind(job_id=result.job_id, run=result.run_id).warning(
            "failed with {}: {}", result.reason.value, result.error
        )
        await self._persist(lambda: self._store.settle(result, raw=raw, holds_place=False))

    async def _persist(self, call: Callable[[], Awaitable[object]]) -> None:
        """Repeat a call that is safe to repeat until Redis answers."""
        pause = _FIRST_PAUSE_SEC
        while True:
            try:
                await call()
            except RedisUnreachable as error:
                logger.warning("{}; trying again", error)
                await self._sleep(pause)
                pause = min(pause * 2, 5.0)
            else:
                return
