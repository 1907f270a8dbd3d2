"""From what was decided about runs to what is done in Redis and in the cluster."""

import asyncio
from typing import Protocol

from controller.attempt import Attempt, Launcher, Phase
from controller.decision import (
    MESSAGE_LOST,
    Action,
    CleanUp,
    Disown,
    Fail,
    Launch,
    Park,
    Register,
    Release,
    Stop,
)
from controller.errors import LaunchError, LauncherUnavailable, PermissionMissing
from controller.intake import failed_result
from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.job import JobRefused, parse_job
from offbeat.logs import logger
from offbeat.runs import OwnedRuns, RunState

__all__ = ["Actions"]

_AT_ONCE = 16
_FAILURES_AT_ONCE = 8
_FAIL_AGAIN_SEC = 2.0


class Notice(Protocol):
    """Has a run looked at again."""

    def __call__(self, run_id: str, *, after_sec: float = 0.0, doubtful: bool = False) -> None:
        """Look at it after so many seconds; a doubtful one until its Job has an end."""
        ...


class Actions:
    """Carries out decisions; the runs that it is settling as failed are in it."""

    def __init__(
        self,
        runs: OwnedRuns,
        launcher: Launcher,
        launches: PendingLaunches,
        observer: Observer,
        notice: Notice,
    ) -> None:
        self._runs = runs
        self._launcher = launcher
        self._launches = launches
        self._observer = observer
        self._notice = notice
        self._failing: dict[str, asyncio.Task[None]] = {}
        self._limit = asyncio.Semaphore(_AT_ONCE)
        self._failures_limit = asyncio.Semaphore(_FAILURES_AT_ONCE)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._failing

    def __len__(self) -> int:
        return len(self._failing)

    def cancel(self) -> None:
        """Stop settling; what is not settled yet is when its run is due."""
        for task in self._failing.values():
            task.cancel()

    async def carry_out(self, actions: list[Action]) -> None:
        """Do what was decided, as far as possible in spite of errors.

        Raises:
            RedisUnreachable: Not everything was done.
            LaunchError: Not everything was done.

        """
        released = [action.run_id for action in actions if isinstance(action, Release)]
        if released:
            await self._runs.release(released)
            self._observer.slot_freed.set()
        disowned = [action.run_id for action in actions if isinstance(action, Disown)]
        await self._runs.disown(disowned)
        others = [action for action in actions if not isinstance(action, Release | Disown)]
        outcomes = await asyncio.gather(*map(self._try, others), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _try(self, action: Action) -> None:
        """Do one thing; what fails because of this run alone stops no other.

        Raises:
            RedisUnreachable: Redis does not answer.
            LaunchError: The cluster does not answer, or the controller lacks a right.

        """
        try:
            await self._one(action)
        except (RedisUnreachable, LauncherUnavailable, PermissionMissing):
            raise
        except Exception as error:  # noqa: BLE001 - one odd object must not stop the rest
            log = logger if isinstance(error, LaunchError) else logger.opt(exception=error)
            log.warning("{} failed, and is tried again later: {}", action, error)

    async def _one(self, action: Action) -> None:
        async with self._limit:
            match action:
                case Register(attempt):
                    await self._register(attempt)
                case Launch():
                    await self._launch(action)
                case Park(attempt, parked_since):
                    await self._park(attempt, parked_since)
                case Fail():
                    self._start_failing(action)
                case Stop(attempt, because):
                    logger.bind(run_id=attempt.run_id).warning(
                        "{} is stopped: {}", attempt.job_name, because
                    )
                    await self._launcher.stop(attempt.job_name)
                case CleanUp(attempt):
                    record = (await self._runs.store.records([attempt.run_id])).get(attempt.run_id)
                    reason = FailureReason(record.reason) if record and record.reason else None
                    await self._launcher.schedule_cleanup(attempt, reason)

    async def _launch(self, action: Launch) -> None:
        records = await self._runs.store.records([action.run_id], with_message=True)
        record = records.get(action.run_id)
        if record is None or record.state not in set(RunState):
            return  # settled since
        if record.raw is None:
            self._start_failing(Fail(action.run_id, record.attempt, MESSAGE_LOST))
            return
        if action.parked_since is None:
            logger.bind(job_id=record.job_id, run_id=action.run_id).warning(
                "attempt {} is launched: {}", action.number, action.because
            )
        self._launches.start(
            action.run_id,
            record.raw,
            number=action.number,
            message_bytes=record.message_bytes,
            parked_since=action.parked_since,
        )

    async def _register(self, attempt: Attempt) -> None:
        raw = await self._launcher.read_message(attempt.job_name)
        if raw is None:
            return  # deleted since
        log = logger.bind(run_id=attempt.run_id)
        try:
            job = parse_job(raw)
        except JobRefused as error:
            log.warning("{} carries no job of ours: {}", attempt.job_name, error)
            return
        state = await self._runs.register(
            attempt.run_id,
            raw=raw,
            job_id=job.job_id,
            number=attempt.number,
            state=RunState.LAUNCHED,
            job_name=attempt.job_name,
        )
        log.bind(job_id=job.job_id).info("{} was not in Redis: {}", attempt.job_name, state)

    async def _park(self, attempt: Attempt, parked_since: float | None) -> None:
        record = (await self._runs.store.records([attempt.run_id])).get(attempt.run_id)
        if record is not None and record.job_id is not None:
            await self._runs.parked(
                attempt.run_id,
                job_id=record.job_id,
                number=attempt.number,
                why=attempt.quota or "",
                since=parked_since,
            )

    def _start_failing(self, action: Fail) -> None:
        """Settle beside the loop: reading a log may take seconds, and others must not wait."""
        task = asyncio.create_task(self._fail(action), name=f"fail {action.run_id}")
        self._failing[action.run_id] = task
        task.add_done_callback(lambda done: self._failed(action.run_id, done))

    def _failed(self, run_id: str, task: asyncio.Task[None]) -> None:
        del self._failing[run_id]
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._notice(run_id, doubtful=True)
        elif isinstance(error, RedisUnreachable | LaunchError):
            logger.bind(run_id=run_id).warning("not settled yet: {}", error)
            self._notice(run_id, after_sec=_FAIL_AGAIN_SEC)
        else:
            logger.bind(run_id=run_id).opt(exception=error).error("settling failed unexpectedly")

    async def _fail(self, action: Fail) -> None:
        """Settle for an attempt that cannot speak, then stop what is left of it."""
        attempt, diagnosis = action.attempt, action.diagnosis
        async with self._failures_limit:
            records = await self._runs.store.records([action.run_id], with_message=True)
            record = records.get(action.run_id)
            tail = await self._launcher.log_tail(attempt.job_name, diagnosis) if attempt else []
            raw = record.raw if record else None
            if raw is None and attempt is not None:
                raw = await self._launcher.read_message(attempt.job_name)
            result = failed_result(
                action.run_id,
                raw,
                diagnosis,
                number=action.number,
                job_id=record.job_id if record else None,
                log_tail=tail,
            )
            # The slot stays held until the next look finds no active attempt.
            won = await self._runs.settle(
                result,
                raw=raw,
                holds_slot=True,
                message_bytes=record.message_bytes if record else None,
            )
            if won:
                log = logger.bind(job_id=result.job_id, run_id=action.run_id)
                log.warning("failed with {}: {}", result.reason.value, result.error)
            if won and attempt is not None:
                text = f"{result.reason}: {result.error}"
                await self._launcher.record_event(attempt, "AnalysisFailed", text)
            if attempt is not None and attempt.phase is Phase.ACTIVE:
                await self._launcher.stop(attempt.job_name)
