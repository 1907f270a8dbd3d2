"""Runs → settled results: look at every run that is due or noticed, and have done what must be.

A round costs what has changed: Redis hands out the runs that are due, the watch adds those whose
Jobs have ended. Whatever the watch misses is found when the run is due again, and a slow audit
(`audit.py`) finds Jobs that Redis does not know. What cannot be read is left as it is: a failed
list is not an empty one.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection

from controller.actions import Actions
from controller.attempt import Attempt, Launcher
from controller.audit import suspicious_runs
from controller.decision import Action, CleanUp, Decision, Limits, Release, View, decide
from controller.errors import LaunchError, PermissionMissing
from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.errors import RedisUnreachable
from offbeat.logs import logger
from offbeat.runs import OwnedRuns

__all__ = ["Reconciler"]

LOOP = "reconcile"

_BATCH = 50
_POLL_SEC = 1.0
_GATHER_SEC = 0.02
_FIRST_DOUBT_SEC = 0.5
_AFTER_ERROR_SEC = 2.0
_AUDIT_EVERY = 10
_HISTORY_PAUSE_SEC = 1.5


class Reconciler:
    """The loop that sees every run of one owner to its end."""

    def __init__(
        self,
        runs: OwnedRuns,
        launcher: Launcher,
        launches: PendingLaunches,
        observer: Observer,
        limits: Limits,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._runs = runs
        self._launcher = launcher
        self._launches = launches
        self._observer = observer
        self._limits = limits
        self._monotonic = monotonic
        self._sleep = sleep
        self._wake = asyncio.Event()
        self._finished: dict[str, Attempt] = {}
        self._noticed: dict[str, float] = {}
        self._doubts: dict[str, float] = {}
        self._backlog: dict[str, None] = {}
        self._actions = Actions(runs, launcher, launches, observer, self.notice)
        self._next_survey = 0.0
        self._surveys = 0
        self._is_first = True

    def finished(self, attempt: Attempt) -> None:
        """Take notice that an attempt has ended."""
        self._finished[attempt.job_name] = attempt
        self._wake.set()

    def notice(self, run_id: str, *, after_sec: float = 0.0, doubtful: bool = False) -> None:
        """Take notice of a run; one that is `doubtful` is looked at until its Job has an end."""
        due = self._monotonic() + after_sec
        self._noticed[run_id] = min(due, self._noticed.get(run_id, due))
        if doubtful:
            self._doubts[run_id] = _FIRST_DOUBT_SEC
        self._wake.set()

    async def run(self) -> None:
        """Reconcile until cancelled."""
        try:
            while True:
                pause = await self._step()
                self._observer.tick(LOOP)
                await self._rest(pause)
        finally:
            self._actions.cancel()

    async def _step(self) -> float:
        """Do one round; return how long to rest after it, seconds."""
        try:
            if self._runs.history_lost:
                await self._recover()
            full = await self.round()
            if self._monotonic() >= self._next_survey:
                await self._survey()
            self._observer.worked(LOOP)
            if not self._backlog:  # what was refused has been done since
                self._observer.permission_granted(LOOP)
        except (RedisUnreachable, LaunchError) as error:
            logger.warning("not everything is reconciled until this is over: {}", error)
            self._observer.failed(LOOP, str(error))
            if isinstance(error, PermissionMissing):
                self._observer.permission_missing(LOOP, str(error))
            return _AFTER_ERROR_SEC
        except Exception as error:  # noqa: BLE001 - one odd object must not stop the rest
            logger.exception("the reconciliation failed unexpectedly")
            self._observer.failed(LOOP, repr(error))
            return _AFTER_ERROR_SEC
        return 0.0 if full else _POLL_SEC

    async def round(self) -> bool:
        """Look at what is noticed and due; return whether more may be due at once."""
        await self._wind_up_finished()
        due = await self._runs.due(most=_BATCH, put_off_sec=self._limits.interval_sec)
        backlog = list(self._backlog)[:_BATCH]
        wanted = list(dict.fromkeys([*self._take_notices(), *due, *backlog]))
        for run_id in backlog:
            del self._backlog[run_id]
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            try:
                await self._look_at_each(batch)
            except Exception:
                # The others first: what fails again and again must not keep them waiting.
                self._backlog |= dict.fromkeys([*wanted[start + _BATCH :], *batch])
                raise
        return len(due) == _BATCH or bool(self._backlog)

    def _take_notices(self) -> list[str]:
        """Return the runs whose notices are due; one that comes from now on is a new notice."""
        now = self._monotonic()
        noticed = [run_id for run_id, due in self._noticed.items() if due <= now]
        for run_id in noticed:
            del self._noticed[run_id]
        return noticed

    async def _look_at_each(self, run_ids: list[str]) -> None:
        """Look at these runs together; one that fails in its own way is left out, not the others.

        Raises:
            RedisUnreachable: Not everything was done.
            LaunchError: Not everything was done.

        """
        try:
            await self.look_at(run_ids)
        except (RedisUnreachable, LaunchError):
            raise
        except Exception as error:  # noqa: BLE001 - one odd object must not stop the rest
            if len(run_ids) == 1:
                log = logger.bind(run_id=run_ids[0]).opt(exception=error)
                log.warning("the run cannot be looked at; it is tried again when it is due")
                return
            middle = len(run_ids) // 2
            await self._look_at_each(run_ids[:middle])
            await self._look_at_each(run_ids[middle:])

    async def look_at(self, run_ids: Collection[str]) -> None:
        """Look at these runs and do what must be done.

        Raises:
            RedisUnreachable: Not everything was done.
            LaunchError: Not everything was done.

        """
        wanted = [
            run_id
            for run_id in run_ids
            if run_id not in self._launches and run_id not in self._actions
        ]
        if not wanted:
            return
        decisions = {
            view.run_id: decide(view, self._limits, now=self._runs.now())
            for view in await self._views(wanted)
            if view.run_id not in self._launches
        }
        await self._actions.carry_out(
            [act for decision in decisions.values() for act in decision.actions]
        )
        await self._plan(decisions)

    async def _views(self, run_ids: list[str]) -> list[View]:
        """Read Redis, then the launcher, then who is settled."""
        records = await self._runs.store.records(run_ids)
        attempts = defaultdict(list)
        for attempt in await self._launcher.inspect(run_ids):
            attempts[attempt.run_id].append(attempt)
        settled = await self._runs.store.settled(run_ids)
        return [
            View(
                run_id=run_id,
                owner=self._runs.owner,
                settled=run_id in settled,
                record=records.get(run_id),
                attempts=tuple(attempts[run_id]),
            )
            for run_id in run_ids
        ]

    async def _plan(self, decisions: dict[str, Decision]) -> None:
        """Say when to look at each run again."""
        delays: dict[str, float] = {}
        for run_id, decision in decisions.items():
            if decision.look_again_sec is None or decision.actions:
                self._doubts.pop(run_id, None)
            if decision.look_again_sec is None:
                continue
            delays[run_id] = decision.look_again_sec
            pause = self._doubts.pop(run_id, decision.look_again_sec)
            if pause < decision.look_again_sec:  # else it is looked at by then anyway
                self.notice(run_id, after_sec=pause)
                self._doubts[run_id] = 2 * pause
        await self._runs.put_off(delays)

    async def _wind_up_finished(self) -> None:
        """Release and clean up what has ended well; look closer at the others."""
        finished, self._finished = self._finished, {}
        if not finished:
            return
        try:
            run_ids = {attempt.run_id for attempt in finished.values()}
            records = await self._runs.store.records(run_ids)
            settled = await self._runs.store.settled(run_ids)
            actions: list[Action] = []
            for attempt in finished.values():
                record = records.get(attempt.run_id)
                is_latest = record is not None and record.attempt == attempt.number
                if attempt.run_id in settled and is_latest:
                    actions += [Release(attempt.run_id), CleanUp(attempt)]
                else:  # a later attempt may hold the slot
                    self.notice(attempt.run_id)
            await self._actions.carry_out(actions)
        except (RedisUnreachable, LaunchError):
            for attempt in finished.values():
                self.notice(attempt.run_id)
            raise

    async def _survey(self) -> None:
        """Compare Redis with itself, and now and then with the cluster."""
        await self._runs.heartbeat()
        await self._runs.survey()
        if self._surveys % _AUDIT_EVERY == 0:
            self._backlog |= dict.fromkeys(await suspicious_runs(self._runs, self._launcher))
        self._surveys += 1
        self._next_survey = self._monotonic() + self._limits.interval_sec

    async def _recover(self) -> None:
        """Enter all runs again after a start, or after Redis has lost its history."""
        self._observer.runs_known.clear()
        if not self._is_first:
            logger.warning("Redis has lost its history: entering the runs again from their Jobs")
            await self._sleep(_HISTORY_PAUSE_SEC)  # other controllers of this owner notice it, too
        await self._launches.register_all()
        suspects = await suspicious_runs(self._runs, self._launcher)
        for start in range(0, len(suspects), _BATCH):
            await self._look_at_each(suspects[start : start + _BATCH])
        await self._runs.join()
        self._is_first, self._surveys = False, 1
        async for page in self._runs.pages():
            self._backlog |= dict.fromkeys(page)
        self._observer.runs_known.set()
        self._observer.slot_freed.set()

    async def _rest(self, pause_sec: float) -> None:
        """Rest until a notice or a noticed run is due; then a moment, so that notices gather."""
        due = min([self._monotonic() + pause_sec, *self._noticed.values()])
        try:
            # Not wait_for: before Python 3.12 it forgets a cancel() that comes with the event.
            async with asyncio.timeout(max(0.0, due - self._monotonic())):
                await self._wake.wait()
        except TimeoutError:
            return
        await self._sleep(_GATHER_SEC)
        self._wake.clear()
