"""A cluster in memory: attempts that end well, badly, or not at all, as a seed decides.

It stands for Kubernetes where a test must break it at will. What it settles goes through Redis.
"""

import asyncio
import random
from collections.abc import Collection, Mapping
from dataclasses import replace

from controller.attempt import Attempt, Diagnosis, Launch, Phase
from controller.errors import LauncherUnavailable, LaunchRejected, QuotaExceeded
from controller.names import job_name
from offbeat.failure import FailureReason
from offbeat.result import FailedResult
from offbeat.store import Store

__all__ = ["MemoryCluster"]

_CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory")


class MemoryCluster:
    """Jobs that outlive the controllers which create them, as a cluster's do."""

    def __init__(self, analyzers: Store, seed: int) -> None:
        self.jobs: dict[str, Attempt] = {}
        self.created: list[str] = []
        self.most_active = 0
        self.faults = 0.0
        self.jobs_are_deleted = True
        self.longest_sec = 0.03
        self._analyzers = analyzers
        self._random = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()

    async def create(self, launch: Launch) -> str:
        """Create a Job, which 409 makes safe to repeat; sometimes the answer is lost."""
        await self._network()
        if launch.job.profile == "rejected":
            raise LaunchRejected("422")
        if self._random.random() < self.faults:
            raise QuotaExceeded("403")
        name = job_name(launch.job.job_id, launch.run, launch.attempt)
        if name not in self.jobs:
            self.created.append(name)
            self.jobs[name] = Attempt(
                name=name,
                uid=name,
                run=launch.run,
                attempt=launch.attempt,
                phase=Phase.ACTIVE,
                raw=launch.raw,
                collected=False,
            )
            self.most_active = max(self.most_active, len(self.active()))
            task = asyncio.create_task(self._analyse(name, launch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._network()
        return name

    async def attempts(self, runs: Collection[str] | None = None) -> list[Attempt]:
        """List the Jobs."""
        await self._network()
        jobs = [job for job in self.jobs.values() if not job.collected]
        return [job for job in jobs if runs is None or job.run in runs]

    async def troubled(self, attempts: list[Attempt]) -> Mapping[str, Diagnosis]:
        """Diagnose those that have failed."""
        await self._network()
        return {
            attempt.name: _CRASH
            for attempt in attempts
            if attempt.name in self.jobs and self.jobs[attempt.name].phase is Phase.FAILED
        }

    async def log_tail(self, name: str, diagnosis: Diagnosis) -> list[str]:
        """Return one line."""
        return [f"{name}: {diagnosis.summary}"]

    async def stop(self, name: str) -> None:
        """End a Job."""
        await self._network()
        if name in self.jobs:
            self.jobs[name] = replace(self.jobs[name], phase=Phase.FAILED)

    async def collect(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Label a Job as settled."""
        await self._network()
        if attempt.name in self.jobs:
            self.jobs[attempt.name] = replace(self.jobs[attempt.name], collected=True)

    async def announce(self, attempt: Attempt, reason: str, message: str) -> None:
        """Say nothing."""

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

    async def _analyse(self, name: str, launch: Launch) -> None:
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
                job_id=launch.job.job_id,
                run_id=launch.run,
                attempt=launch.attempt,
            )
            await self._analyzers.settle(result, raw=launch.raw, holds_place=True)
            await asyncio.sleep(self._random.random() * 0.01)
        if name in self.jobs:
            self.jobs[name] = replace(self.jobs[name], phase=Phase.SUCCEEDED)
