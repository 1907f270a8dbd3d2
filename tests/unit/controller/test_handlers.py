"""What the watch makes of the API server's stream: kopf itself, on an API that a test plays."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from controller.attempt import Attempt
from controller.handlers import watch
from controller.reconcile import Reconciler
from controller.settings import ControllerSettings

RUN = "0123456789abcdef"


class Notices:
    """What the reconciler is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def finished(self, attempt: Attempt) -> None:
        """Note it."""
        self.heard.append(("finished", attempt.job_name))

    def notice(self, run_id: str, *, after_sec: float = 0.0, doubtful: bool = False) -> None:
        """Note it."""
        self.heard.append(("doubtful" if doubtful else "noticed", run_id))


class PlayedApi:
    """Lists what it holds, streams what it is told, and keeps every request."""

    def __init__(self) -> None:
        self.items: dict[str, list[dict[str, Any]]] = {"jobs": [], "pods": []}
        self.streams: dict[str, asyncio.Queue[dict[str, Any]]] = {
            "jobs": asyncio.Queue(),
            "pods": asyncio.Queue(),
        }
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.watched: set[str] = set()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.requests.append((request.method, request.path, dict(request.query)))
        kind = request.path.rpartition("/")[2]
        if kind in self.items and "watch" in request.query:
            return await self._stream(request, kind)
        if kind in self.items:
            return web.json_response(
                {
                    "kind": f"{kind[:-1].title()}List",
                    "metadata": {"resourceVersion": "1"},
                    "items": self.items[kind],
                }
            )
        return web.json_response(_discovery(request.path))

    async def _stream(self, request: web.Request, kind: str) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        self.watched.add(kind)
        while True:
            event = await self.streams[kind].get()
            await response.write(json.dumps(event).encode() + b"\n")


def _discovery(path: str) -> dict[str, Any]:
    """Return what the API says of itself: what is watched, and what kopf itself asks for."""
    verbs = ["get", "list", "watch", "patch"]

    def resource(kind: str) -> dict[str, Any]:
        return {
            "name": f"{kind.lower()}s",
            "singularName": kind.lower(),
            "kind": kind,
            "namespaced": True,
            "verbs": verbs,
        }

    match path:
        case "/api":
            return {"versions": ["v1"]}
        case "/api/v1":
            return {"resources": [resource("Pod"), resource("Namespace"), resource("Event")]}
        case "/apis":
            version = {"version": "v1"}
            names = ["batch", "apiextensions.k8s.io"]
            return {
                "groups": [
                    {"name": name, "versions": [version], "preferredVersion": version}
                    for name in names
                ]
            }
        case "/apis/apiextensions.k8s.io/v1":
            return {"resources": [resource("CustomResourceDefinition")]}
        case "/apis/batch/v1":
            return {"resources": [resource("Job")]}
    return {}


def a_job(
    name: str, *, succeeded: bool = True, attempt: str = "1", run: str = RUN
) -> dict[str, Any]:
    """Make a Job as the API returns it."""
    labels = {"offbeat.io/release": "rel", "offbeat.io/run": run, "offbeat.io/attempt": attempt}
    conditions = [{"type": "Complete", "status": "True"}] if succeeded else []
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": "music",
            "uid": f"u-{name}",
            "labels": labels,
            "resourceVersion": "2",
        },
        "status": {"conditions": conditions},
    }


def a_pod(name: str, labels: dict[str, str]) -> dict[str, Any]:
    """Make a failed Pod."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": "music",
            "uid": f"u-{name}",
            "labels": labels,
            "resourceVersion": "2",
        },
        "status": {"phase": "Failed"},
    }


@asynccontextmanager
async def watching(
    api: PlayedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Notices]:
    """Run the watch on a played API."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", api.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    config = tmp_path / "kubeconfig"
    config.write_text(
        json.dumps(
            {
                "current-context": "played",
                "contexts": [{"name": "played", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [
                    {
                        "name": "c",
                        "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"},
                    }
                ],
                "users": [{"name": "u", "user": {"token": "secret"}}],
            }
        )
    )
    monkeypatch.setenv("KUBECONFIG", str(config))
    notices = Notices()
    ready = asyncio.Event()
    task = asyncio.create_task(
        watch(
            cast("Reconciler", notices),
            ControllerSettings(_env_file=None, release="rel"),
            namespace="music",
            on_ready=ready.set,
        )
    )
    try:
        async with asyncio.timeout(120):
            while not ready.is_set() or api.watched != {"jobs", "pods"}:
                if task.done():
                    await task
                await asyncio.sleep(0.01)
        yield notices
    finally:
        task.cancel()
        await asyncio.wait([task])
        await runner.cleanup()


async def until(notices: Notices, count: int) -> None:
    """Wait until so much was heard."""
    async with asyncio.timeout(120):
        while len(notices.heard) < count:
            await asyncio.sleep(0.01)


@pytest.fixture
def api() -> PlayedApi:
    """Make an API that holds nothing."""
    return PlayedApi()


async def test_what_has_ended_before_the_watch(
    api: PlayedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is heard of from the list."""
    api.items["jobs"] = [a_job("job-1")]
    api.items["pods"] = [a_pod("pod-1", {"offbeat.io/run": RUN})]
    async with watching(api, tmp_path, monkeypatch) as notices:
        await until(notices, 2)
    assert sorted(notices.heard) == [("doubtful", RUN), ("finished", "job-1")]


async def test_what_ends_later(
    api: PlayedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each event is one notice; what cannot be read is none."""
    odd = a_job("job-0", attempt="first")
    nobody = a_pod("pod-0", {})
    bare = a_pod("pod-00", {})
    del bare["metadata"]["labels"]
    pod = a_pod("pod-1", {"offbeat.io/run": "b"})
    async with watching(api, tmp_path, monkeypatch) as notices:
        for event in ("ADDED", "MODIFIED"):
            api.streams["jobs"].put_nowait({"type": event, "object": odd})
        api.streams["jobs"].put_nowait({"type": "ADDED", "object": a_job("job-1")})
        await until(notices, 1)
        assert notices.heard == [("finished", "job-1")]
        unfinished = a_job("job-2", succeeded=False)
        api.streams["jobs"].put_nowait({"type": "ADDED", "object": unfinished})
        gone = a_job("job-3", run="gone")
        api.streams["jobs"].put_nowait({"type": "DELETED", "object": gone})
        await until(notices, 2)
        assert notices.heard[1:] == [("noticed", "gone")]
        for other in (nobody, bare):
            api.streams["pods"].put_nowait({"type": "ADDED", "object": other})
        api.streams["pods"].put_nowait({"type": "ADDED", "object": pod})
        await until(notices, 3)
        assert notices.heard[2:] == [("doubtful", "b")]


async def test_a_job_whose_cleanup_is_scheduled(
    api: PlayedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to do about it."""
    done = a_job("job-1")
    done["metadata"]["labels"]["offbeat.io/settled"] = "true"
    async with watching(api, tmp_path, monkeypatch) as notices:
        api.streams["jobs"].put_nowait({"type": "DELETED", "object": done})
        api.streams["jobs"].put_nowait({"type": "ADDED", "object": a_job("job-2")})
        await until(notices, 1)
    assert notices.heard == [("finished", "job-2")]


async def test_what_is_watched(
    api: PlayedApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what has ended, of this release, page by page; and nothing is ever written."""
    async with watching(api, tmp_path, monkeypatch):
        pass
    assert {method for method, _, _ in api.requests} == {"GET"}
    asked = {
        (path, query.get("labelSelector"), query.get("fieldSelector"))
        for _, path, query in api.requests
        if path.endswith(("/jobs", "/pods"))
    }
    assert asked == {
        (
            "/apis/batch/v1/namespaces/music/jobs",
            "offbeat.io/release=rel,offbeat.io/run,!offbeat.io/settled",
            "status.successful=1",
        ),
        (
            "/api/v1/namespaces/music/pods",
            "offbeat.io/release=rel,offbeat.io/run",
            "status.phase=Failed",
        ),
    }
    limits = {query.get("limit") for _, path, query in api.requests if path.endswith("/jobs")}
    assert "200" in limits
