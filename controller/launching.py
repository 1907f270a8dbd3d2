"""From a run to its Job: the one place where attempts are created, first ones and later ones.

A launch is tried under the same name until the launcher accepts or rejects it. While the API does
not answer, it is tried again here; where a quota leaves no room, the run is parked in Redis and
tried again when it is due. Both keep the run's slot.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from controller.attempt import Diagnosis, Launcher, LaunchSpec
from controller.errors import (
    LauncherUnavailable,
    LaunchRejected,
    PermissionMissing,
    QuotaExceeded,
)
from controller.intake import admit, failed_result
from controller.observer import Observer
from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.logs import logger
from offbeat.result import FailedResult
from offbeat.retry import Pauses, retry
from offbeat.runs import OwnedRuns, RunState

__all__ = ["PendingLaunches"]

Answer = TypeVar("Answer")

PART = "launching"

_CREATES_AT_ONCE = 32
"""Enough for the API server; more would keep the probes and the watch waiting for the loop."""

_LONGEST_PAUSE_SEC = 30.0
_CANCELLED_WITHIN_SEC = 1.0
_LOG_INTERVAL_SEC = 30.0


@dataclass
class _Launch:
    """One launch under way."""

    raw: bytes
    number: int
    task: asyncio.Task[None]
    is_forbidden: bool = False
    """Whether every try so far was answered that the controller may not create Jobs."""
    is_uncertain: bool = False
    """Whether a try had no answer: there may be a Job."""


class PendingLaunches:
    """Launches that are under way in this process."""

    def __init__(
        self,
        runs: OwnedRuns,
        launcher: Launcher,
        observer: Observer,
        profiles: Collection[str],
        *,
        first_look_sec: float = 10.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runs = runs
        self._launcher = launcher
        self._observer = observer
        self._profiles = profiles
        self._first_look_sec = first_look_sec
        self._sleep = sleep
        self._launches: dict[str, _Launch] = {}
        self._creates = asyncio.Semaphore(_CREATES_AT_ONCE)
        self._next_log = 0.0

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._launches

    def __len__(self) -> int:
        return len(self._launches)

    def start(
        self,
        run_id: str,
        raw: bytes,
        *,
        number: int,
        message_bytes: int | None = None,
        parked_since: float | None = None,
    ) -> None:
        """Begin to launch an attempt, unless one of this run is being launched."""
        if run_id in self._launches:
            return
        spec = admit(
            run_id,
            raw,
            number=number,
            profiles=self._profiles,
            message_bytes=message_bytes,
        )
        if isinstance(spec, FailedResult):
            launching = self._refuse(spec, raw, message_bytes)
        else:
            launching = self._launch(spec, parked_since)
        task = asyncio.create_task(launching, name=f"launch {run_id}")
        self._launches[run_id] = _Launch(raw, number, task)
        task.add_done_callback(lambda done: self._forget(run_id, done))

    async def register_all(self) -> None:
        """Enter every run that is being launched into a Redis that has lost its history.

        Raises:
            LaunchError: Not everything was done.

        """
        for run_id, launch in list(self._launches.items()):
            spec = admit(run_id, launch.raw, number=launch.number, profiles=self._profiles)
            # What had its result before Redis forgot it must not be done again.
            if isinstance(spec, LaunchSpec) and not await self._launcher.is_settled(spec):
                state = RunState.CLAIMED if launch.number == 1 else RunState.LAUNCHING
                await self._register(spec, state, "")

    async def drain(self, timeout_sec: float) -> None:
        """Wait for what is under way; leave the rest to the next controller.

        What this installation may not launch any more, because `helm uninstall` has taken its
        rights, goes back into the queue: no next controller of it may come.
        """
        tasks = [launch.task for launch in self._launches.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=timeout_sec)
        forbidden = [run_id for run_id, launch in self._launches.items() if launch.is_forbidden]
        for task in tasks:
            task.cancel()
        if tasks:  # what they have open is closed before Redis is
            await asyncio.wait(tasks, timeout=_CANCELLED_WITHIN_SEC)
        for run_id in forbidden:
            with contextlib.suppress(RedisUnreachable):
                if await self._runs.give_back(run_id):
                    logger.bind(run_id=run_id).warning("its message is back in the queue")

    def _forget(self, run_id: str, task: asyncio.Task[None]) -> None:
        del self._launches[run_id]
        self._observer.slot_freed.set()
        if not task.cancelled() and task.exception() is not None:
            logger.bind(run_id=run_id).opt(exception=task.exception()).error(
                "the launch failed unexpectedly; it is tried again when the run is due"
            )

    async def _launch(self, spec: LaunchSpec, parked_since: float | None) -> None:
        log = logger.bind(job_id=spec.job.job_id, run_id=spec.run_id)
        if spec.number > 1 and not await self._insist(
            lambda: self._runs.launching(spec.run_id, number=spec.number)
        ):
            log.debug("another controller launches attempt {}", spec.number)
            return
        try:
            job_name = await self._create(spec)
        except QuotaExceeded as error:
            why = str(error)
            log.info("attempt {} is parked: {}", spec.number, why)
            await self._insist(
                lambda: self._runs.parked(
                    spec.run_id,
                    job_id=spec.job.job_id,
                    number=spec.number,
                    why=why,
                    since=parked_since,
                )
            )
            return
        except LaunchRejected as error:
            diagnosis = Diagnosis(
                reason=FailureReason.LAUNCH_REJECTED,
                summary="the cluster rejects the Job: the operator must change the profile, the "
                "chart's values or an admission policy",
                detail=str(error),
            )
            result = failed_result(spec.run_id, spec.raw, diagnosis, number=spec.number)
            await self._refuse(result, spec.raw, None)
            return
        log.info("Job {} created", job_name)
        answer = await self._insist(
            lambda: self._runs.launched(
                spec.run_id,
                job_id=spec.job.job_id,
                number=spec.number,
                job_name=job_name,
                look_again_sec=self._first_look_sec,
            )
        )
        # It has its result already, or Redis has lost the run.
        if answer == "unknown" and not await self._is_settled(spec):
            await self._register(spec, RunState.LAUNCHED, job_name)

    async def _create(self, spec: LaunchSpec) -> str:
        """Create the Job; while the cluster does not answer, go on trying."""

        async def create() -> str:
            self._launches[spec.run_id].is_forbidden = False  # until this try is answered
            try:
                async with self._creates:
                    job_name = await self._launcher.create(spec)
            except (LaunchRejected, QuotaExceeded):  # only who may create is told so
                self._observer.permission_granted(PART)
                raise
            self._observer.permission_granted(PART)
            return job_name

        def report(error: BaseException, pause_sec: float) -> None:
            launch = self._launches[spec.run_id]
            launch.is_uncertain |= not isinstance(error, PermissionMissing)
            launch.is_forbidden = not launch.is_uncertain
            if isinstance(error, PermissionMissing):
                self._observer.permission_missing(PART, str(error))
            if time.monotonic() >= self._next_log:  # one line stands for all that wait
                self._next_log = time.monotonic() + _LOG_INTERVAL_SEC
                logger.bind(job_id=spec.job.job_id, run_id=spec.run_id).warning(
                    "Jobs cannot be created, trying again in {:.1f} s: {}", pause_sec, error
                )

        return await retry(
            create,
            on=(LauncherUnavailable, PermissionMissing),
            pauses=Pauses(longest_sec=_LONGEST_PAUSE_SEC),
            on_error=report,
            sleep=self._sleep,
        )

    async def _is_settled(self, spec: LaunchSpec) -> bool:
        return await self._insist(
            lambda: self._launcher.is_settled(spec), on=(LauncherUnavailable, PermissionMissing)
        )

    async def _refuse(self, result: FailedResult, raw: bytes, message_bytes: int | None) -> None:
        logger.bind(job_id=result.job_id, run_id=result.run_id).warning(
            "failed with {}: {}", result.reason.value, result.error
        )
        await self._insist(
            lambda: self._runs.settle(
                result, raw=raw, holds_slot=False, message_bytes=message_bytes
            )
        )

    async def _register(self, spec: LaunchSpec, state: RunState, job_name: str) -> None:
        await self._insist(
            lambda: self._runs.register(
                spec.run_id,
                raw=spec.raw,
                job_id=spec.job.job_id,
                number=spec.number,
                state=state,
                job_name=job_name,
            )
        )

    async def _insist(
        self,
        call: Callable[[], Awaitable[Answer]],
        *,
        on: type[Exception] | tuple[type[Exception], ...] = RedisUnreachable,
    ) -> Answer:
        """Repeat a call that is safe to repeat until it is answered."""
        answer = await retry(
            call,
            on=on,
            on_error=lambda error, _: self._observer.failed(PART, str(error)),
            sleep=self._sleep,
        )
        self._observer.worked(PART)
        return answer
