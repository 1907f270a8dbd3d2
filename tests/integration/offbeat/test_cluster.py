"""A real Redis Cluster of three masters: queues with one tag work, whichever node the URL names."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest
import redis

from offbeat.client import Client
from offbeat.errors import RedisRefused, RedisUnreachable
from offbeat.run_session import RunSession
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.handoff import broken
from tests.support.redis_servers import Cluster, Server

QUEUE, RESULTS = "{audio}_jobs", "{audio}_results"
T = TypeVar("T")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Start three masters and a spare node."""
    with Cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def empty(cluster: Cluster) -> Iterator[None]:
    """Begin without keys."""
    yield
    with cluster.owner(QUEUE).client() as client:
        client.flushall()


def settings_of(node: Server, *, tagged: bool = True) -> Settings:
    """Return settings that name a node."""
    names = {"analysis_queue": QUEUE, "results_queue": RESULTS} if tagged else {}
    return Settings(_env_file=None, redis_url=node.url, **names)  # type: ignore[arg-type]


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until Redis answers, as controllers do."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call()
            except RedisRefused:
                raise
            except RedisUnreachable:
                await asyncio.sleep(0.05)


async def live(settings: Settings) -> None:
    """See a job from its push to its result; nothing has to be tried twice."""
    # Not twice the same: a node that has just been joined may hear late of an earlier result.
    job_id = uuid.uuid4().hex
    async with OwnedRuns.connect(settings, "here") as runs, Client.connect(settings=settings) as it:
        await runs.join()
        waiting = asyncio.create_task(
            it.submit({"job_id": job_id, "relative_path": "a.mp3"}, timeout_sec=60)
        )
        assert await runs.wait(10)
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        await runs.launched(claim.run_id, job_id=job_id, number=1, job_name="j", look_again_sec=-1)
        assert await runs.due(most=10, put_off_sec=10) == [claim.run_id]
        result = broken(claim.run_id, job_id=job_id)
        session = RunSession(settings, claim.run_id, 1)
        try:
            assert not await asyncio.to_thread(session.is_settled)
            session.progress(0.5, "measuring")
            found = await it.status(job_id)
            assert found is not None
            assert (found.state, found.fraction) == ("running", 0.5)
            assert await asyncio.to_thread(session.settle, result, raw=claim.raw)
        finally:
            session.close()
        await runs.release([claim.run_id])
        await runs.survey()
        assert (await waiting).run_id == claim.run_id
        depths = await it.store.depths()
        assert (depths.queue, depths.results, depths.inflight, depths.finishing) == (0, 0, 0, 0)
        assert await runs.slots() == 0
        assert not runs.history_lost


@pytest.mark.parametrize("node", range(3))
async def test_a_run_lives_whichever_node_the_url_names(cluster: Cluster, node: int) -> None:
    """A node that does not serve the queue says which one does."""
    await live(settings_of(cluster.nodes[node]))


@pytest.mark.parametrize("node", range(3))
async def test_each_part_finds_its_node_alone(cluster: Cluster, node: int) -> None:
    """A first call need not be tried twice: not a push, not a look, not a pop."""
    settings = settings_of(cluster.nodes[node])
    calls: list[Callable[[Store], Awaitable[object]]] = [
        lambda store: store.push(b"x"),
        lambda store: store.depths(),
        lambda store: store.position(b"x"),
        lambda store: store.records(["9f"]),
        lambda store: store.pop(0.01),
    ]
    for call in calls:
        async with Store.connect(settings) as store:
            await call(store)
    with cluster.owner(QUEUE).client() as admin:
        assert admin.lrange(QUEUE, 0, -1) == [b"x"]


@pytest.mark.parametrize("node", range(3))
async def test_queues_in_two_slots_are_refused(cluster: Cluster, node: int) -> None:
    """One sentence says what to do, and nothing is taken."""
    settings = settings_of(cluster.nodes[node], tagged=False)
    async with Store.connect(settings) as store:
        await store.push(b'{"job_id": 42}')
        async with OwnedRuns.connect(settings, "here") as runs:
            with pytest.raises(RedisRefused, match=r"same tag, such as \{audio\}_analysis"):
                await runs.join()
            assert runs.history_lost
            runs.history_lost = False
            with pytest.raises(RedisRefused, match=r"same tag"):
                await runs.claim(cap=10, most=10)
    queue = settings.keys.queue
    with cluster.owner(queue).client() as admin:
        assert admin.lrange(queue, 0, -1) == [b'{"job_id": 42}']
        assert admin.keys("*") == [queue.encode()]
        admin.flushall()


async def test_a_run_lives_on_when_its_slot_moves(cluster: Cluster) -> None:
    """The other node has another history, as far as anyone can tell: the controller joins anew."""
    settings = settings_of(cluster.others(QUEUE)[0])
    async with OwnedRuns.connect(settings, "here") as runs, Store.connect(settings) as store:
        await runs.join()
        await store.push(b'{"job_id": 42}')
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        cluster.move(QUEUE, cluster.others(QUEUE)[1])
        await store.push(b"next")  # at once
        found = await insist(lambda: runs.claim(cap=10, most=1))
        assert (found.claims, runs.history_lost) == ([], True)
        await insist(runs.join)
        assert (await runs.claim(cap=10, most=1)).claims[0].raw == b"next"
        session = RunSession(settings, claim.run_id, 1)
        try:
            assert await asyncio.to_thread(session.settle, broken(claim.run_id), raw=claim.raw)
        finally:
            session.close()
        assert (await store.depths()).results == 1


async def test_a_run_lives_on_when_its_node_is_lost(cluster: Cluster) -> None:
    """The replica takes over, and is found from another node."""
    settings = settings_of(cluster.others(QUEUE)[0])
    async with OwnedRuns.connect(settings, "here") as runs, Store.connect(settings) as store:
        await runs.join()
        await store.push(b'{"job_id": 42}')
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        lost = await asyncio.to_thread(cluster.fail_over, QUEUE)
        try:
            await insist(lambda: store.push(b"next"))
            await insist(lambda: runs.claim(cap=10, most=1))
            assert runs.history_lost
            await insist(runs.join)
            assert (await runs.claim(cap=10, most=1)).claims[0].raw == b"next"
            assert await runs.settle(broken(claim.run_id), raw=claim.raw, holds_slot=False)
            assert (await store.depths()).results == 1
            assert not runs.history_lost
        finally:
            lost.start()


def test_the_cluster_is_one(cluster: Cluster) -> None:
    """The tests above would pass on a single server, too."""
    others = cluster.others(QUEUE)
    assert len(others) == 2
    for node in others:
        with node.client() as client, pytest.raises(redis.ResponseError, match=r"\d+ 127.0.0.1:"):
            client.lpush(QUEUE, "x")
