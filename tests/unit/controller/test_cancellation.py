"""A loop that is cancelled ends, also when what it waits for comes in the same moment."""

import asyncio
from typing import cast

import pytest

from controller.decision import Limits
from controller.dispatch import Dispatch
from controller.launching import PendingLaunches
from controller.observer import Observer
from controller.reconcile import Reconciler
from offbeat.runs import OwnedRuns
from tests.support.launcher import MemoryCluster
from tests.support.runs import MemoryRuns

TICKS = range(6)


async def ends(loop: "asyncio.Task[None]") -> bool:
    """Return whether a cancelled loop ends; end it in any case."""
    await asyncio.wait([loop], timeout=5)
    ended = loop.done()
    while not loop.done():
        loop.cancel()
        await asyncio.wait([loop], timeout=0.05)
    return ended


@pytest.fixture
def runs() -> OwnedRuns:
    """Make a Redis that always has a message, and never a free slot."""
    runs = MemoryRuns()
    runs.messages = [b"x"]
    runs.cap_is_reached = True
    return cast("OwnedRuns", runs)


@pytest.mark.parametrize("ticks", TICKS)
async def test_dispatch(runs: OwnedRuns, ticks: int) -> None:
    """A slot that is freed while the loop is cancelled does not keep it going."""
    observer = Observer()
    observer.runs_known.set()
    launches = PendingLaunches(runs, MemoryCluster(runs), observer, {"default"})
    loop = asyncio.create_task(Dispatch(runs, launches, observer, cap=1).run())
    await asyncio.sleep(0.02)
    observer.slot_freed.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    loop.cancel()
    assert await ends(loop)


@pytest.mark.parametrize("ticks", TICKS)
async def test_reconciler(runs: OwnedRuns, ticks: int) -> None:
    """Nor does a notice keep the reconciler going."""
    observer, cluster = Observer(), MemoryCluster(runs)
    reconciler = Reconciler(
        runs,
        cluster,
        PendingLaunches(runs, cluster, observer, {"default"}),
        observer,
        Limits(max_attempts=1, interval_sec=60, image_grace_sec=1, park_deadline_sec=1),
    )
    loop = asyncio.create_task(reconciler.run())
    await asyncio.sleep(0.05)
    reconciler.notice("nothing", after_sec=60)
    for _ in range(ticks):
        await asyncio.sleep(0)
    loop.cancel()
    assert await ends(loop)
