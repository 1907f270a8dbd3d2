"""The loops of a controller on a real Redis and a cluster in memory, and what tests ask of them."""

import asyncio
import gc
import json
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from controller.attempt import Launcher
from controller.decision import Limits
from controller.dispatch import Dispatch
from controller.launching import PendingLaunches
from controller.observer import Observer
from controller.reconcile import Reconciler
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.launcher import MemoryCluster

__all__ = [
    "CAP",
    "LIMITS",
    "Controller",
    "a_controller",
    "depth",
    "is_idle",
    "push_healthy",
    "results_of",
    "until",
    "until_idle",
]

CAP = 8
LIMITS = Limits(max_attempts=3, interval_sec=0.3, image_grace_sec=0.1, park_deadline_sec=60)
GIVE_UP_SEC = 240
"""Nothing is timed: this only ends a test that would never end."""


@dataclass(frozen=True, kw_only=True)
class Controller:
    """The parts of one controller."""

    runs: OwnedRuns
    launches: PendingLaunches
    observer: Observer
    reconciler: Reconciler
    dispatching: "asyncio.Task[None]"
    reconciling: "asyncio.Task[None]"


@asynccontextmanager
async def a_controller(
    settings: Settings,
    launcher: Launcher,
    owner: str = "here",
    *,
    cap: int = CAP,
    limits: Limits = LIMITS,
) -> AsyncIterator[Controller]:
    """Run the loops of one controller; leave them the way `kill -9` does, wherever they are."""
    async with OwnedRuns.connect(settings, owner) as runs:
        runs.look_every(limits.interval_sec)
        observer = Observer()
        observer.expect("dispatch", within_sec=60)
        observer.expect("reconcile", within_sec=120)
        launches = PendingLaunches(
            runs, launcher, observer, {"default", "rejected"}, first_look_sec=0.1
        )
        dispatch = Dispatch(runs, launches, observer, cap=cap)
        reconciler = Reconciler(runs, launcher, launches, observer, limits)
        watches = launcher.watches if isinstance(launcher, MemoryCluster) else []
        watches.append(reconciler)
        loops = [asyncio.create_task(dispatch.run()), asyncio.create_task(reconciler.run())]
        try:
            yield Controller(
                runs=runs,
                launches=launches,
                observer=observer,
                reconciler=reconciler,
                dispatching=loops[0],
                reconciling=loops[1],
            )
        finally:
            watches.remove(reconciler)
            for loop in loops:
                loop.cancel()
            await launches.drain(0)
            await asyncio.gather(*loops, return_exceptions=True)
    with warnings.catch_warnings():  # whoever is killed closes nothing that was being opened
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def until(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(GIVE_UP_SEC):
        while not condition():
            await asyncio.sleep(0.01)


async def push_healthy(store: Store, count: int, *, first: int = 0) -> list[bytes]:
    """Push different messages that are in order; return them."""
    raws = [
        json.dumps({"job_id": number, "relative_path": "a.wav"}).encode()
        for number in range(first, first + count)
    ]
    for raw in raws:
        await store.push(raw)
    return raws


async def depth(store: Store) -> int:
    """Count the messages that wait."""
    return (await store.depths()).queue


async def results_of(store: Store) -> list[dict[str, Any]]:
    """Return the results that wait, the oldest first."""
    return [json.loads(raw) async for raw in store.results(limit=100_000)][::-1]


async def is_idle(store: Store) -> bool:
    """Return whether nothing waits, nothing is in flight and no slot is held by anybody."""
    depths = await store.depths()
    slots = [await store.slots(owner) for owner in await store.owner_silences()]
    return not (depths.queue or depths.inflight or depths.finishing or any(slots))


async def until_idle(store: Store) -> None:
    """Wait until all is done."""
    async with asyncio.timeout(GIVE_UP_SEC):
        while not await is_idle(store):
            await asyncio.sleep(0.05)
