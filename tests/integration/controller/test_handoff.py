"""Nothing is lost and nothing comes twice, whatever breaks: the loops on a real Redis."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controller.dispatch import Dispatch
from controller.decision import Limits
from controller.launching import PendingLaunches
from controller.observer import Observer
from controller.reconcile import Reconciler
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.launcher import MemoryCluster

CAP = 8
MESSAGES = 120


LIMITS = Limits(max_attempts=3, interval_sec=0.3, image_grace_sec=0.1, park_deadline_sec=60)


@pytest.fixture
async def runs(settings: Settings) -> AsyncIterator[OwnedRuns]:
    """Open the runs of one owner, for the analyzers of the cluster in memory."""
    async with OwnedRuns.connect(settings, "here") as runs:
        yield runs


@asynccontextmanager
async def a_controller(
    settings: Settings, cluster: MemoryCluster, owner: str = "here"
) -> AsyncIterator[OwnedRuns]:
    """Run the loops of one controller; leave them the way `kill -9` does, wherever they are."""
    async with OwnedRuns.connect(settings, owner) as runs:
        runs.look_every(LIMITS.interval_sec)
        observer = Observer()
        launches = PendingLaunches(
            runs, cluster, observer, {"default", "rejected"}, first_look_sec=0.1
        )
        dispatch = Dispatch(runs, launches, observer, cap=CAP)
        reconciler = Reconciler(runs, cluster, launches, observer, LIMITS)
        cluster.watches.append(reconciler.notice)
        loops = [asyncio.create_task(dispatch.run()), asyncio.create_task(reconciler.run())]
        try:
            yield runs
        finally:
            cluster.watches.remove(reconciler.notice)
            for loop in loops:
                loop.cancel()
            await launches.drain(0)
            await asyncio.gather(*loops, return_exceptions=True)


async def push(store: Store, count: int) -> int:
    """Push messages, every tenth malformed, every tenth twice; return how many."""
    pushed = 0
    for number in range(count):
        profile = "rejected" if number % 10 == 5 else "default"
        raw = json.dumps({"job_id": number, "relative_path": "a.wav", "profile": profile}).encode()
        if number % 10 == 3:
            raw = raw[:-1]
        for _ in range(2 if number % 10 == 7 else 1):
            await store.push(raw)
            pushed += 1
    return pushed


async def idle(store: Store) -> bool:
    """Return whether nothing waits, nothing is in flight and no place is held."""
    waiting = await store.client.llen(store.keys.queue)
    return not waiting and not await store.inflight() and not await store.finishing()


async def until_idle(store: Store) -> None:
    """Wait until all is done."""
    async with asyncio.timeout(60):
        while not await idle(store):
            await asyncio.sleep(0.05)


async def check(store: Store, pushed: int) -> None:
    """Compare what was pushed with what came back."""
    results = [json.loads(raw) for raw in await store.client.lrange(store.keys.results, 0, -1)]
    names = ["claimed", "coalesced", "settled"]
    counted = await store.client.hmget(store.keys.stats, names)
    claimed, coalesced, settled = (int(count or 0) for count in counted)
    assert claimed + coalesced == pushed
    assert len(results) == claimed == settled
    assert max(Counter(result["run_id"] for result in results).values()) == 1
    answered = {result["job_id"] for result in results}
    assert answered == {n for n in range(MESSAGES) if n % 10 != 3} | {None}
    assert await store.client.hlen(store.keys.dedup) == 0


@pytest.mark.parametrize("seed", range(3))
async def test_burst(store: Store, seed: int) -> None:
    """A burst gives one result for each run and never more Jobs at once than the cap."""
    cluster = MemoryCluster(store, seed)
    pushed = await push(store, MESSAGES)
    async with a_controller(store, cluster):
        await until_idle(store)
    await check(store, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


@pytest.mark.parametrize("seed", range(3))
async def test_killed_controllers_and_failing_calls(store: Store, seed: int) -> None:
    """Controllers that die anywhere, and a cluster that often does not answer, change nothing."""
    cluster = MemoryCluster(store, seed)
    pushed = await push(store, MESSAGES)
    cluster.faults = 0.03
    for _ in range(6):
        async with a_controller(store, cluster):
            await asyncio.sleep(0.15)
    cluster.faults = 0.0
    async with a_controller(store, cluster):
        await until_idle(store)
    await check(store, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


async def test_two_controllers(store: Store) -> None:
    """Two controllers on one queue do the work of one."""
    cluster = MemoryCluster(store, 7)
    pushed = await push(store, MESSAGES)
    async with a_controller(store, cluster), a_controller(store, cluster):
        await until_idle(store)
    await check(store, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


async def test_forgetful_redis(store: Store) -> None:
    """Runs that Redis has forgotten are entered again from their Jobs."""
    cluster = MemoryCluster(store, 11)
    cluster.jobs_are_deleted = False  # what both have forgotten, nobody knows
    cluster.longest_sec = 2.0
    await push(store, 5)
    async with a_controller(store, cluster):
        while len(cluster.created) < 4:
            await asyncio.sleep(0.001)
        await store.client.delete(store.keys.inflight, store.keys.finishing, store.keys.dedup)
        async with asyncio.timeout(20):
            # None is entered that has ended, so all must be while some still run.
            while not (running := {job.run for job in cluster.active()}) or (
                running - (await store.inflight()).keys()
            ):
                await asyncio.sleep(0.01)
            while await store.client.llen(store.keys.results) < 5:
                await asyncio.sleep(0.01)
        await until_idle(store)
    results = [json.loads(raw) for raw in await store.client.lrange(store.keys.results, 0, -1)]
    assert {result["job_id"] for result in results} == {0, 1, 2, None, 4}
    assert len(results) == 5
    await cluster.close()
