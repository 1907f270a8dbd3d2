"""The cluster refuses, Jobs go on or fail slowly, clocks are set: the loops on a real Redis."""

import asyncio
import time
from dataclasses import replace

import pytest

from controller import decision
from controller.attempt import Diagnosis
from controller.errors import PermissionMissing, QuotaExceeded
from offbeat.failure import FailureReason
from offbeat.settings import Settings
from offbeat.store import RunRecord, Store
from tests.support.controller import (
    CAP,
    LIMITS,
    a_controller,
    depth,
    push_healthy,
    results_of,
    until,
    until_idle,
)
from tests.support.launcher import MemoryCluster

IMPATIENT = replace(LIMITS, park_deadline_sec=0.5)


async def the_run(store: Store) -> RunRecord | None:
    """Return the only run in flight, if it is claimed."""
    run_ids = list(await store.inflight())
    return next(iter((await store.records(run_ids)).values()), None)


async def parked(store: Store) -> RunRecord:
    """Wait until the only run is parked."""
    async with asyncio.timeout(240):
        while True:
            record = await the_run(store)
            if record is not None and record.state == "parked":
                return record
            await asyncio.sleep(0.01)


async def test_slow_logs_do_not_delay_others(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """While the logs of 64 failed attempts cannot be read, another run ends as ever."""
    cluster.crashes = 1.0
    cluster.logs_are_fast.clear()
    await push_healthy(store, 64)
    async with a_controller(settings, cluster, cap=80) as controller:
        await until(lambda: len(cluster.jobs) == 64 and not cluster.active())
        await until(lambda: len(controller.reconciler._actions) == 64)
        cluster.be_healthy()
        await push_healthy(store, 1, first=100)
        async with asyncio.timeout(240):
            while not await results_of(store) or await controller.runs.slots() > 64:
                await asyncio.sleep(0.01)
        assert [result["job_id"] for result in await results_of(store)] == [100]
        cluster.logs_are_fast.set()
        await until_idle(store)
    results = await results_of(store)
    assert len(results) == 65
    assert [result["reason"] for result in results[1:]] == ["out_of_memory"] * 64


async def test_one_attempt_that_cannot_be_inspected(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """It keeps its slot, and no other run waits for it."""
    cluster.watched = 0.0  # so that every other run must be looked at, too
    await push_healthy(store, 12)
    async with a_controller(settings, cluster) as controller:
        await until(lambda: cluster.created)
        odd = cluster.jobs[cluster.created[0]].run_id
        cluster.unreadable = lambda run_id: KeyError("labels") if run_id == odd else None
        async with asyncio.timeout(240):
            while await depth(store) or await controller.runs.slots() > 1:
                await asyncio.sleep(0.01)
        await until(lambda: controller.observer.last_error() is None)
        cluster.unreadable = lambda _: None
        await until_idle(store)
    assert len(await results_of(store)) == 12


async def test_a_missing_permission(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """Nothing is claimed and no run is failed until it is granted."""
    cluster.refusals = [PermissionMissing("cannot create jobs")]
    await push_healthy(store, 1)
    async with a_controller(settings, cluster) as controller:
        await until(lambda: controller.observer.last_error() == "cannot create jobs")
        await push_healthy(store, 19, first=1)
        assert not controller.observer.may_claim()
        tick = controller.observer._ticks["dispatch"]
        await until(lambda: controller.observer._ticks["dispatch"] > tick + 0.5)
        assert await depth(store) == 19
        assert await controller.runs.slots() == 1
        cluster.refusals.clear()
        await until_idle(store)
        assert controller.observer.last_error() is None
    assert len(cluster.created) == 20
    assert cluster.most_active <= CAP
    assert {result["reason"] for result in await results_of(store)} == {"file_not_found"}


async def test_a_quota_that_leaves_no_room(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """The run is parked, which its record says, and launched when there is room."""
    cluster.refusals = [QuotaExceeded("exceeded quota: count/jobs.batch=0")]
    cluster.room.clear()
    await push_healthy(store, 1)
    async with a_controller(settings, cluster) as controller:
        record = await parked(store)
        assert record.parked_reason == "exceeded quota: count/jobs.batch=0"
        assert record.parked_since is not None
        await until(lambda: not controller.launches)
        await until(lambda: controller.launches)  # it is tried again
        again = await parked(store)
        assert again.parked_since == record.parked_since
        assert await controller.runs.slots() == 1
        cluster.refusals.clear()
        await until(lambda: cluster.created)
        async with asyncio.timeout(240):
            while (found := await the_run(store)) is None or found.state != "launched":
                await asyncio.sleep(0.01)
        assert found.parked_since is None
        assert found.parked_reason is None
        cluster.room.set()
        await until_idle(store)
    assert len(cluster.created) == 1


async def test_a_quota_that_leaves_no_room_for_too_long(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """The run is answered, and its slot is free."""
    cluster.refusals = [QuotaExceeded("exceeded quota: count/jobs.batch=0")]
    await push_healthy(store, 1)
    async with a_controller(settings, cluster, limits=IMPATIENT):
        await until_idle(store)
    (result,) = await results_of(store)
    assert (result["reason"], result["job_id"]) == ("quota_exceeded", 0)
    assert result["retryable"] is True
    assert result["detail"] == "exceeded quota: count/jobs.batch=0"
    assert cluster.created == []


async def test_a_quota_on_pods(settings: Settings, store: Store, cluster: MemoryCluster) -> None:
    """A Job whose pods are refused is parked, and goes on by itself when there is room."""
    cluster.room.clear()
    await push_healthy(store, 1)
    async with a_controller(settings, cluster):
        await until(lambda: cluster.created)
        cluster.change(cluster.created[0], quota="exceeded quota: pods=0")
        assert (await parked(store)).parked_reason == "exceeded quota: pods=0"
        cluster.change(cluster.created[0], quota=None)
        cluster.room.set()
        await until_idle(store)
    (result,) = await results_of(store)
    assert result["reason"] == "file_not_found"
    assert len(cluster.created) == 1


async def test_a_quota_on_pods_for_too_long(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """The run is answered, and its Job is stopped."""
    cluster.room.clear()
    await push_healthy(store, 1)
    async with a_controller(settings, cluster, limits=IMPATIENT):
        await until(lambda: cluster.created)
        cluster.change(cluster.created[0], quota="exceeded quota: pods=0")
        await until_idle(store)
    (result,) = await results_of(store)
    assert result["reason"] == "quota_exceeded"
    assert cluster.stopped == cluster.created


async def test_a_settled_job_that_goes_on(
    settings: Settings, store: Store, cluster: MemoryCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds its slot until it is stopped."""
    monkeypatch.setattr(decision, "SETTLED_GRACE_SEC", 3600.0)
    monkeypatch.setattr(decision, "SETTLED_POLL_SEC", 0.1)
    cluster.lingers = True
    await push_healthy(store, 1)
    async with a_controller(settings, cluster) as controller:
        async with asyncio.timeout(240):
            while not await results_of(store):
                await asyncio.sleep(0.01)
        seen = cluster.inspections
        await until(lambda: cluster.inspections > seen + 1)
        assert await controller.runs.slots() == 1
        assert cluster.stopped == []
        monkeypatch.setattr(decision, "SETTLED_GRACE_SEC", 0.0)
        await until_idle(store)
        await until(lambda: all(job.cleanup_scheduled for job in cluster.jobs.values()))
    assert cluster.stopped == cluster.created


async def test_a_failed_run_whose_job_goes_on(
    settings: Settings, store: Store, cluster: MemoryCluster
) -> None:
    """A Job that can never start is stopped as soon as its run is answered."""
    cluster.room.clear()
    await push_healthy(store, 1)
    never = Diagnosis(reason=FailureReason.IMAGE_ERROR, summary="no such image")
    async with a_controller(settings, cluster):
        await until(lambda: cluster.created)
        cluster.change(cluster.created[0], diagnosis=never, pending=True)
        await until_idle(store)
    (result,) = await results_of(store)
    assert result["reason"] == "image_error"
    assert cluster.stopped == cluster.created


async def test_a_dead_node(settings: Settings, store: Store, cluster: MemoryCluster) -> None:
    """Another attempt is launched elsewhere, and the first is stopped."""
    cluster.room.clear()
    await push_healthy(store, 1)
    dead = Diagnosis(
        reason=FailureReason.DISRUPTED, summary="its node does not answer", try_again=True
    )
    async with a_controller(settings, cluster):
        await until(lambda: cluster.created)
        cluster.change(cluster.created[0], diagnosis=dead)
        await until(lambda: len(cluster.created) == 2)
        cluster.room.set()
        await until_idle(store)
    (result,) = await results_of(store)
    assert (result["reason"], result["attempt"]) == ("file_not_found", 2)
    assert cluster.created[0] in cluster.stopped


@pytest.mark.parametrize("step", [-3600.0, 3600.0])
async def test_a_clock_that_is_set(
    settings: Settings,
    store: Store,
    cluster: MemoryCluster,
    monkeypatch: pytest.MonkeyPatch,
    step: float,
) -> None:
    """The wall clock of this machine paces nothing and ages nothing."""
    real = time.time
    cluster.watched = 0.0
    await push_healthy(store, 10)
    async with a_controller(settings, cluster):
        await until(lambda: len(cluster.created) > 2)
        monkeypatch.setattr(time, "time", lambda: real() + step)
        await until_idle(store)
        cluster.refusals = [QuotaExceeded("exceeded quota")]
        await push_healthy(store, 1, first=10)
        await parked(store)
        cluster.refusals.clear()
        await until_idle(store)
    assert len(cluster.created) == 11
    assert {result["reason"] for result in await results_of(store)} == {"file_not_found"}


@pytest.mark.parametrize("part", ["_recover", "round", "_survey"])
async def test_an_exception_in_a_round(
    settings: Settings,
    store: Store,
    cluster: MemoryCluster,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
) -> None:
    """It is reported, and the loop goes on."""
    async with a_controller(settings, cluster) as controller:
        reconciler, works = controller.reconciler, getattr(controller.reconciler, part)
        raised = 0

        async def breaks() -> bool:
            nonlocal raised
            raised += 1
            if raised < 3:
                raise ZeroDivisionError
            return await works()  # type: ignore[no-any-return]

        monkeypatch.setattr(reconciler, part, breaks)
        await until(lambda: raised)
        await until(lambda: "ZeroDivisionError" in (controller.observer.last_error() or ""))
        await push_healthy(store, 3)
        await until(lambda: raised >= 3 and controller.observer.last_error() is None)
        await until_idle(store)
    assert len(cluster.created) == 3
