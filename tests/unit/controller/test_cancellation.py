"""A loop that is cancelled ends, also when what it waits for comes in the same moment."""

import asyncio
from typing import cast

import pytest

from controller.attempt import Launcher
from controller.dispatch import Dispatch
from controller.launches import Launches
from controller.reconcile import Reconciler
from offbeat.store import Claim, Store
from tests.support.launcher import MemoryCluster

TICKS = range(6)


class FullStore:
    """A Redis that always has a message, and never a place for it."""

    async def wait(self, timeout_sec: float) -> bool:
        """Say that a message waits."""
        return True

    async def claim(self, *, cap: int, most: int) -> list[Claim]:
        """Say that no place is free."""
        return []

    async def inflight(self) -> dict[str, float]:
        """Know of no run."""
        return {}

    finishing = inflight

    async def records(self, runs: object) -> dict[str, object]:
        """Know of no run."""
        return {}

    async def settled(self, runs: object) -> set[str]:
        """Know of no result."""
        return set()


async def ends(loop: "asyncio.Task[None]") -> bool:
    """Return whether a cancelled loop ends; end it in any case."""
    await asyncio.wait([loop], timeout=0.5)
    ended = loop.done()
    while not loop.done():
        loop.cancel()
        await asyncio.wait([loop], timeout=0.05)
    return ended


@pytest.mark.parametrize("ticks", TICKS)
async def test_dispatch(ticks: int) -> None:
    """A place that is freed while the loop is cancelled does not keep it going."""
    store, freed = cast("Store", FullStore()), asyncio.Event()
    launches = Launches(store, cast("Launcher", None), {"default"})
    dispatch = Dispatch(store, launches, cap=1, beat=lambda: None, place_freed=freed)
    loop = asyncio.create_task(dispatch.run())
    await asyncio.sleep(0.02)
    freed.set()
    for _ in range(ticks):
        await asyncio.sleep(0)
    loop.cancel()
    assert await ends(loop)


@pytest.mark.parametrize("ticks", TICKS)
async def test_reconciler(ticks: int) -> None:
    """Nor does a notice keep the reconciler going."""
    store = cast("Store", FullStore())
    cluster = MemoryCluster(store, 0)
    reconciler = Reconciler(
        store,
        cluster,
        Launches(store, cluster, {"default"}),
        interval_sec=60,
        max_attempts=1,
        beat=lambda: None,
        on_place_freed=lambda: None,
    )
    loop = asyncio.create_task(reconciler.run())
    await asyncio.sleep(0.05)
    reconciler.look_at("nothing", after_sec=60)
    for _ in range(ticks):
        await asyncio.sleep(0)
    loop.cancel()
    assert await ends(loop)
