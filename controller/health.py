"""/livez and /readyz.

Alive: the loops tick. A Redis or an API server that is away must not restart the controller, so
neither is asked. Ready: claiming, launching and reconciling work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from controller.observer import Observer

__all__ = ["serve"]


@asynccontextmanager
async def serve(port: int, observer: Observer) -> AsyncIterator[None]:
    """Answer probes on `port` (0: not at all)."""
    if port == 0:
        yield
        return

    async def livez(_: web.Request) -> web.Response:
        silent = observer.silent_loops()
        return web.json_response({"silent_sec": silent}, status=503 if silent else 200)

    async def readyz(_: web.Request) -> web.Response:
        error = observer.last_error()
        return web.json_response({"error": error}, status=503 if error else 200)

    app = web.Application()
    app.add_routes([web.get("/livez", livez), web.get("/readyz", readyz)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, port=port).start()
        yield
    finally:
        await runner.cleanup()
