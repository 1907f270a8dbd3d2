"""Puts the parts together and runs them until told to stop: it alone knows all of them."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from controller.attempt import Launcher
from controller.cluster import Cluster
from controller.dispatch import Dispatch
from controller.handlers import watch
from controller.health import Heartbeats
from controller.health import serve as serve_health
from controller.launcher.kubernetes import KubernetesLauncher
from controller.launcher.process import ProcessLauncher
from controller.launches import Launches
from controller.reconcile import Reconciler
from controller.settings import ControllerSettings, JobsConfig
from offbeat.logs import logger
from offbeat.settings import without_password
from offbeat.store import Store

__all__ = ["serve"]

_DRAIN_SEC = 10.0
_CANCEL_AGAIN_SEC = 0.5
_DISPATCH_SILENCE_SEC = 60.0
_RECONCILE_SILENCE_SEC = 120.0


@dataclass(frozen=True)
class _Side:
    """The launcher's side: where Jobs run, and how word of them reaches the reconciler."""

    launcher: Launcher
    watch: Callable[[Reconciler, Callable[[], None]], Awaitable[None]]


async def serve(settings: ControllerSettings) -> None:
    """Run the controller until SIGTERM or SIGINT.

    Raises:
        ConfigurationInvalid: The settings cannot work.
        NoRedisConfigured: No Redis URL is set.

    """
    config = JobsConfig.load(settings.jobs_file)
    stop = asyncio.Event()
    _on_signals(stop.set)
    async with Store.connect(settings) as store, _side(config, settings) as side:
        beats = Heartbeats()
        reconciled = beats.expect(
            "reconcile", within_sec=_RECONCILE_SILENCE_SEC + 3 * settings.reconcile_interval_sec
        )
        dispatched = beats.expect("dispatch", within_sec=_DISPATCH_SILENCE_SEC)
        place_freed = asyncio.Event()
        launches = Launches(store, side.launcher, config.profiles, on_done=place_freed.set)
        dispatch = Dispatch(
            store,
            launches,
            cap=settings.max_concurrent_jobs,
            beat=dispatched,
            place_freed=place_freed,
        )
        reconciler = Reconciler(
            store,
            side.launcher,
            launches,
            interval_sec=settings.reconcile_interval_sec,
            max_attempts=settings.max_attempts,
            beat=reconciled,
            on_place_freed=place_freed.set,
        )
        async with serve_health(settings.health_port, alive=beats, ready=reconciler.amiss):
            logger.info(
                "watching {} at {}, at most {} at once",
                settings.analysis_queue,
                without_password(settings.redis_url.get_secret_value())
                if settings.redis_url
                else "",
                settings.max_concurrent_jobs,
            )
            loops = [
                asyncio.create_task(dispatch.run(), name="dispatch"),
                asyncio.create_task(reconciler.run(), name="reconcile"),
                asyncio.create_task(
                    _awaited(side.watch(reconciler, lambda: _on_signals(stop.set))), name="watch"
                ),
            ]
            await _until_one_ends(stop, loops)
            logger.info("stopping: no more messages are claimed; running Jobs go on")
            loops[0].cancel()
            await launches.drain(_DRAIN_SEC)
            await _end(loops)
            outcomes = await asyncio.gather(*loops, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


@asynccontextmanager
async def _side(config: JobsConfig, settings: ControllerSettings) -> AsyncIterator[_Side]:
    """Open the launcher that the settings ask for."""
    if settings.launcher == "kubernetes":
        async with Cluster.connect(settings.namespace) as cluster:

            async def watch_cluster(reconciler: Reconciler, on_ready: Callable[[], None]) -> None:
                await watch(reconciler, settings, namespace=cluster.namespace, on_ready=on_ready)

            yield _Side(KubernetesLauncher(cluster, config, settings), watch_cluster)
        return
    launcher = ProcessLauncher(config, settings)

    async def watch_children(reconciler: Reconciler, on_ready: Callable[[], None]) -> None:
        launcher.on_end = reconciler.finished
        on_ready()
        await asyncio.Event().wait()

    try:
        yield _Side(launcher, watch_children)
    finally:
        await launcher.close()


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


async def _awaited(awaitable: Awaitable[None]) -> None:
    await awaitable


def _on_signals(call: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, call)
