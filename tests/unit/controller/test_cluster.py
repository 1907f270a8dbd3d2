"""Every answer of the API leaves as a dict or as one of our errors: no foreign error leaks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from controller.cluster import Cluster, Conflict, NotFound
from controller.errors import LaunchError, LauncherUnavailable, LaunchRejected, QuotaExceeded


@asynccontextmanager
async def an_api(answer: web.Response | None) -> AsyncIterator[tuple[Cluster, list[web.Request]]]:
    """Serve one answer to everything, or hang up; connect a cluster to it."""
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        await request.read()
        seen.append(request)
        if answer is None:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return web.Response(status=answer.status, body=answer.body, headers={"Retry-After": "7"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{port}"
    configuration.api_key["BearerToken"] = "bearer secret"
    cluster = Cluster(configuration, "music")
    try:
        yield cluster, seen
    finally:
        await cluster.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, LaunchRejected),
        (401, LauncherUnavailable),
        (403, QuotaExceeded),
        (404, NotFound),
        (409, Conflict),
        (422, LaunchRejected),
        (429, LauncherUnavailable),
        (500, LauncherUnavailable),
        (503, LauncherUnavailable),
    ],
)
async def test_status_becomes_an_error(status: int, expected: type[LaunchError]) -> None:
    """Each status means: never, not now, or there is one."""
    body = json.dumps({"message": "so says the API"}).encode()
    async with an_api(web.Response(status=status, body=body)) as (cluster, _):
        with pytest.raises(LaunchError, match="so says the API") as caught:
            await cluster.create_job({"metadata": {"name": "x"}})
        assert type(caught.value) is expected


async def test_patience_is_taken_from_the_answer() -> None:
    """Retry-After of a throttled call is kept."""
    async with an_api(web.Response(status=429, body=b"slow down")) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match="slow down") as caught:
            await cluster.create_job({})
        assert caught.value.retry_after_sec == 7


async def test_broken_connection() -> None:
    """A connection that breaks is no answer."""
    async with an_api(None) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await cluster.list_jobs("a=b")


async def test_answer_that_is_not_json() -> None:
    """A proxy's page is no answer either."""
    async with an_api(web.Response(body=b"<html>")) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match="not JSON"):
            await cluster.list_jobs("a=b")


async def test_requests_carry_credentials() -> None:
    """Every call is made in our namespace and with our token."""
    async with an_api(web.Response(body=b'{"items": []}')) as (cluster, seen):
        assert await cluster.list_jobs("a=b") == []
    assert seen[0].path == "/apis/batch/v1/namespaces/music/jobs"
    assert seen[0].query["labelSelector"] == "a=b"
    assert seen[0].headers["Authorization"] == "bearer secret"
