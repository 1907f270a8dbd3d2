"""Installations that share a queue share its messages, and never touch each other's runs."""

import asyncio

from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.controller import a_controller, push_healthy, results_of, until, until_idle
from tests.support.launcher import MemoryCluster


async def test_two_releases_on_one_queue(
    settings: Settings, store: Store, cluster: MemoryCluster, runs: OwnedRuns
) -> None:
    """Twenty healthy messages are twenty Jobs and twenty results, whoever takes them."""
    other = MemoryCluster(runs, 1)
    other.be_healthy()
    cluster.longest_sec = other.longest_sec = 0.3
    await push_healthy(store, 20)
    async with (
        a_controller(settings, cluster, "here", cap=4),
        a_controller(settings, other, "there", cap=4),
    ):
        await until_idle(store)
    await other.close()
    results = await results_of(store)
    assert sorted(result["job_id"] for result in results) == list(range(20))
    assert {result["reason"] for result in results} == {"file_not_found"}
    assert cluster.created
    assert other.created
    assert len(cluster.created) + len(other.created) == 20
    assert not cluster.stopped
    assert not other.stopped


async def test_local_mode_beside_the_jobs_of_a_cluster(
    settings: Settings, store: Store, cluster: MemoryCluster, runs: OwnedRuns
) -> None:
    """It neither launches again nor settles what runs elsewhere, though it cannot see it."""
    cluster.room.clear()
    await push_healthy(store, 3)
    async with a_controller(settings, cluster, "here"):
        await until(lambda: len(cluster.jobs) == 3)
        async with asyncio.timeout(240):
            while {r.state for r in (await store.records(await running(cluster))).values()} != {
                "launched"
            }:
                await asyncio.sleep(0.01)
    theirs = await running(cluster)
    before = await store.records(theirs)

    local = MemoryCluster(runs, 1)
    local.be_healthy()
    await push_healthy(store, 20, first=100)
    async with a_controller(settings, local, "local-1") as controller:
        for run_id in theirs:
            controller.reconciler.notice(run_id, doubtful=True)
        async with asyncio.timeout(240):
            while len(await results_of(store)) < 20 or await controller.runs.slots():
                await asyncio.sleep(0.05)
    await local.close()
    assert {result["job_id"] for result in await results_of(store)} == set(range(100, 120))
    assert len(local.created) == 20
    assert await store.records(theirs) == before
    assert await store.slots("here") == 3

    cluster.room.set()
    async with a_controller(settings, cluster, "here"):
        await until_idle(store)
    assert len(await results_of(store)) == 23
    assert len(cluster.created) == 3


async def running(cluster: MemoryCluster) -> list[str]:
    """Return the runs whose Jobs go on."""
    return sorted(job.run_id for job in cluster.active())
