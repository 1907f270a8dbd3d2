"""Makes the faults of a plan happen, each in its time, and undoes them."""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from tests.faults.api_proxy import ApiProxy
from tests.faults.controllers import ControllerProcess
from tests.faults.forgotten import forgotten
from tests.faults.handmade import broken_job
from tests.faults.history import Forgotten
from tests.faults.kube import Api, ApiRefused
from tests.faults.plan import ACL_COMMANDS, API_FAULTS, Fault, FaultKind, Plan
from tests.faults.recorder import Recorder
from tests.faults.redis_proxy import RedisProxy
from tests.faults.redis_server import Redises
from tests.faults.traffic import Consumer, Producer

__all__ = ["Injector", "Queues", "Surroundings"]

_CLOCKS = (-3600, 3600, -86_400, 86_400 * 30, -90)
_MOST_DELETED = 6
_AFTER_WIPE_SEC = 20.0
"""Jobs are not deleted so soon after Redis forgot them: both would have forgotten them then."""


@dataclass(frozen=True)
class Queues:
    """The lists: of jobs, of results, and of results that the consumer has popped."""

    jobs: str
    results: str
    taken: str


@dataclass(kw_only=True)
class Surroundings:
    """All that can be broken."""

    queues: Queues
    redises: Redises
    redis_proxy: RedisProxy
    api: Api
    api_proxy: ApiProxy
    controllers: list[ControllerProcess]
    releases: list[str]
    producer: Producer
    consumer: Consumer
    recorder: Recorder


@dataclass
class Injector:
    """Plays one plan."""

    around: Surroundings
    plan: Plan
    settling: Callable[[], set[str]]
    """Returns the runs with an analyzer that may still settle."""
    done: int = 0
    disturbed: set[str] = field(default_factory=set)
    """Labels of jobs whose Jobs or pods were deleted by hand."""
    made_by_hand: set[str] = field(default_factory=set)
    forgotten: list[Forgotten] = field(default_factory=list)
    counters_are_trusted: bool = True
    _redis: asyncio.Lock = field(default_factory=asyncio.Lock)
    _wiped_at: float = float("-inf")

    async def run(self) -> None:
        """Play the plan, and return when every fault is over."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for fault in self.plan.faults:
                await asyncio.sleep(max(0.0, began + fault.at - time.monotonic()))
                tasks.create_task(self._play(fault))
        self.around.redis_proxy.cut()

    async def _play(self, fault: Fault) -> None:
        if fault.kind in API_FAULTS:
            await self._api_fault(fault)
        elif fault.kind.startswith("redis_"):
            await self._redis_fault(fault)
        else:
            await self._other_fault(fault)
        self.done += 1

    async def _api_fault(self, fault: Fault) -> None:
        playing = (fault.share, fault.target)
        self.around.api_proxy.active[fault.kind] = playing
        await asyncio.sleep(fault.lasts)
        if self.around.api_proxy.active.get(fault.kind) is playing:
            del self.around.api_proxy.active[fault.kind]

    async def _redis_fault(self, fault: Fault) -> None:
        proxy = self.around.redis_proxy
        match fault.kind:
            case FaultKind.REDIS_CUT:
                proxy.cut()
            case FaultKind.REDIS_DELAY:
                proxy.delay_sec = 0.5 * fault.share
                await asyncio.sleep(fault.lasts)
                proxy.delay_sec = 0.0
            case FaultKind.REDIS_MUTE:
                proxy.is_mute = True
                await asyncio.sleep(fault.lasts)
                proxy.cut()
                proxy.is_mute = False
            case FaultKind.REDIS_FULL:
                await self._insist(lambda: self._command("CONFIG", "SET", "maxmemory", "1"))
                await asyncio.sleep(fault.lasts)
                await self._insist(lambda: self._command("CONFIG", "SET", "maxmemory", "0"))
            case FaultKind.REDIS_ACL:
                command = ACL_COMMANDS[fault.target % len(ACL_COMMANDS)]
                self.counters_are_trusted = False  # a script that was refused half way counts less
                await self._insist(lambda: self._acl(f"-{command}"))
                await asyncio.sleep(fault.lasts)
                await self._insist(lambda: self._acl(f"+{command}"))
            case _:
                async with self._redis:
                    await self._end_history(fault)

    async def _end_history(self, fault: Fault) -> None:
        redises, proxy = self.around.redises, self.around.redis_proxy
        match fault.kind:
            case FaultKind.REDIS_KILL:
                redises.master.kill()
                await asyncio.sleep(fault.lasts)
                await redises.master.start()
            case FaultKind.REDIS_FAILOVER:
                await redises.promote(await redises.standby())
                proxy.target = redises.master.port
                if fault.target % 2:
                    proxy.cut()
            case FaultKind.REDIS_LOSSY_FAILOVER:
                await self._lossy_failover(min(fault.lasts, 1.0))
            case FaultKind.REDIS_FLUSH:
                await self._flush()

    async def _flush(self) -> None:
        around = self.around
        async with around.producer.lock, around.consumer.pause:
            await around.consumer.catch_up()
            before, perhaps = self._live(), self._perhaps_live()
            queues = around.queues
            old = await around.redises.master.snapshot(
                queues.jobs, queues.results, queues.taken, wipe=True
            )
            await around.consumer.begin_anew()
            self._counts_end()
            self.forgotten.append(
                forgotten(old, None, live=before, perhaps_live=perhaps | self._perhaps_live())
            )

    async def _lossy_failover(self, lag_sec: float) -> None:
        """Let a replica take over that lacks the writes of the last moments."""
        around, queues = self.around, self.around.queues
        replica = await around.redises.standby()
        await replica.client.replicaof("NO", "ONE")
        await asyncio.sleep(lag_sec)
        async with around.producer.lock, around.consumer.pause:
            await around.consumer.catch_up()
            around.redis_proxy.is_blocked = True
            around.redis_proxy.cut()
            await asyncio.sleep(0.1)
            before, perhaps = self._live(), self._perhaps_live()
            old = await around.redises.master.snapshot(
                queues.jobs, queues.results, queues.taken, wipe=False
            )
            new = await replica.snapshot(queues.jobs, queues.results, queues.taken, wipe=False)
            await around.redises.replace(replica)
            await around.consumer.begin_anew()
            await replica.client.set("faults:pushed", len(around.producer.pushed))
            self._counts_end()
            self.forgotten.append(
                forgotten(
                    old,
                    new,
                    live=before,
                    perhaps_live=perhaps | self._perhaps_live(),
                    popped=around.consumer.popped,
                )
            )
            around.redis_proxy.target = replica.port
            around.redis_proxy.is_blocked = False

    def _counts_end(self) -> None:
        self.counters_are_trusted = False
        self._wiped_at = time.monotonic()

    def _live(self) -> set[str]:
        return {event.run_id for event in self.around.recorder.live()}

    def _perhaps_live(self) -> set[str]:
        return self._live() | self.settling()

    async def _other_fault(self, fault: Fault) -> None:
        around = self.around
        controller = around.controllers[fault.target % len(around.controllers)]
        match fault.kind:
            case FaultKind.KILL_CONTROLLER:
                controller.kill()
                await asyncio.sleep(fault.lasts)
                controller.start()
            case FaultKind.STOP_CONTROLLER:
                await controller.stop()
                controller.start()
            case FaultKind.FREEZE_CONTROLLER:
                await controller.freeze(fault.lasts)
            case FaultKind.CLOCK:
                controller.set_clock(_CLOCKS[fault.target % len(_CLOCKS)])
                await asyncio.sleep(fault.lasts)
                controller.set_clock(0)
            case FaultKind.WATCH_CUT:
                around.api_proxy.cut_watches()
            case FaultKind.DELETE_JOBS:
                await self._delete_jobs(fault)
            case FaultKind.DELETE_PODS:
                await self._delete_pods(fault)
            case FaultKind.BROKEN_LABELS:
                release = around.releases[fault.target % len(around.releases)]
                job = broken_job(release, len(self.made_by_hand), fault.target)
                self.made_by_hand.add(job["metadata"]["name"])
                await around.api.call("POST", around.api.path("jobs"), job)

    async def _delete_jobs(self, fault: Fault) -> None:
        if time.monotonic() - self._wiped_at < _AFTER_WIPE_SEC:
            return
        found = {
            event.name: event.job_label
            for event in self.around.recorder.live()
            if event.name not in self.made_by_hand
        }
        for name in self._some(sorted(found), fault):
            self.disturbed.add(found[name])
            with contextlib.suppress(ApiRefused):
                await self.around.api.call(
                    "DELETE",
                    self.around.api.path("jobs", name),
                    {"propagationPolicy": "Background"},
                )

    async def _delete_pods(self, fault: Fault) -> None:
        api = self.around.api
        listed = await api.call("GET", api.path("pods"), query={"labelSelector": "offbeat.io/run"})
        labels = {
            pod["metadata"]["name"]: pod["metadata"]["labels"].get("offbeat.io/job-id", "")
            for pod in listed["items"]
        }
        for name in self._some(sorted(labels), fault):
            self.disturbed.add(labels[name])
            with contextlib.suppress(ApiRefused):
                await api.call("DELETE", api.path("pods", name))

    def _some(self, names: list[str], fault: Fault) -> list[str]:
        number = min(_MOST_DELETED, len(names), max(1, round(len(names) * fault.share)))
        return random.Random(f"{self.plan.seed} {fault.at}").sample(names, number)

    async def _command(self, *words: str) -> object:
        client = self.around.redises.master.client
        return await client.execute_command(*words)  # type: ignore[no-untyped-call]

    async def _acl(self, rule: str) -> object:
        return await self._command("ACL", "SETUSER", "controller", rule)

    async def _insist(self, call: Callable[[], Awaitable[object]]) -> None:
        while True:
            try:
                await call()
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(0.1)
            else:
                return
