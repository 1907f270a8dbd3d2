"""Redis goes away, refuses, forgets, or goes back in time, under a controller that lives."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis.asyncio as redis
from pydantic import SecretStr

from offbeat.embedded import EmbeddedRedis
from offbeat.errors import EmbeddedRedisFailed, RedisUnreachable
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.controller import (
    CAP,
    Controller,
    a_controller,
    depth,
    push_healthy,
    results_of,
    until,
    until_idle,
)
from tests.support.launcher import MemoryCluster


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """Run a redis-server for one test, which may flush, stop or forbid it."""
    server = EmbeddedRedis(tmp_path / "own-redis", port=0)
    try:
        server.start()
    except EmbeddedRedisFailed as error:
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def settings(settings: Settings, own_redis: EmbeddedRedis) -> Settings:
    """Name the queues of the test on that server."""
    return settings.model_copy(update={"redis_url": SecretStr(own_redis.url)})


async def one_result_for_each(store: Store, count: int) -> None:
    """Compare the results with the messages 0 to `count`."""
    results = await results_of(store)
    assert Counter(result["job_id"] for result in results) == Counter(range(count))


async def all_launched(store: Store, cluster: MemoryCluster, count: int) -> None:
    """Wait until Redis knows of every Job."""
    async with asyncio.timeout(240):
        while True:
            records = await store.records([job.run_id for job in cluster.active()])
            if [record.state for record in records.values()] == ["launched"] * count:
                return
            await asyncio.sleep(0.01)


async def test_flushall(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """The Jobs that run are entered again before anything is claimed: the cap holds."""
    cluster.room.clear()
    await push_healthy(store, CAP)
    async with a_controller(settings, cluster) as controller:
        await all_launched(store, cluster, CAP)
        await redis_client.flushall()
        await push_healthy(store, 12, first=CAP)
        async with asyncio.timeout(240):
            while await controller.runs.slots() < CAP:
                await asyncio.sleep(0.01)
        await until(lambda: controller.observer.may_claim() and not controller.runs.history_lost)
        assert await depth(store) == 12
        cluster.room.set()
        await until_idle(store)
    assert cluster.most_active <= CAP
    assert len(cluster.created) == 20
    await one_result_for_each(store, 20)


async def test_flushall_while_jobs_are_being_created(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """What is only in this process' memory is entered again, too."""
    cluster.longest_sec = 0.2
    creating = asyncio.Event()
    waiting = 0
    create = cluster.create

    async def slow_create(spec):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        nonlocal waiting
        waiting += 1
        await creating.wait()
        return await create(spec)

    cluster.create = slow_create  # type: ignore[method-assign]
    await push_healthy(store, CAP)
    async with a_controller(settings, cluster) as controller:
        await until(lambda: waiting == CAP)
        await redis_client.flushall()
        async with asyncio.timeout(240):
            while await controller.runs.slots() < CAP:
                await asyncio.sleep(0.01)
        creating.set()
        await until_idle(store)
    assert len(cluster.created) == CAP
    await one_result_for_each(store, CAP)


async def test_claims_that_a_failover_undoes(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """The messages come back, and join the runs whose Jobs are at work."""
    cluster.room.clear()
    keys = store.keys
    async with a_controller(settings, cluster) as controller:
        await until(lambda: not controller.runs.history_lost)
        async with controller_is_blind(controller):
            await push_healthy(store, CAP)
            past = {key: await redis_client.dump(key) for key in await redis_client.keys("*")}
            assert all(past.values())
        await all_launched(store, cluster, CAP)
        undo = redis_client.pipeline(transaction=True)
        undo.flushall()
        for key, value in past.items():
            undo.restore(key, 0, value or b"")
        await undo.execute()
        async with asyncio.timeout(240):
            while await depth(store) or await controller.runs.slots() < CAP:
                await asyncio.sleep(0.01)
        cluster.room.set()
        await until_idle(store)
    assert len(cluster.created) == CAP
    await one_result_for_each(store, CAP)
    assert int(await redis_client.hget(keys.stats, "coalesced") or 0) == CAP


class controller_is_blind:  # noqa: N801 - it reads like a function
    """Keep a controller from claiming for as long as the block lasts."""

    def __init__(self, controller: Controller) -> None:
        self._known = controller.observer.runs_known

    async def __aenter__(self) -> None:
        await self._known.wait()
        self._known.clear()
        await asyncio.sleep(0)

    async def __aexit__(self, *_: object) -> None:
        self._known.set()


async def ticks_while_it_fails(controller: Controller, loop: str) -> None:
    """Wait until a loop has reported an error, and has ticked after that."""
    observer = controller.observer
    await until(lambda: loop in observer._errors)
    before = observer._ticks[loop]
    await until(lambda: observer._ticks[loop] > before)


async def test_redis_that_goes_away(
    settings: Settings, store: Store, cluster: MemoryCluster, own_redis: EmbeddedRedis
) -> None:
    """The loops tick while it is away, and go on when it is back; running Jobs are not touched."""
    cluster.room.clear()
    await push_healthy(store, CAP + 2)
    port = urlsplit(own_redis.url).port
    assert port is not None
    async with a_controller(settings, cluster) as controller:
        await all_launched(store, cluster, CAP)
        own_redis.stop()
        for loop in ("dispatch", "reconcile"):
            await ticks_while_it_fails(controller, loop)
        assert not controller.dispatching.done()
        assert not controller.reconciling.done()
        assert controller.observer.last_error() is not None
        with EmbeddedRedis(own_redis.folder, port=port):
            with suppress(RedisUnreachable):  # a connection of before
                await store.ping()
            cluster.room.set()
            await until_idle(store)
            await until(lambda: controller.observer.last_error() is None)
            await one_result_for_each(store, CAP + 2)
    assert len(cluster.created) == CAP + 2
    assert cluster.most_active <= CAP


async def test_redis_that_refuses(
    settings: Settings, store: Store, cluster: MemoryCluster, redis_client: redis.Redis
) -> None:
    """A right that is taken away is named, and nothing is lost until it is given back."""
    async with a_controller(settings, cluster) as controller:
        await until(lambda: controller.observer.last_error() is None)
        await redis_client.acl_setuser("default", enabled=True, commands=["-hset", "-evalsha"])
        await push_healthy(store, 20)
        await until(lambda: "dispatch" in controller.observer._errors)
        await until(lambda: "reconcile" in controller.observer._errors)
        assert "ermission" in str(controller.observer.last_error())
        assert cluster.created == []
        await redis_client.acl_setuser("default", enabled=True, categories=["+@all"])
        await until_idle(store)
        await until(lambda: controller.observer.last_error() is None)
    assert len(cluster.created) == 20
    await one_result_for_each(store, 20)
