"""/livez and /readyz.

Alive: the loops tick. A Redis or an API server that is away must not restart the controller, so
neither is asked. Ready: the last full reconciliation, which needs both, is not long ago.
"""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

__all__ = ["Heartbeats", "serve"]


class Heartbeats:
    """When each loop last ticked, against the longest silence that is normal for it; seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._limits: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def expect(self, name: str, *, within_sec: float) -> Callable[[], None]:
        """Name a loop and return what it calls at every tick; its first tick counts from now."""
        self._limits[name] = within_sec
        self._last[name] = self._clock()
        return lambda: self._last.__setitem__(name, self._clock())

    def silent(self) -> dict[str, float]:
        """Return name → seconds of silence of every loop beyond its limit."""
        now = self._clock()
        return {
            name: round(now - last, 1)
            for name, last in self._last.items()
            if now - last > self._limits[name]
        }


@asynccontextmanager
async def serve(
    port: int, *, alive: Heartbeats, ready: Callable[[], str | None]
) -> AsyncIterator[None]:
    """Answer probes on `port` (0: not at all); `ready` returns what is amiss, or None."""
    if port == 0:
        yield
        return

    async def livez(_: web.Request) -> web.Response:
        silent = alive.silent()
        return web.json_response({"silent_sec": silent}, status=503 if silent else 200)

    async def readyz(_: web.Request) -> web.Response:
        amiss = ready()
        return web.json_response({"amiss": amiss}, status=503 if amiss else 200)

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()
