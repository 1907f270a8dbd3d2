"""Jobs → settled results: compare what Redis and the launcher say, and mend every difference.

A full round looks at everything, at the start and then every 30 s; in between, notices from the
watch bring single runs forward. Notices only hasten: whatever they miss, the next full round
finds. If anything cannot be read, the round does nothing, for a failed list is not an empty one.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection

from controller.attempt import Attempt, Launcher, Phase
from controller.decision import (
    Action,
    Collect,
    Fail,
    Register,
    Relaunch,
    Release,
    Stop,
    View,
    decide,
)
from controller.errors import LaunchError
from controller.intake import failure
from controller.launches import Launches
from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.job import JobRefused, parse_job
from offbeat.logs import logger
from offbeat.result import FailedResult
from offbeat.store import Store

__all__ = ["Reconciler"]

_AFTER_ERROR_SEC = 5.0
_GATHER_SEC = 0.05
_AT_ONCE = 16


class Reconciler:
    """The loop that sees every run to its end."""

    def __init__(
        self,
        store: Store,
        launcher: Launcher,
        launches: Launches,
        *,
        interval_sec: float,
        max_attempts: int,
        beat: Callable[[], None],
        on_place_freed: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._launcher = launcher
        self._launches = launches
        self._interval_sec = interval_sec
        self._max_attempts = max_attempts
        self._beat = beat
        self._on_place_freed = on_place_freed
        self._clock = clock
        self._wake = asyncio.Event()
        self._finished: dict[str, Attempt] = {}
        self._due: dict[str, float] = {}
        self._limit = asyncio.Semaphore(_AT_ONCE)
        self._amiss: str | None = "the first reconciliation has not ended yet"

    def amiss(self) -> str | None:
        """Say what kept the last round from working; None if it worked."""
        return self._amiss

    def finished(self, attempt: Attempt) -> None:
        """Take notice that an attempt has ended."""
        self._finished[attempt.name] = attempt
        self._wake.set()

    def look_at(self, run: str, *, after_sec: float = 0.0) -> None:
        """Take notice that a run may be in trouble."""
        due = self._clock() + after_sec
        self._due[run] = min(due, self._due.get(run, due))
        self._wake.set()

    async def run(self) -> None:
        """Reconcile until cancelled."""
        next_full = 0.0
        while True:
            try:
                if self._clock() >= next_full:
                    await self.reconcile()
                    next_full = self._clock() + self._interval_sec
                await self._handle_notices()
                self._amiss = None
            except (RedisUnreachable, LaunchError) as error:
                logger.warning("nothing is reconciled until this is over: {}", error)
                self._amiss = str(error)
                next_full = self._clock() + _AFTER_ERROR_SEC
            except Exception as error:  # noqa: BLE001 - one odd object must not stop the rest
                logger.exception("the reconciliation failed unexpectedly")
                self._amiss = repr(error)
                next_full = self._clock() + _AFTER_ERROR_SEC
            self._beat()
            await self._sleep_until(min([next_full, *self._due.values()]))

    async def reconcile(self, runs: Collection[str] | None = None) -> None:
        """Look at these runs, or at all of them, and do what must be done.

        Raises:
            RedisUnreachable: Nothing was done.
            LauncherUnavailable: Nothing, or not everything, was done.

        """
        views = await self._views(runs)
        open_attempts = [attempt for view in views if not view.settled for attempt in view.attempts]
        diagnoses = await self._launcher.troubled(open_attempts)
        now = self._clock()
        actions = [
            action
            for view in views
            if view.run not in self._launches
            for action in decide(view, diagnoses, now=now, max_attempts=self._max_attempts)
        ]
        await self._act(actions)

    async def _views(self, runs: Collection[str] | None) -> list[View]:
        """Read Redis, then the launcher, then who is settled: in this order nothing new can look
        lost.
        """
        inflight = await self._store.inflight()
        finishing = await self._store.finishing()
        known = inflight.keys() | finishing.keys()
        wanted = known if runs is None else known & set(runs)
        records = await self._store.records(wanted)
        attempts = defaultdict(list)
        for attempt in await self._launcher.attempts(runs):
            attempts[attempt.run].append(attempt)
        wanted |= attempts.keys()
        settled = await self._store.settled(wanted)
        return [
            View(
                run=run,
                inflight=run in inflight,
                finishing_since=finishing.get(run),
                settled=run in settled,
                record=records.get(run),
                attempts=tuple(attempts[run]),
            )
            for run in sorted(wanted)
        ]

    async def _handle_notices(self) -> None:
        """Wind up the runs that have ended well; look closer at the others."""
        now = self._clock()
        noticed = self._finished
        self._finished = {}
        due = {run for run, time in self._due.items() if time <= now}
        for run in due:
            del self._due[run]
        settled = await self._store.settled({attempt.run for attempt in noticed.values()})
        actions: list[Action] = []
        for attempt in noticed.values():
            if attempt.run in settled:
                actions += [Release(attempt.run), Collect(attempt)]
            else:
                due.add(attempt.run)
        await self._act(actions)
        if due:
            await self.reconcile(due)

    async def _act(self, actions: list[Action]) -> None:
        released = [action.run for action in actions if isinstance(action, Release)]
        if released:
            await self._store.release(released)
            self._on_place_freed()
        others = [action for action in actions if not isinstance(action, Release)]
        outcomes = await asyncio.gather(*map(self._one, others), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _one(self, action: Action) -> None:
        async with self._limit:
            match action:
                case Register(attempt):
                    await self._register(attempt)
                case Relaunch(run, raw, number, because):
                    logger.bind(run=run).warning("attempt {}: {}", number, because)
                    self._launches.start(run, raw, attempt=number)
                case Fail():
                    await self._fail(action)
                case Stop(attempt):
                    logger.bind(run=attempt.run).warning(
                        "{} goes on after its result", attempt.name
                    )
                    await self._launcher.stop(attempt.name)
                case Collect(attempt):
                    record = (await self._store.records([attempt.run])).get(attempt.run)
                    reason = FailureReason(record.reason) if record and record.reason else None
                    await self._launcher.collect(attempt, reason)

    async def _register(self, attempt: Attempt) -> None:
        try:
            job = parse_job(attempt.raw)
        except JobRefused as error:
            logger.bind(run=attempt.run).error("{} carries no job of ours: {}", attempt.name, error)
            return
        state = await self._store.register(
            attempt.run, raw=attempt.raw, job_id=job.job_id, attempt=attempt.attempt
        )
        log = logger.bind(job_id=job.job_id, run=attempt.run)
        log.info("{} was not in Redis and is {}", attempt.name, state)

    async def _fail(self, action: Fail) -> None:
        """Settle for a pod that cannot speak, then stop what is left of it."""
        diagnosis, attempt = action.diagnosis, action.attempt
        tail = await self._launcher.log_tail(attempt.name, diagnosis) if attempt else []
        result = self._failed_result(action, tail)
        # The place stays held until the next look at the run finds no active attempt.
        won = await self._store.settle(result, raw=action.raw, holds_place=True)
        if won:
            log = logger.bind(job_id=result.job_id, run=action.run)
            log.warning("failed with {}: {}", result.reason.value, result.error)
        if won and attempt is not None:
            text = f"{result.reason}: {result.error}"
            await self._launcher.announce(attempt, "AnalysisFailed", text)
        if attempt is not None and attempt.phase is Phase.ACTIVE:
            await self._launcher.stop(attempt.name)
        self.look_at(action.run)

    def _failed_result(self, action: Fail, tail: list[str]) -> FailedResult:
        diagnosis = action.diagnosis
        try:
            job = parse_job(action.raw)
        except JobRefused:
            return FailedResult.because(
                diagnosis.reason,
                diagnosis.summary,
                job_id=None,
                run_id=action.run,
                attempt=action.number,
                detail=diagnosis.detail,
            )
        return failure(
            job,
            action.run,
            diagnosis.reason,
            diagnosis.summary,
            attempt=action.number,
            detail=diagnosis.detail,
            log_tail=tail,
        )

    async def _sleep_until(self, due: float) -> None:
        """Sleep until `due` or a notice; then a moment more, so that notices come in batches."""
        try:
            # Not wait_for: before Python 3.12 it forgets a cancel() that comes with the event.
            async with asyncio.timeout(max(0.0, due - self._clock())):
                await self._wake.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_GATHER_SEC)
        self._wake.clear()
