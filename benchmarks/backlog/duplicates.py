"""Thousands of copies of a message that is at work, and a new message behind them."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection
from typing import NoReturn

from benchmarks.backlog.bench import Bench
from benchmarks.figure import Figure, figure_table
from benchmarks.tables import Table
from controller.attempt import Attempt, Diagnosis, LaunchSpec
from controller.dispatch import Dispatch
from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.failure import FailureReason
from offbeat.runs import OwnedRuns

__all__ = ["duplicates"]

_TARGET_SEC = 0.2
_ROUNDS = 10
_PATIENCE_SEC = 60.0

_PUSH = """
for _ = 1, tonumber(ARGV[1]) do redis.call('LPUSH', KEYS[1], ARGV[2]) end
redis.call('LPUSH', KEYS[1], ARGV[3])
"""
"""All at once, so that nothing is claimed between two of them."""


class _Clock:
    """A launcher that notes when it is told to create which Job, and creates none."""

    def __init__(self) -> None:
        self.created: dict[int | str, float] = {}
        self._changed = asyncio.Event()

    async def until(self, job_id: str) -> float:
        """Return when the Job of a message was to be created, by the clock of perf_counter."""
        async with asyncio.timeout(_PATIENCE_SEC):
            while job_id not in self.created:
                self._changed.clear()
                await self._changed.wait()
        return self.created[job_id]

    async def create(self, spec: LaunchSpec) -> str:
        self.created[spec.job.job_id] = time.perf_counter()
        self._changed.set()
        return f"job-{spec.run_id}"

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        _never()

    async def pages(self) -> AsyncIterator[list[Attempt]]:
        _never()
        yield []

    async def is_settled(self, spec: LaunchSpec) -> bool:
        _never()

    async def read_message(self, job_name: str) -> bytes | None:
        _never()

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        _never()

    async def stop(self, job_name: str) -> None:
        _never()

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        _never()

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        _never()


def _never() -> NoReturn:
    raise AssertionError("dispatching asks the launcher for nothing but create")


async def duplicates(bench: Bench) -> list[Table]:
    """Time a message behind copies of one in flight, and one behind nothing, in turn."""
    bench.empty()
    clock, observer = _Clock(), Observer()
    async with OwnedRuns.connect(bench.settings, "bench/duplicates") as runs:
        await runs.join()
        observer.runs_known.set()
        launches = PendingLaunches(runs, clock, observer, {"default"})
        dispatch = Dispatch(runs, launches, observer, cap=10_000)
        loop = asyncio.create_task(dispatch.run())
        try:
            behind, alone = await _measure(bench, clock)
        finally:
            loop.cancel()
            await asyncio.gather(loop, return_exceptions=True)
            await launches.drain(1)
    joined = int(bench.redis.hget(bench.keys.stats, "coalesced") or 0)
    assert joined == _ROUNDS * bench.duplicates, f"{joined} duplicates joined their run"
    figures = [
        Figure(
            name=f"push to create behind {bench.duplicates:,} duplicates, worst",
            value=max(behind),
            unit="s",
            target=_TARGET_SEC,
            floor=max(alone),
        ),
        Figure(
            name="the same, median",
            value=sorted(behind)[_ROUNDS // 2],
            unit="s",
            floor=sorted(alone)[_ROUNDS // 2],
        ),
    ]
    note = f"{_ROUNDS} rounds. Floor: the same message with no duplicate in front of it."
    return [figure_table("Duplicates of a message in flight", figures, note)]


async def _measure(bench: Bench, clock: _Clock) -> tuple[list[float], list[float]]:
    behind: list[float] = []
    alone: list[float] = []
    push = bench.redis.register_script(_PUSH)
    twin = _message("twin")
    bench.redis.lpush(bench.keys.queue, twin)
    await clock.until("twin")
    for number in range(_ROUNDS):
        for copies, taken in ((bench.duplicates, behind), (0, alone)):
            name = f"next-{number}-{copies}"
            pushed = time.perf_counter()
            await asyncio.to_thread(
                push, keys=[bench.keys.queue], args=[copies, twin, _message(name)]
            )
            taken.append(await clock.until(name) - pushed)
    return behind, alone


def _message(job_id: str) -> bytes:
    cues = [{"title": f"Track {n}", "start_time_sec": 300.0 * n} for n in range(10)]
    return json.dumps({"job_id": job_id, "relative_path": "a.mp3", "cue_tracks": cues}).encode()
