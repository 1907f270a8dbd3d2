"""How the loops end, and how the parts are put together."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest

from controller import serve as serving
from controller.attempt import Launcher
from controller.observer import Observer
from controller.reconcile import Reconciler
from controller.serve import Side, serve
from controller.settings import ControllerSettings, JobsConfig


async def test_a_loop_that_swallows_a_cancellation_ends_all_the_same() -> None:
    """It is cancelled again, as long as it takes."""
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 2:
                    raise

    async def ended() -> None:
        """End at once."""

    loops = [asyncio.create_task(stubborn()), asyncio.create_task(ended())]
    await asyncio.sleep(0)
    await serving._end(loops)
    assert swallowed == 2
    assert all(loop.done() for loop in loops)


@pytest.mark.parametrize("ends", ["signal", "loop"])
async def test_it_runs_until_told_to_stop_or_until_a_loop_ends(ends: str) -> None:
    """A loop that is gone would otherwise be missed by nobody."""
    stop, gone = asyncio.Event(), asyncio.Event()
    loops = [asyncio.create_task(_wait(gone)), asyncio.create_task(_wait(asyncio.Event()))]
    waiting = asyncio.create_task(serving._until_one_ends(stop, loops))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    (stop if ends == "signal" else gone).set()
    await waiting
    await serving._end(loops)


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ControllerSettings:
    """Name a Redis that is not there."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return ControllerSettings(
        _env_file=None,
        redis_url="redis://127.0.0.1:1/0",
        health_port=0,
    )


@asynccontextmanager
async def a_side(config: JobsConfig, settings: ControllerSettings) -> AsyncIterator[Side]:
    """Open a side on which nothing happens."""

    async def watch(reconciler: Reconciler, on_ready: Callable[[], None]) -> None:
        on_ready()
        await asyncio.Event().wait()

    yield Side("here", cast("Launcher", None), watch)


async def test_a_watch_that_fails_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kopf ends at an answer that it does not know; what it brings is only word of what is due."""
    monkeypatch.setattr(serving, "_WATCH_AGAIN_SEC", 0)
    observer, errors = Observer(), []

    async def watch() -> None:
        errors.append(observer.last_error())
        if len(errors) < 3:
            raise RuntimeError("404")

    observer.worked("reconcile")
    await serving._keep_watching(watch, observer)
    assert errors == [None, "the watch ended: 404", "the watch ended: 404"]


async def test_a_signal_ends_it_while_redis_is_away(settings: ControllerSettings) -> None:
    """It waits for nobody."""
    serves = asyncio.create_task(serve(settings, a_side))
    await asyncio.sleep(0.3)
    assert not serves.done()
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(120):
        await serves


async def test_a_loop_that_fails_ends_it_with_its_error(
    settings: ControllerSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that Kubernetes starts it again."""

    async def fail(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("controller.reconcile.Reconciler.run", fail)
    async with asyncio.timeout(120):
        with pytest.raises(ZeroDivisionError):
            await serve(settings, a_side)
