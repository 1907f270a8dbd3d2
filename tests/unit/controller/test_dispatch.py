"""The loop that claims: when it does, how much, and that nothing ends it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from controller import dispatch
from controller.dispatch import Dispatch
from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.errors import RedisRefused, RedisUnreachable
from offbeat.runs import OwnedRuns
from tests.support.runs import MemoryRuns


class Launches:
    """Notes what is to be launched."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.under_way = 0

    def __len__(self) -> int:
        return self.under_way

    def start(self, run_id: str, raw: bytes, *, number: int, message_bytes: int | None) -> None:
        """Note it."""
        assert number == 1
        self.started.append(run_id)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the loop poll often."""
    for name in ("_CLOSED_POLL_SEC", "_SLOT_POLL_SEC", "_AFTER_ERROR_SEC"):
        monkeypatch.setattr(dispatch, name, 0.001)


class Parts:
    """A dispatch on a Redis in memory, ready to claim."""

    def __init__(self) -> None:
        self.runs = MemoryRuns()
        self.launches = Launches()
        self.observer = Observer()
        self.observer.worked("reconcile")
        self.observer.runs_known.set()

    @asynccontextmanager
    async def running(self, max_results: int | None = None) -> AsyncIterator["asyncio.Task[None]"]:
        """Run the loop."""
        loop = asyncio.create_task(
            Dispatch(
                cast("OwnedRuns", self.runs),
                cast("PendingLaunches", self.launches),
                self.observer,
                cap=100,
                max_results=max_results,
            ).run()
        )
        try:
            yield loop
        finally:
            loop.cancel()
            await asyncio.wait([loop])

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something holds; the loop yields in every round."""
        async with asyncio.timeout(120):
            while not condition():
                await asyncio.sleep(0.001)

    async def ticks(self) -> None:
        """Wait until the loop has ticked again."""
        before = self.observer._ticks.get("dispatch", 0)
        await self.until(lambda: self.observer._ticks.get("dispatch", 0) > before)


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Make the parts; waiting for a message takes a moment."""
    parts = Parts()
    wait = parts.runs.wait

    async def moment(timeout_sec: float) -> bool:
        await asyncio.sleep(0)
        return await wait(timeout_sec)

    monkeypatch.setattr(parts.runs, "wait", moment)
    return parts


async def test_messages_are_claimed_and_launched(parts: Parts) -> None:
    """As many at once as may be under way."""
    parts.runs.messages = [b"%d" % number for number in range(100)]
    async with parts.running(max_results=5):
        await parts.until(lambda: len(parts.launches.started) == 100)
    assert parts.launches.started == [f"run-{number}" for number in range(100)]
    assert parts.runs.said[:2] == [("claim", 100, 64, 5), ("claim", 100, 64, 5)]


async def test_what_was_claimed_is_launched_when_the_loop_is_cancelled(parts: Parts) -> None:
    """Else it would wait for the next controller."""
    parts.runs.messages = [b"%d" % number for number in range(9)]
    async with parts.running():
        await parts.until(lambda: len(parts.launches.started) >= 2)
    assert len(parts.launches.started) == 9


async def test_what_is_under_way_is_left_room_for(parts: Parts) -> None:
    """A cluster that is slow is not flooded."""
    parts.launches.under_way = 40
    parts.runs.messages = [b"1"]
    async with parts.running():
        await parts.until(lambda: parts.launches.started)
    assert parts.runs.said[0] == ("claim", 100, 24, None)


async def test_nothing_is_claimed_while_too_much_is_under_way(parts: Parts) -> None:
    """Until a quarter of it has ended."""
    parts.launches.under_way = 64
    parts.runs.messages = [b"1"]
    async with parts.running():
        for _ in range(2):
            await parts.ticks()
            assert parts.runs.said == []
            parts.launches.under_way = 49
            parts.observer.slot_freed.set()
        await parts.ticks()
        parts.launches.under_way = 48
        parts.observer.slot_freed.set()
        await parts.until(lambda: parts.launches.started)


@pytest.mark.parametrize("why", ["runs unknown", "history lost", "permission"])
async def test_nothing_is_claimed_that_could_not_be_looked_after(parts: Parts, why: str) -> None:
    """The loop ticks on, and claims when that is over."""
    parts.runs.messages = [b"1"]
    if why == "runs unknown":
        parts.observer.runs_known.clear()
    elif why == "history lost":
        parts.runs.history_lost = True
    else:
        parts.observer.permission_missing("launching", "no")
    async with parts.running():
        for _ in range(3):
            await parts.ticks()
        assert parts.runs.said == []
        parts.observer.runs_known.set()
        parts.runs.history_lost = False
        parts.observer.permission_granted("launching")
        await parts.until(lambda: parts.launches.started)


async def test_history_that_is_lost_while_it_waits(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message that comes then is not claimed."""

    async def wait(timeout_sec: float) -> bool:
        parts.runs.history_lost = True
        return True

    monkeypatch.setattr(parts.runs, "wait", wait)
    async with parts.running():
        for _ in range(3):
            await parts.ticks()
    assert [said[0] for said in parts.runs.said] == ["claim"]  # before the wait


@pytest.mark.parametrize("waiting", [0, 1, 63])
async def test_what_waits_already_is_claimed_without_a_wait(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    """The wait would bring the whole message into this process, however large it is.

    A claim that took less than it might has emptied the queue: no other call asks it again.
    """
    parts.runs.messages = [b"%d" % number for number in range(waiting)]

    async def wait(timeout_sec: float) -> bool:
        parts.runs.said.append(("wait",))
        await asyncio.sleep(0)
        return False

    monkeypatch.setattr(parts.runs, "wait", wait)
    async with parts.running():
        await parts.until(lambda: ("wait",) in parts.runs.said)
    assert [said[0] for said in parts.runs.said[:2]] == ["claim", "wait"]


@pytest.mark.parametrize("method", ["wait", "claim"])
@pytest.mark.parametrize("error", [RedisUnreachable("no Redis"), RedisRefused("NOPERM")])
async def test_redis_does_not_help(
    parts: Parts, method: str, error: RedisUnreachable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The probe says so, the loop ticks on, and goes on when it does."""
    parts.runs.messages = [b"1"]
    parts.runs.errors[method] = [error] * 3
    async with parts.running() as loop:
        await parts.until(lambda: parts.observer.last_error() == str(error))
        await parts.ticks()
        await parts.until(lambda: parts.launches.started)
        await parts.until(lambda: parts.observer.last_error() is None)
        assert not loop.done()


async def test_an_unexpected_error(parts: Parts) -> None:
    """It is reported and does not end the loop."""
    parts.runs.messages = [b"1"]
    parts.runs.fail_next("claim", ZeroDivisionError(), ZeroDivisionError())
    seen = []
    parts.observer.failed = lambda part, error: seen.append((part, error))  # type: ignore[method-assign]
    async with parts.running():
        await parts.until(lambda: parts.launches.started)
    assert seen == [("dispatch", "ZeroDivisionError()")] * 2


async def test_no_slot_is_free(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits until this controller frees one."""
    monkeypatch.setattr(dispatch, "_SLOT_POLL_SEC", 3600.0)
    parts.runs.messages = [b"1"]
    parts.runs.cap_is_reached = True
    parts.observer.slot_freed.set()  # some time ago: it says nothing of now
    async with parts.running():
        await parts.until(lambda: parts.runs.said)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(parts.runs.said) == 1
        parts.runs.cap_is_reached = False
        parts.observer.slot_freed.set()
        await parts.until(lambda: parts.launches.started)


async def test_another_controller_may_free_a_slot(parts: Parts) -> None:
    """Nobody says so: it asks now and then."""
    parts.runs.messages = [b"1"]
    parts.runs.cap_is_reached = True
    async with parts.running():
        await parts.until(lambda: len(parts.runs.said) > 3)
        parts.runs.cap_is_reached = False
        await parts.until(lambda: parts.launches.started)
