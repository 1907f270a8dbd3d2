"""A Kubernetes API that answers what a test tells it to, over real HTTP on loopback."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from controller.cluster import Cluster

__all__ = ["Answer", "Call", "an_api"]


@dataclass(frozen=True)
class Answer:
    """One answer; `hang_up` closes the connection instead."""

    status: int = 200
    body: bytes | dict[str, Any] = field(default_factory=dict)
    hang_up: bool = False

    @property
    def data(self) -> bytes:
        """The body as it is sent."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Call:
    """One request that was made."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@asynccontextmanager
async def an_api(
    answers: Mapping[str, Answer | list[Answer]],
) -> AsyncIterator[tuple[Cluster, list[Call]]]:
    """Serve `answers`, by method and the last part of the path; `*` answers everything else.

    Of several answers each call takes the next, and the last again and again.
    """
    calls: list[Call] = []
    served: Counter[str] = Counter()

    async def handle(request: web.Request) -> web.Response:
        data = await request.read()
        name = f"{request.method} {request.path.rpartition('/')[2]}"
        told = answers.get(name, answers.get("*", Answer(404)))
        served[name] += 1
        answer = told[min(served[name], len(told)) - 1] if isinstance(told, list) else told
        calls.append(
            Call(
                request.method,
                request.path,
                dict(request.query),
                dict(request.headers),
                json.loads(data) if data else None,
            )
        )
        if answer.hang_up and request.transport is not None:
            request.transport.close()
        return web.Response(status=answer.status, body=answer.data, headers={"Retry-After": "7"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    configuration.api_key["BearerToken"] = "bearer secret"
    cluster = Cluster(configuration, "music")
    try:
        yield cluster, calls
    finally:
        await cluster.close()
        await runner.cleanup()
