"""A Kubernetes API that answers what a test tells it to, over real HTTP on loopback."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from kubernetes.aio.client import Configuration

from controller.cluster import Cluster

__all__ = ["Answer", "Call", "Told", "an_api", "refusal"]


@dataclass(frozen=True)
class Answer:
    """One answer.

    `hang_up` closes the connection instead, `half` closes it after half of the body, and `hang`
    never answers.
    """

    status: int = 200
    body: bytes | dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    half: bool = False
    hang: bool = False

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


Told = Answer | list[Answer] | Callable[[Call], Answer]


def refusal(
    status: int,
    message: str = "so says the API",
    *,
    causes: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """Make an answer that is not a success, as the API server itself writes it."""
    body: dict[str, Any] = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "message": message,
        "code": status,
    }
    if causes is not None:
        body["details"] = {"causes": causes}
    return Answer(status, body, headers or {})


@asynccontextmanager
async def an_api(
    answers: Mapping[str, Told],
    *,
    timeout_sec: float = 30.0,
    monotonic: Callable[[], float] | None = None,
    wall: Callable[[], float] | None = None,
) -> AsyncIterator[tuple[Cluster, list[Call]]]:
    """Serve `answers`, by method and the last part of the path; `*` answers everything else.

    Of several answers each call takes the next, and the last again and again.
    """
    calls: list[Call] = []
    served: Counter[str] = Counter()
    closing = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        data = await request.read()
        name = f"{request.method} {request.path.rpartition('/')[2]}"
        call = Call(
            request.method,
            request.path,
            dict(request.query),
            dict(request.headers),
            json.loads(data) if data else None,
        )
        calls.append(call)
        served[name] += 1
        answer = _choose(answers.get(name, answers.get("*", refusal(404))), served[name], call)
        if answer.hang:
            await closing.wait()
        if answer.half:
            return await _send_half(request, answer)
        if answer.hang_up and request.transport is not None:
            request.transport.close()
        return web.Response(status=answer.status, body=answer.data, headers=answer.headers)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    configuration.api_key["BearerToken"] = "bearer secret"
    clocks = {"monotonic": monotonic, "wall": wall}
    cluster = Cluster(
        configuration,
        "music",
        timeout_sec=timeout_sec,
        **{name: clock for name, clock in clocks.items() if clock is not None},
    )
    try:
        yield cluster, calls
    finally:
        closing.set()
        await cluster.close()
        await runner.cleanup()


def _choose(told: Told, count: int, call: Call) -> Answer:
    if isinstance(told, Answer):
        return told
    return told[min(count, len(told)) - 1] if isinstance(told, list) else told(call)


async def _send_half(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Promise the whole body, send half of it and close the connection."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.data)
    await response.prepare(request)
    await response.write(answer.data[: len(answer.data) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
