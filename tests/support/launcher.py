"""A cluster in memory: attempts that end well, badly, or not at all, as a seed or a test decides.

It stands for Kubernetes where a test must break it at will. What it settles goes through Redis.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from typing import Protocol

from controller.attempt import Attempt, Diagnosis, LaunchSpec, Phase
from controller.errors import LauncherUnavailable, LaunchRejected, QuotaExceeded
from offbeat.failure import FailureReason
from offbeat.result import FailedResult
from offbeat.runs import OwnedRuns
from offbeat.slug import job_name

__all__ = ["MemoryCluster", "Watch"]

_CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory")


class Watch(Protocol):
    """What hears of Jobs that have ended."""

    def finished(self, attempt: Attempt) -> None:
        """Hear of one that has succeeded."""

    def notice(self, run_id: str, *, after_sec: float = 0.0, doubtful: bool = False) -> None:
        """Hear of one whose pod has failed."""


class MemoryCluster:
    """Jobs that outlive the controllers which create them, as a cluster's do."""

    def __init__(self, analyzers: OwnedRuns, seed: int = 0) -> None:
        self.jobs: dict[str, Attempt] = {}
        self.messages: dict[str, bytes] = {}
        self.created: list[str] = []
        self.stopped: list[str] = []
        self.inspections = 0
        self.most_active = 0
        self.faults = 0.0
        """Share of the calls that fail for no reason."""
        self.crashes = 0.1
        """Share of the Jobs that fail; as many end without a result."""
        self.deletions = 0.1
        """Share of the Jobs that somebody deletes."""
        self.longest_sec = 0.03
        self.watches: list[Watch] = []
        self.watched = 0.8
        """Share of the ends that the watches hear of."""
        self.refusals: list[Exception] = []
        """What the next calls of `create` raise; the last one for ever."""
        self.unreadable: Callable[[str], Exception | None] = lambda _: None
        """What `inspect` raises for a run."""
        self.lingers = False
        """Whether a Job goes on after its result."""
        self.room = asyncio.Event()
        """While it is not set, no Job ends."""
        self.room.set()
        self.logs_are_fast = asyncio.Event()
        """While it is not set, no log can be read."""
        self.logs_are_fast.set()
        self._analyzers = analyzers
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()

    def be_healthy(self) -> None:
        """Let every Job end with a result."""
        self.crashes = self.deletions = self.faults = 0.0

    async def create(self, spec: LaunchSpec) -> str:
        """Create a Job, which 409 makes safe to repeat; sometimes the answer is lost."""
        await self._network()
        if self.refusals:
            raise self.refusals.pop(0) if len(self.refusals) > 1 else self.refusals[0]
        if spec.job.profile == "rejected":
            raise LaunchRejected("422")
        if self._random.random() < self.faults:
            raise QuotaExceeded("403")
        name = job_name(spec.job.job_id, spec.run_id, spec.number)
        if name not in self.jobs:
            self.created.append(name)
            self.jobs[name] = Attempt(
                job_name=name, uid=name, run_id=spec.run_id, number=spec.number, phase=Phase.ACTIVE
            )
            self.messages[name] = spec.raw
            self.most_active = max(self.most_active, len(self.active()))
            task = asyncio.create_task(self._analyse(name, spec))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._network()
        return name

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        """Return the Jobs of some runs, with why they failed."""
        self.inspections += 1
        await self._network()
        for run_id in run_ids:
            error = self.unreadable(run_id)
            if error is not None:
                raise error
        return [
            replace(job, diagnosis=_CRASH)
            if job.phase is Phase.FAILED and job.diagnosis is None
            else job
            for job in self.jobs.values()
            if job.run_id in run_ids and not job.cleanup_scheduled
        ]

    async def pages(self) -> AsyncIterator[list[Attempt]]:
        """Yield the Jobs, a few at a time, without their phases."""
        jobs = [job for job in self.jobs.values() if not job.cleanup_scheduled]
        for start in range(0, len(jobs), 3):
            await self._network()
            yield [replace(job, phase=Phase.ACTIVE) for job in jobs[start : start + 3]]

    async def is_settled(self, spec: LaunchSpec) -> bool:
        """Say whether a Job is labelled as settled."""
        await self._network()
        job = self.jobs.get(job_name(spec.job.job_id, spec.run_id, spec.number))
        return job is not None and job.cleanup_scheduled

    async def read_message(self, job_name: str) -> bytes | None:
        """Return the message of a Job."""
        await self._network()
        return self.messages[job_name] if job_name in self.jobs else None

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        """Return one line."""
        await self.logs_are_fast.wait()
        return [f"{job_name}: {diagnosis.summary}"]

    async def stop(self, job_name: str) -> None:
        """End a Job."""
        await self._network()
        self.stopped.append(job_name)
        self.change(job_name, phase=Phase.FAILED, quota=None)

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Label a Job as settled."""
        await self._network()
        self.change(attempt.job_name, cleanup_scheduled=True)

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        """Say nothing."""

    def change(self, job_name: str, **changes: object) -> None:
        """Change what is seen of a Job, if there is one."""
        if job_name in self.jobs:
            self.jobs[job_name] = replace(self.jobs[job_name], **changes)  # type: ignore[arg-type]

    def active(self) -> list[Attempt]:
        """Return the Jobs that run."""
        return [job for job in self.jobs.values() if job.phase is Phase.ACTIVE]

    async def close(self) -> None:
        """Stop what still runs."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _network(self) -> None:
        await asyncio.sleep(self._random.random() * 0.002)
        if self._random.random() < self.faults:
            raise LauncherUnavailable("503")

    async def _analyse(self, name: str, spec: LaunchSpec) -> None:
        await asyncio.sleep(self._random.random() * self.longest_sec)
        await self.room.wait()
        while name in self.jobs and self.jobs[name].quota is not None:
            await asyncio.sleep(0.01)
        fate = self._random.random()
        if fate < self.deletions:
            del self.jobs[name]
            return
        if name not in self.jobs or self.jobs[name].phase is not Phase.ACTIVE:
            return
        fate -= self.deletions
        if fate < self.crashes:
            self.change(name, phase=Phase.FAILED)
        else:
            if fate >= 2 * self.crashes:
                await self._settle(spec)
            if self.lingers:
                return
            self.change(name, phase=Phase.SUCCEEDED)
        for watch in self.watches:
            if name in self.jobs and self._random.random() < self.watched:
                if self.jobs[name].phase is Phase.FAILED:
                    watch.notice(spec.run_id, doubtful=True)
                else:
                    watch.finished(self.jobs[name])

    async def _settle(self, spec: LaunchSpec) -> None:
        result = FailedResult.because(
            FailureReason.FILE_NOT_FOUND,
            "not there",
            job_id=spec.job.job_id,
            run_id=spec.run_id,
            attempt=spec.number,
        )
        await self._analyzers.settle(result, raw=spec.raw, holds_slot=True)
        await asyncio.sleep(self._random.random() * 0.01)
