"""One run of the suite: start everything, let it break, wait for calm, and judge."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from redis.exceptions import RedisError

from offbeat.settings import Settings
from tests.faults.api_proxy import ApiProxy
from tests.faults.checker import Verdict, check, message_name
from tests.faults.forgotten import merged
from tests.faults.history import Counters, History
from tests.faults.inject import Injector, Queues, Surroundings
from tests.faults.messages import messages
from tests.faults.plan import Plan
from tests.faults.player import Player
from tests.faults.probes import Probes
from tests.faults.recorder import Recorder
from tests.faults.redis_proxy import RedisProxy
from tests.faults.redis_server import Redises
from tests.faults.report import figures_of, keep, log_notes
from tests.faults.scenario import Pace, Scenario, make_controllers, write_kubeconfig
from tests.faults.sites import Site
from tests.faults.traffic import Consumer, Producer, push_order

__all__ = ["Report", "run"]

QUEUES = Queues("faults_jobs", "faults_results", "faults:taken")
PREFIX = "{faults_jobs}:"

_READY_SEC = 90.0
_QUIET_SEC = 1.0
_PROGRESS_SEC = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of one run."""

    verdict: Verdict
    notes: tuple[str, ...]
    """What is odd and may be explained by a fault."""
    figures: str


async def run(
    site: Site,
    scenario: Scenario,
    plan: Plan,
    pace: Pace,
    *,
    count: int,
    folder: Path,
    calm_sec: float,
    say: Say,
) -> Report:
    """Run a scenario under a plan of faults.

    Args:
        site: The API server.
        scenario: Which controllers.
        plan: What breaks; its seed decides the messages, too.
        pace: How fast everything goes.
        count: How many messages.
        folder: Where everything writes; it is empty.
        calm_sec: How long everything may take to come to rest after the last fault.
        say: Takes lines of progress.

    """
    found = messages(plan.seed, count)
    async with AsyncExitStack() as stack:
        around = await _surroundings(stack, site, scenario, plan, pace, folder)
        around.producer.prepare(push_order(plan.seed, found))
        player = Player(
            site.api,
            _settings(around, folder),
            plan.seed,
            longest_sec=pace.longest_sec,
            lost=around.recorder.lose if pace.with_lost_nodes else None,
        )
        watcher = Probes(around.controllers)
        injector = Injector(around, plan, player.settling)
        works = [around.recorder.run(), player.run(), around.consumer.run(), watcher.run()]
        works += [controller.supervise() for controller in around.controllers]
        began = time.monotonic()
        async with _beside(works) as ended:
            for controller in around.controllers:
                controller.start()
            await watcher.until_ready(_READY_SEC)
            progress = asyncio.create_task(_progress(around, injector, say))
            say(f"ready after {time.monotonic() - began:.1f} s")
            await _first(
                ended,
                asyncio.gather(injector.run(), around.producer.run(plan.duration_sec)),
            )
            say(f"calm after {time.monotonic() - began:.1f} s")
            await _first(ended, _rest(around, calm_sec))
            progress.cancel()
            leftovers = await _leftovers(around, watcher)
            player.is_over.set()
            for controller in around.controllers:
                await controller.stop()
            await around.consumer.catch_up()
        disturbed = injector.disturbed | around.api_proxy.rejected
        history = History(
            pushed=tuple(around.producer.pushed),
            results=tuple(around.consumer.popped),
            jobs=tuple(around.recorder.events),
            caps=dict.fromkeys(scenario.releases, pace.cap),
            counters=await _counters(around) if injector.counters_are_trusted else None,
            leftovers=leftovers,
            forgotten=merged(injector.forgotten),
            sound=frozenset(
                name
                for message in found
                if message.is_sound and (name := message_name(message.raw)) is not None
            ),
            disturbed=frozenset(disturbed),
            made_by_hand=frozenset(injector.made_by_hand),
        )
        keep(history, folder)
        return Report(
            verdict=check(history),
            notes=(*watcher.notes, *log_notes(around.controllers)),
            figures=figures_of(history, time.monotonic() - began),
        )


async def _surroundings(
    stack: AsyncExitStack,
    site: Site,
    scenario: Scenario,
    plan: Plan,
    pace: Pace,
    folder: Path,
) -> Surroundings:
    redises = Redises(folder)
    stack.push_async_callback(redises.close)
    await redises.start()
    redis_proxy = await stack.enter_async_context(RedisProxy.open(redises.master.port))
    api_proxy = await stack.enter_async_context(ApiProxy.open(site.url, plan.seed, tls=site.tls))
    kubeconfig = write_kubeconfig(folder / "kubeconfig", f"http://127.0.0.1:{api_proxy.port}")
    environment = {
        "KUBECONFIG": str(kubeconfig),
        "OFFBEAT_NAMESPACE": site.api.namespace,
        "OFFBEAT_REDIS_URL": _redis_url(redises, redis_proxy),
        "OFFBEAT_ANALYSIS_QUEUE": QUEUES.jobs,
        "OFFBEAT_RESULTS_QUEUE": QUEUES.results,
    }
    replicas = sum(scenario.releases.values()) + bool(scenario.local_cap)
    controllers = make_controllers(
        scenario,
        pace,
        folder,
        environment=environment,
        health_ports=[_free_port() for _ in range(replicas)],
    )
    for controller in controllers:
        stack.callback(controller.kill)
    return Surroundings(
        queues=QUEUES,
        redises=redises,
        redis_proxy=redis_proxy,
        api=site.api,
        api_proxy=api_proxy,
        controllers=controllers,
        releases=list(scenario.releases),
        producer=Producer(redises, QUEUES.jobs, plan.seed),
        consumer=Consumer(redises, QUEUES.results, QUEUES.taken),
        recorder=Recorder(site.api),
    )


def _redis_url(redises: Redises, proxy: RedisProxy) -> str:
    return f"redis://controller:{redises.password}@127.0.0.1:{proxy.port}/0"


def _settings(around: Surroundings, folder: Path) -> Settings:
    """Return what the played analyzers are told."""
    url = f"redis://127.0.0.1:{around.redis_proxy.port}/0"
    return Settings(
        _env_file=None,
        redis_url=SecretStr(url),
        analysis_queue=QUEUES.jobs,
        results_queue=QUEUES.results,
        shared_mount_path=folder / "audio",
    )


async def _rest(around: Surroundings, timeout_sec: float) -> None:
    """Wait until nothing is left to do, or the time is up."""
    until = time.monotonic() + timeout_sec
    quiet_since: float | None = None
    while time.monotonic() < until:
        await asyncio.sleep(0.1)
        if await _is_idle(around):
            quiet_since = quiet_since or time.monotonic()
            if time.monotonic() - quiet_since > _QUIET_SEC:
                return
        else:
            quiet_since = None


async def _is_idle(around: Surroundings) -> bool:
    if around.recorder.unfinished_work():
        return False
    try:
        return not any((await _redis_leftovers(around)).values())
    except (RedisError, OSError):
        return False


async def _redis_leftovers(around: Surroundings) -> dict[str, tuple[str, ...]]:
    client = around.redises.master.client
    found: dict[str, Any] = {
        "queue": await client.lrange(QUEUES.jobs, 0, 20),
        "results": await client.lrange(QUEUES.results, 0, 20),
        "inflight": await client.zrange(f"{PREFIX}inflight", 0, 20),
        "finishing": await client.zrange(f"{PREFIX}finishing", 0, 20),
        "dedup": list((await client.hgetall(f"{PREFIX}dedup")).values())[:20],
    }
    async for key in client.scan_iter(match=f"{PREFIX}due:*"):
        found[key.decode()] = await client.zrange(key, 0, 20)
    return {
        place: tuple(entry.decode("utf-8", "replace")[:200] for entry in rest)
        for place, rest in found.items()
    }


async def _leftovers(around: Surroundings, watcher: Probes) -> dict[str, tuple[str, ...]]:
    found = await _redis_leftovers(around)
    unready = await watcher.unready()
    if unready:  # one look may fall into a moment of work
        await asyncio.sleep(5)
        unready = await watcher.unready()
    return found | {"readiness": tuple(unready)}


async def _counters(around: Surroundings) -> Counters:
    stats = await around.redises.master.client.hgetall(f"{PREFIX}stats")
    return Counters(int(stats.get(b"claimed", 0)), int(stats.get(b"coalesced", 0)))


async def _progress(around: Surroundings, injector: Injector, say: Say) -> None:
    began = time.monotonic()
    while True:
        await asyncio.sleep(_PROGRESS_SEC)
        waiting: object = "?"
        with contextlib.suppress(RedisError, OSError):
            waiting = await around.redises.master.client.llen(QUEUES.jobs)
        active = ", ".join(
            f"{number} of {release}" for release, number in sorted(around.recorder.active().items())
        )
        say(
            f"{time.monotonic() - began:6.0f} s: {len(around.producer.pushed)} pushed, "
            f"{waiting} waiting, {len(around.consumer.popped)} results, "
            f"active {active or 0}, {injector.done} faults over"
        )


@asynccontextmanager
async def _beside(
    works: list[Coroutine[object, object, None]],
) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _first(beside: list[asyncio.Task[None]], work: Awaitable[object]) -> None:
    """Await work, but raise at once what ends one of the tasks beside it."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task, *beside], return_when=asyncio.FIRST_COMPLETED)
    for other in beside:
        if other.done():
            task.cancel()
            other.result()
            raise RuntimeError("a part of the suite has ended")
    task.result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
