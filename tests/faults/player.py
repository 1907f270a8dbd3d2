"""Plays the node and the analyzers: real calls to Redis, pods whose status is written by hand.

Each pod does what `messages.deed_for` says of it. What it tells Redis goes through the analyzer's
own `RunSession`.
"""

import asyncio
import contextlib
import json
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

import aiohttp

from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.result import CompletedResult, FailedResult
from offbeat.run_session import RunSession
from offbeat.settings import Settings
from tests.faults.kube import Api, ApiRefused, Item
from tests.faults.messages import Deed, deed_for
from tests.faults.sample import sample_results

__all__ = ["Player"]

_THREADS = 64
_LOOK_PATIENCE_SEC = 5.0
_SETTLE_PATIENCE_SEC = 240.0
_HANG_SEC = 1.5
_LINGER_SEC = (0.5, 3.0)
_GHOST_SEC = 0.7
_RESULTS = sample_results()
_EXIT_CODES = {Deed.CRASH: 70, Deed.KILLED: 137, Deed.SILENT: 0, Deed.REFUSE_UNSAID: 66}


class Player:
    """Sees every pod through to its end."""

    def __init__(
        self,
        api: Api,
        settings: Settings,
        seed: int,
        *,
        longest_sec: float,
        lost: Callable[[str], None] | None = None,
    ) -> None:
        """Take an API without faults.

        Args:
            api: The API server, past the proxy.
            settings: What the analyzers are given; their Redis is reached through the proxy.
            seed: Decides what each pod does.
            longest_sec: How long an analysis takes at most.
            lost: Called with every Job whose pod is lost; without it none is.

        """
        self._api = api
        self._settings = settings
        self._seed = seed
        self._longest_sec = longest_sec
        self._lost = lost
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="analyzer")
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._deleted: dict[str, asyncio.Event] = {}
        self._pods_of: Counter[str] = Counter()
        self._ghosts: dict[asyncio.Task[None], str] = {}
        self._settling: dict[Future[int], str] = {}
        self._is_closed = False
        self.is_over = asyncio.Event()
        """Set at the end, so that lost pods end, too."""

    async def run(self) -> None:
        """Play until cancelled."""
        try:
            await self._api.follow("pods", "offbeat.io/run", self._on_event)
        finally:
            self._is_closed = True
            for task in (*self._tasks.values(), *self._ghosts):
                task.cancel()
            self._threads.shutdown(wait=False, cancel_futures=True)

    def settling(self) -> set[str]:
        """Return the runs with an analyzer that may still settle, whatever became of its pod."""
        return {*self._ghosts.values(), *list(self._settling.values())}

    def _on_event(self, kind: str, pod: Item) -> None:
        name = pod["metadata"]["name"]
        if kind == "DELETED":
            self._deleted.pop(name, None)
            return
        if "deletionTimestamp" in pod["metadata"]:
            self._deleted.setdefault(name, asyncio.Event()).set()
        is_new = pod.get("status", {}).get("phase") in {None, "Pending"}
        if name not in self._tasks and is_new and self._is_bound(pod):
            self._deleted.setdefault(name, asyncio.Event())
            task = asyncio.create_task(self._play(pod))
            self._tasks[name] = task
            task.add_done_callback(lambda _: self._tasks.pop(name, None))
        elif name not in self._tasks and "deletionTimestamp" in pod["metadata"]:
            task = asyncio.create_task(self._remove(name))
            self._tasks[name] = task
            task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def _is_bound(self, pod: Item) -> bool:
        return bool(pod["spec"].get("nodeName")) or "schedulerName" not in pod["spec"]

    async def _play(self, pod: Item) -> None:
        name, labels = pod["metadata"]["name"], pod["metadata"]["labels"]
        label, attempt = labels["offbeat.io/job-id"], int(labels.get("offbeat.io/attempt", 1))
        job = pod["metadata"]["ownerReferences"][0]["name"]
        before = self._pods_of[job]
        self._pods_of[job] += 1
        deed = deed_for(self._seed, label, attempt, before, lost=self._lost is not None)
        pace = random.Random(f"{self._seed} pace {name}")
        ended: asyncio.Task[None] | None = None
        try:
            ended = asyncio.create_task(self._do(pod, deed, pace.random() * self._longest_sec))
            killed = asyncio.create_task(self._deleted[name].wait())
            await asyncio.wait([ended, killed], return_when=asyncio.FIRST_COMPLETED)
            killed.cancel()
            if deed is Deed.LOST and not ended.done():
                await self.is_over.wait()
            if ended.done():
                ended.result()
                if name in self._deleted and self._deleted[name].is_set():
                    await self._remove(name)
                return
            ended.cancel()
            await self._end(name, 143, reason="Error")
            await self._remove(name)
        except (aiohttp.ClientError, ApiRefused, OSError):
            return  # it is gone

    async def _do(self, pod: Item, deed: Deed, takes_sec: float) -> None:
        """Do what a pod does until its container has ended."""
        name = pod["metadata"]["name"]
        if deed is Deed.NO_IMAGE:
            waiting = {"waiting": {"reason": "ErrImagePull", "message": "not found"}}
            await self._status(name, {"phase": "Pending", **_container(waiting)})
            await asyncio.Event().wait()
        running = {"running": {"startedAt": _now()}}
        await self._status(name, {"phase": "Running", "startTime": _now(), **_container(running)})
        await asyncio.sleep(takes_sec)
        match deed:
            case Deed.HANG:
                await asyncio.sleep(_HANG_SEC)
                await self._end(name, 143, pod_reason="DeadlineExceeded")
            case Deed.EVICTED:
                await self._end(name, 143, pod_reason="Evicted", disrupted=True)
            case Deed.GHOST:
                ghost = asyncio.create_task(self._haunt(pod))
                self._ghosts[ghost] = pod["metadata"]["labels"]["offbeat.io/run"]
                ghost.add_done_callback(lambda done: self._ghosts.pop(done, None))
                gone = _disruption("DeletionByPodGC", "the node no longer exists")
                await self._status(name, {"phase": "Failed", "conditions": [gone]})
                await self._remove(name)
            case Deed.LOST:
                await self._lose(pod)
            case Deed.COMPLETE | Deed.LINGER | Deed.STUMBLE | Deed.REFUSE:
                code = await self._settle(pod, deed)
                if deed is Deed.LINGER:
                    await asyncio.sleep(random.Random(name).uniform(*_LINGER_SEC))
                await self._end(name, code)
            case _:
                await self._end(name, _EXIT_CODES[deed])

    async def _haunt(self, pod: Item) -> None:
        await asyncio.sleep(_GHOST_SEC)
        await self._settle(pod, Deed.COMPLETE)

    async def _lose(self, pod: Item) -> None:
        """Let the node of a pod die: its deletion is asked for, and nobody ends it."""
        job = pod["metadata"]["ownerReferences"][0]["name"]
        if self._lost is not None:
            self._lost(job)
        await self._api.call("DELETE", self._api.path("pods", pod["metadata"]["name"]))
        await self.is_over.wait()

    async def _settle(self, pod: Item, deed: Deed) -> int:
        """Settle in a thread, as the analyzer would; return its exit code."""
        if self._is_closed:
            raise asyncio.CancelledError
        settling = self._threads.submit(self._settle_now, pod, deed)
        self._settling[settling] = pod["metadata"]["labels"]["offbeat.io/run"]
        settling.add_done_callback(lambda done: self._settling.pop(done, None))
        return await asyncio.wrap_future(settling)

    def _settle_now(self, pod: Item, deed: Deed) -> int:
        labels = pod["metadata"]["labels"]
        raw = pod["metadata"]["annotations"]["offbeat.io/payload"].encode()
        run_id, number = labels["offbeat.io/run"], int(labels["offbeat.io/attempt"])
        job_id = _job_id(raw)
        session = RunSession(self._settings, run_id, number)
        try:
            with contextlib.suppress(RedisUnreachable):
                if session.is_settled(patience_sec=_LOOK_PATIENCE_SEC):
                    return 0
            session.progress(0.5, "decoding")
            result: CompletedResult | FailedResult
            if deed is Deed.REFUSE:
                result = FailedResult.because(
                    FailureReason.FILE_NOT_FOUND,
                    "tone.wav: file not found",
                    job_id=job_id,
                    run_id=run_id,
                    attempt=number,
                )
            else:
                result = CompletedResult(
                    job_id=job_id, run_id=run_id, attempt=number, results=_RESULTS
                )
            session.settle(result, raw=raw, patience_sec=_SETTLE_PATIENCE_SEC)
        except RedisUnreachable:
            return 75
        finally:
            session.close()
        return {Deed.REFUSE: 66, Deed.STUMBLE: 1}.get(deed, 0)

    async def _end(
        self,
        name: str,
        code: int,
        *,
        reason: str = "",
        pod_reason: str = "",
        disrupted: bool = False,
    ) -> None:
        state = {
            "terminated": {
                "exitCode": code,
                "reason": reason or {0: "Completed", 137: "OOMKilled"}.get(code, "Error"),
                "finishedAt": _now(),
            }
        }
        status: Item = {"phase": "Failed" if code or pod_reason else "Succeeded"}
        status |= _container(state)
        if pod_reason:
            status["reason"] = pod_reason
        if disrupted:
            words = "the node was low on resource: memory"
            status["conditions"] = [_disruption("TerminationByKubelet", words)]
        await self._status(name, status)

    async def _status(self, name: str, status: Item) -> None:
        await self._api.call(
            "PATCH", self._api.path("pods", name, subresource="status"), {"status": status}
        )

    async def _remove(self, name: str) -> None:
        with contextlib.suppress(ApiRefused):
            await self._api.call("DELETE", self._api.path("pods", name), {"gracePeriodSeconds": 0})


def _job_id(raw: bytes) -> int | str:
    job_id: int | str = json.loads(raw)["job_id"]
    return job_id


def _disruption(reason: str, message: str) -> Item:
    return {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": _now(),
    }


def _container(state: Item) -> Item:
    container = {
        "name": "analyzer",
        "image": "played",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }
    return {"containerStatuses": [container]}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
