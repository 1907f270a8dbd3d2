"""The way to the API server: answers through it can be refusals, late, half, lost or untrue."""

import asyncio
import contextlib
import json
import random
import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import aiohttp
from aiohttp import web

from tests.faults.plan import FaultKind
from tests.faults.refusals import refusal_for

__all__ = ["ApiProxy"]

_HANG_SEC = 3.0
_REMEMBERED_LINES = 50
_FORWARDED = ("Content-Type", "Date", "Retry-After")
_RULES_OUT = {FaultKind.API_ADMISSION, FaultKind.API_INVALID}


class ApiProxy:
    """A proxy on a free loopback port, for clients that need no credentials."""

    def __init__(self, url: str, session: aiohttp.ClientSession, seed: int) -> None:
        self.port = 0
        self.active: dict[FaultKind, tuple[float, int]] = {}
        """Fault that is played now → its share, and which variation."""
        self.rejected: set[str] = set()
        """Labels of the jobs whose Jobs were refused for good."""
        self._url = url
        self._session = session
        self._random = random.Random(f"{seed} api")
        self._watches: set[asyncio.Transport] = set()
        self._closing = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, seed: int, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Self]:
        """Forward to `url` until the end of the block."""
        connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True)
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            proxy = cls(url, session, seed)
            app = web.Application(client_max_size=16 * 1024 * 1024)
            app.router.add_route("*", "/{path:.*}", proxy._serve)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            proxy.port = runner.addresses[0][1]
            try:
                yield proxy
            finally:
                proxy._closing.set()
                proxy.cut_watches()
                await runner.cleanup()

    def cut_watches(self) -> None:
        """Reset the connections of all watches."""
        for transport in list(self._watches):
            transport.abort()

    def _plays(self, kind: FaultKind) -> bool:
        share = self.active.get(kind, (0.0, 0))[0]
        return share > 0 and self._random.random() < share

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        if "/namespaces/" in request.path:  # what a client learns at its start is left alone
            refused = await self._break_before(request, body)
            if refused is not None:
                return refused
        try:
            if request.query.get("watch") in {"true", "1"}:
                return await self._watch(request)
            return await self._forward(request, body)
        except (aiohttp.ClientError, OSError, TimeoutError):
            return _reset(request)

    async def _break_before(self, request: web.Request, body: bytes) -> web.StreamResponse | None:
        for kind, (_, variation) in list(self.active.items()):
            if not self._plays(kind):
                continue
            if kind is FaultKind.API_RESET:
                return _reset(request)
            if kind is FaultKind.API_HANG:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), _HANG_SEC)
                return _reset(request)
            if "/jobs" not in request.path and kind is not FaultKind.API_ERROR:
                continue
            metadata = json.loads(body)["metadata"] if request.method == "POST" and body else {}
            refusal = refusal_for(kind, request.method, metadata.get("name", ""), variation)
            if refusal is not None:
                if kind in _RULES_OUT:
                    self.rejected.add(metadata.get("labels", {}).get("offbeat.io/job-id", ""))
                return web.Response(
                    status=refusal.status, body=refusal.body, headers=refusal.headers
                )
        return None

    def _ask(
        self, request: web.Request, body: bytes | None
    ) -> "aiohttp.client._RequestContextManager":
        kept = ("Accept", "Content-Type")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        headers["Accept-Encoding"] = "identity"  # half an answer shall be half of the JSON
        return self._session.request(
            request.method, self._url + request.raw_path, data=body, headers=headers
        )

    async def _forward(self, request: web.Request, body: bytes) -> web.StreamResponse:
        async with self._ask(request, body or None) as answer:
            data = await answer.read()
            headers = {name: answer.headers[name] for name in _FORWARDED if name in answer.headers}
        if "/namespaces/" in request.path and self._plays(FaultKind.API_RESET_AFTER):
            return _reset(request)
        if "/namespaces/" in request.path and self._plays(FaultKind.API_HALF):
            return await _half(request, answer.status, data, headers)
        return web.Response(status=answer.status, body=data, headers=headers)

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        async with self._ask(request, None) as answer:
            response = web.StreamResponse(
                status=answer.status, headers={"Content-Type": "application/json"}
            )
            await response.prepare(request)
            transport = request.transport
            assert isinstance(transport, asyncio.Transport)
            self._watches.add(transport)
            try:
                with contextlib.suppress(ConnectionError):
                    await self._relay(answer, response)
            finally:
                self._watches.discard(transport)
        return response

    async def _relay(self, answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
        buffer = b""
        earlier: deque[bytes] = deque(maxlen=_REMEMBERED_LINES)
        async for chunk, _ in answer.content.iter_chunks():
            *lines, buffer = (buffer + chunk).split(b"\n")
            if self._plays(FaultKind.WATCH_SILENT):
                continue
            if FaultKind.WATCH_LYING in self.active:
                lines = self._untrue(lines, earlier)
            else:
                earlier.extend(lines)
            await response.write(b"".join(line + b"\n" for line in lines))

    def _untrue(self, lines: list[bytes], earlier: deque[bytes]) -> list[bytes]:
        """Return the events out of order, some twice, and older ones among them."""
        told = list(lines)
        for line in lines:
            if self._plays(FaultKind.WATCH_LYING):
                told.append(line)
            if earlier and self._plays(FaultKind.WATCH_LYING):
                told.append(self._random.choice(earlier))
        earlier.extend(lines)
        self._random.shuffle(told)
        return told


def _reset(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=502)


async def _half(
    request: web.Request, status: int, data: bytes, headers: dict[str, str]
) -> web.StreamResponse:
    """Promise the whole answer, send half of it and close the connection."""
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(data)
    await response.prepare(request)
    await response.write(data[: len(data) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
