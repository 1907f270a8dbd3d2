"""Nothing is lost and nothing comes twice, whatever breaks: the loops on a real Redis."""

import asyncio
import json
from collections import Counter

import pytest
import redis.asyncio as redis

from offbeat.runs import OwnedRuns
from offbeat.scripts import message_sha
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.controller import (
    CAP,
    a_controller,
    push_healthy,
    results_of,
    until,
    until_idle,
)
from tests.support.launcher import MemoryCluster

MESSAGES = 120


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


async def check(store: Store, client: redis.Redis, pushed: int) -> None:
    """Compare what was pushed with what came back."""
    results = await results_of(store)
    names = ["claimed", "coalesced", "settled"]
    counted = await client.hmget(store.keys.stats, names)
    claimed, coalesced, settled = (int(count or 0) for count in counted)
    assert claimed + coalesced == pushed
    assert len(results) == claimed == settled
    assert max(Counter(result["run_id"] for result in results).values()) == 1
    answered = {result["job_id"] for result in results}
    assert answered == set(range(MESSAGES))
    assert await client.hlen(store.keys.dedup) == 0


@pytest.mark.parametrize("seed", range(3))
async def test_burst(
    settings: Settings, store: Store, runs: OwnedRuns, redis_client: redis.Redis, seed: int
) -> None:
    """A burst gives one result for each run and never more Jobs at once than the cap."""
    cluster = MemoryCluster(runs, seed)
    pushed = await push(store, MESSAGES)
    async with a_controller(settings, cluster):
        await until_idle(store)
    await check(store, redis_client, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


@pytest.mark.parametrize("seed", range(3))
async def test_killed_controllers_and_failing_calls(
    settings: Settings, store: Store, runs: OwnedRuns, redis_client: redis.Redis, seed: int
) -> None:
    """Controllers that die anywhere, and a cluster that often does not answer, change nothing."""
    cluster = MemoryCluster(runs, seed)
    pushed = await push(store, MESSAGES)
    cluster.faults = 0.03
    for _ in range(6):
        async with a_controller(settings, cluster):
            await asyncio.sleep(0.15)
    cluster.faults = 0.0
    async with a_controller(settings, cluster):
        await until_idle(store)
    await check(store, redis_client, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


async def test_two_controllers(
    settings: Settings, store: Store, runs: OwnedRuns, redis_client: redis.Redis
) -> None:
    """Two controllers of one owner do the work of one."""
    cluster = MemoryCluster(runs, 7)
    pushed = await push(store, MESSAGES)
    async with a_controller(settings, cluster), a_controller(settings, cluster):
        await until_idle(store)
    await check(store, redis_client, pushed)
    assert cluster.most_active <= CAP
    await cluster.close()


async def test_a_watch_that_says_nothing(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """Every Job is found to have ended without a notice."""
    cluster.watched = 0.0
    await push_healthy(store, 20)
    async with a_controller(settings, cluster):
        await until_idle(store)
        await until(lambda: all(job.cleanup_scheduled for job in cluster.jobs.values()))
    assert len(await results_of(store)) == 20


async def test_a_watch_alone(settings: Settings, store: Store, cluster: MemoryCluster) -> None:
    """A notice is followed at once, also where nothing is due for an hour."""
    cluster.watched = 1.0
    await push_healthy(store, 20)
    async with a_controller(settings, cluster) as controller:
        controller.runs.look_every(3_600)
        await until_idle(store)
        # A slot is free a moment before its Job is labelled.
        await until(lambda: all(job.cleanup_scheduled for job in cluster.jobs.values()))
    assert cluster.most_active <= CAP


async def test_a_watch_that_lies(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """Notices of runs that nobody knows, that go on or that others own change nothing."""
    cluster.room.clear()
    await push_healthy(store, 3)
    await redis_client.hset(
        store.keys.run("theirs").record, mapping={"owner": "there", "state": "launched"}
    )
    await redis_client.zadd(store.keys.inflight, {"theirs": 1})
    async with a_controller(settings, cluster) as controller:
        await until(lambda: len(cluster.jobs) == 3)
        for _ in range(5):
            seen = cluster.inspections
            for run_id in ("nobody", "theirs", *(job.run_id for job in cluster.active())):
                controller.reconciler.notice(run_id, doubtful=True)
            for job in cluster.active():
                controller.reconciler.finished(job)
            async with asyncio.timeout(240):
                while cluster.inspections == seen:
                    await asyncio.sleep(0.01)
        assert await controller.runs.slots() == 3
        assert await results_of(store) == []
        record = (await store.records(["theirs"]))["theirs"]
        assert (record.state, record.attempt, record.owner) == ("launched", 0, "there")
        await redis_client.zrem(store.keys.inflight, "theirs")
        cluster.room.set()
        await until_idle(store)
    assert len(cluster.created) == 3


async def test_a_job_that_is_deleted_by_hand(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """Its run has another attempt under another name, and one result."""
    cluster.room.clear()
    await push_healthy(store, 1)
    async with a_controller(settings, cluster):
        await until(lambda: cluster.jobs)
        run_id = next(iter(cluster.jobs.values())).run_id
        async with asyncio.timeout(240):
            while (await store.records([run_id]))[run_id].state != "launched":
                await asyncio.sleep(0.01)
        cluster.jobs.clear()
        await until(lambda: len(cluster.created) == 2)
        cluster.room.set()
        await until_idle(store)
    (result,) = await results_of(store)
    assert result["attempt"] == 2
    assert len(set(cluster.created)) == 2


async def test_a_job_that_somebody_deletes_again_and_again(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """After the last attempt the run is answered."""
    cluster.deletions = 1.0
    await push_healthy(store, 1)
    async with a_controller(settings, cluster):
        await until_idle(store)
    (result,) = await results_of(store)
    assert (result["reason"], result["attempt"]) == ("disrupted", 3)
    assert len(cluster.created) == 3


async def test_a_message_that_is_too_large(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """It is answered with its job_id, and no Job is made of it."""
    raw = b'{"job_id": 9007199254740993, "relative_path": "a.wav", "pad": "%s"}' % (b"x" * 300_000)
    await store.push(raw)
    async with a_controller(settings, cluster):
        await until_idle(store)
    (result,) = await results_of(store)
    assert (result["reason"], result["job_id"]) == ("invalid_job", 9007199254740993)
    assert cluster.created == []


async def test_a_message_whose_duplicate_has_ended(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """What is left of a run that ended answers nobody: the message has a run of its own."""
    (raw,) = await push_healthy(store, 1)
    await redis_client.hset(store.keys.dedup, message_sha(raw), "ended")
    await redis_client.hset(store.keys.run("ended").record, "state", "completed")
    async with a_controller(settings, cluster):
        await until_idle(store)
    assert len(await results_of(store)) == 1
    assert len(cluster.created) == 1
