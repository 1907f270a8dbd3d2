"""A cluster in memory: attempts that end well, badly, or not at all, as a seed decides.

It stands for Kubernetes where a test must break it at will. What it settles goes through Redis.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace

from controller.attempt import Attempt, Diagnosis, LaunchSpec, Phase
from controller.errors import LauncherUnavailable, LaunchRejected, QuotaExceeded
from offbeat.slug import job_name
from offbeat.failure import FailureReason
from offbeat.result import FailedResult
from offbeat.runs import OwnedRuns

__all__ = ["MemoryCluster"]

_CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory")


class MemoryCluster:
    """Jobs that outlive the controllers which create them, as a cluster's do."""

    def __init__(self, analyzers: OwnedRuns, seed: int) -> None:
        self.jobs: dict[str, Attempt] = {}
        self.messages: dict[str, bytes] = {}
        self.created: list[str] = []
        self.most_active = 0
        self.faults = 0.0
        self.jobs_are_deleted = True
        self.longest_sec = 0.03
        self.watches: list[Callable[[str], None]] = []
        """Called with the run of most Jobs that have ended: a watch misses some."""
        self._analyzers = analyzers
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, spec: LaunchSpec) -> str:
        """Create a Job, which 409 makes safe to repeat; sometimes the answer is lost."""
        await self._network()
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
            task.add_done_callback(lambda done: self._ended(spec.run_id, done))
        await self._network()
        return name

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        """Return the Jobs of some runs, with why they failed."""
        await self._network()
        return [
            replace(job, diagnosis=_CRASH if job.phase is Phase.FAILED else None)
            for job in self.jobs.values()
            if job.run_id in run_ids and not job.cleanup_scheduled
        ]

    async def pages(self) -> AsyncIterator[list[Attempt]]:
        """Yield the Jobs, a few at a time, without their phases."""
        jobs = [job for job in self.jobs.values() if not job.cleanup_scheduled]
        for start in range(0, len(jobs), 3):
            await self._network()
            yield [replace(job, phase=Phase.ACTIVE) for job in jobs[start : start + 3]]

    async def read_message(self, job_name: str) -> bytes | None:
        """Return the message of a Job."""
        await self._network()
        return self.messages[job_name] if job_name in self.jobs else None

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        """Return one line."""
        return [f"{job_name}: {diagnosis.summary}"]

    async def stop(self, job_name: str) -> None:
        """End a Job."""
        await self._network()
        if job_name in self.jobs:
            self.jobs[job_name] = replace(self.jobs[job_name], phase=Phase.FAILED)

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Label a Job as settled."""
        await self._network()
        if attempt.job_name in self.jobs:
            self.jobs[attempt.job_name] = replace(
                self.jobs[attempt.job_name], cleanup_scheduled=True
            )

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        """Say nothing."""

    def _ended(self, run_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        for watch in self.watches:
            if self._random.random() < 0.8:
                watch(run_id)

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
        fate = self._random.random()
        if fate < 0.1 and self.jobs_are_deleted:
            del self.jobs[name]  # by somebody
            return
        if fate < 0.2:
            self.jobs[name] = replace(self.jobs[name], phase=Phase.FAILED)
            return
        if fate >= 0.3:
            result = FailedResult.because(
                FailureReason.FILE_NOT_FOUND,
                "not there",
                job_id=spec.job.job_id,
                run_id=spec.run_id,
                attempt=spec.number,
            )
            await self._analyzers.settle(result, raw=spec.raw, holds_slot=True)
            await asyncio.sleep(self._random.random() * 0.01)
        if name in self.jobs:
            self.jobs[name] = replace(self.jobs[name], phase=Phase.SUCCEEDED)
