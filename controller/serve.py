"""Puts the loops together and runs them until told to stop, wherever attempts run."""

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from pydantic import ValidationError

from controller.attempt import Launcher
from controller.decision import Limits
from controller.dispatch import LOOP as DISPATCH
from controller.dispatch import Dispatch
from controller.errors import ControllerError
from controller.health import serve as serve_health
from controller.launching import PendingLaunches
from controller.observer import Observer
from controller.reconcile import LOOP as RECONCILE
from controller.reconcile import Reconciler
from controller.settings import ControllerSettings, JobsConfig
from offbeat import logs
from offbeat.errors import OffbeatError
from offbeat.inspection import forbid_inspection
from offbeat.logs import logger
from offbeat.runs import OwnedRuns
from offbeat.settings import without_password

__all__ = ["OpenSide", "Side", "run", "serve"]

WATCH = "watch"

_DRAIN_SEC = 10.0
_WATCH_AGAIN_SEC = 2.0
_CANCEL_AGAIN_SEC = 0.5
_DISPATCH_SILENCE_SEC = 60.0
_RECONCILE_SILENCE_SEC = 120.0
_FIRST_LOOK_SEC = 10.0


@dataclass(frozen=True)
class Side:
    """The launcher's side: who owns its runs, and how word of its Jobs reaches the reconciler."""

    owner: str
    launcher: Launcher
    watch: Callable[[Reconciler, Callable[[], None]], Awaitable[None]]


OpenSide = Callable[[JobsConfig, ControllerSettings], AbstractAsyncContextManager[Side]]
"""Opens the launcher's side for as long as the controller runs."""


def run(open_side: OpenSide) -> int:
    """Read the settings and serve until a signal; return the exit code of the process."""
    forbid_inspection()  # local mode: children of this user must not read the URL of Redis
    try:
        settings = ControllerSettings()
    except ValidationError as error:
        sys.stderr.write(f"offbeat controller: {error}\n")
        return 2
    logs.configure(settings.log_level, settings.log_format)
    # What the imports have made is never garbage: looking through it keeps the loop for 40 ms.
    gc.collect()
    gc.freeze()
    try:
        asyncio.run(serve(settings, open_side))
    except (ControllerError, OffbeatError) as error:
        logger.error("{}", error)
        return 1
    return 0


async def serve(settings: ControllerSettings, open_side: OpenSide) -> None:
    """Run the controller until SIGTERM or SIGINT.

    Raises:
        ConfigurationInvalid: The settings cannot work.
        NoRedisConfigured: No Redis URL is set.
        RedisUrlInvalid: It cannot be read.

    """
    config = JobsConfig.load(settings.jobs_file)
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with (
        open_side(config, settings) as side,
        OwnedRuns.connect(settings, side.owner) as runs,
    ):
        runs.look_every(settings.reconcile_interval_sec)
        observer = Observer()
        observer.expect(
            RECONCILE, within_sec=_RECONCILE_SILENCE_SEC + 3 * settings.reconcile_interval_sec
        )
        observer.expect(DISPATCH, within_sec=_DISPATCH_SILENCE_SEC)
        launches = PendingLaunches(
            runs,
            side.launcher,
            observer,
            config.profiles,
            first_look_sec=min(_FIRST_LOOK_SEC, settings.image_grace_sec + 1.0),
        )
        dispatch = Dispatch(
            runs,
            launches,
            observer,
            cap=settings.max_concurrent_jobs,
            max_results=settings.max_results,
        )
        limits = Limits(
            max_attempts=settings.max_attempts,
            interval_sec=settings.reconcile_interval_sec,
            image_grace_sec=settings.image_grace_sec,
            park_deadline_sec=settings.park_deadline_sec,
        )
        reconciler = Reconciler(runs, side.launcher, launches, observer, limits)
        async with serve_health(settings.health_port, observer):
            logger.info(
                "watching {} at {} as {}, at most {} Jobs at once",
                settings.analysis_queue,
                without_password(settings.redis_url.get_secret_value())
                if settings.redis_url
                else "",
                side.owner,
                settings.max_concurrent_jobs,
            )
            loops = [
                asyncio.create_task(dispatch.run(), name=DISPATCH),
                asyncio.create_task(reconciler.run(), name=RECONCILE),
                asyncio.create_task(
                    _keep_watching(
                        lambda: side.watch(reconciler, lambda: _watching(observer, stop)), observer
                    ),
                    name=WATCH,
                ),
            ]
            await _until_one_ends(stop, loops)
            logger.info("stopping: no more messages are claimed; running Jobs go on")
            await _end(loops[:1])
            await launches.drain(_DRAIN_SEC)
            await _end(loops)
            outcomes = await asyncio.gather(*loops, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _until_one_ends(stop: asyncio.Event, loops: list[asyncio.Task[None]]) -> None:
    """Wait for the signal, or for a loop that ends by itself."""
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *loops], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()


async def _end(loops: list[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: redis-py swallows a cancellation that finds it connecting."""
    pending = {loop for loop in loops if not loop.done()}
    while pending:
        for loop in pending:
            loop.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_SEC)


async def _keep_watching(watch: Callable[[], Awaitable[None]], observer: Observer) -> None:
    """Watch until the watch ends by itself, which a signal makes it do; after an error, again.

    Without it nothing is lost: what has ended is found when its run is due.
    """
    while True:
        try:
            await watch()
        except Exception as error:  # noqa: BLE001 - kopf ends at an answer that it does not know
            logger.warning("the watch ended, and is started again: {}", error)
            observer.failed(WATCH, f"the watch ended: {error}")
            await asyncio.sleep(_WATCH_AGAIN_SEC)
        else:
            return


def _watching(observer: Observer, stop: asyncio.Event) -> None:
    """Note that the watch is there, and take the signals back that kopf has taken."""
    observer.worked(WATCH)
    _on_signals(stop.set)


def _on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, call)
