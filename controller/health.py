"""/livez and /readyz.

Alive: the loops tick. A Redis or an API server that is away must not restart the controller, so
neither is asked. Ready: claiming, launching and reconciling work. A thread answers: probes do not
wait for the event loop, and a loop that hangs is told from a controller that is away.
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from controller.observer import Observer

__all__ = ["serve"]

_SLOWEST_CLIENT_SEC = 5.0


@asynccontextmanager
async def serve(port: int, observer: Observer) -> AsyncIterator[None]:
    """Answer probes on `port` (0: not at all).

    Raises:
        OSError: The port cannot be listened on.

    """
    if port == 0:
        yield
        return
    server = _Server(port, observer)
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        server.server_close()


class _Server(ThreadingHTTPServer):
    """Listens on IPv4 and on IPv6, where there is any."""

    def __init__(self, port: int, observer: Observer) -> None:
        super().__init__(("", port), _Handler, bind_and_activate=False)
        self.observer = observer
        self.socket.close()
        if socket.has_dualstack_ipv6():
            self.socket = socket.create_server(
                ("", port), family=socket.AF_INET6, dualstack_ipv6=True
            )
        else:
            self.socket = socket.create_server(("", port))


class _Handler(BaseHTTPRequestHandler):
    """Answers one probe."""

    server: _Server
    timeout: ClassVar[float] = _SLOWEST_CLIENT_SEC

    def do_GET(self) -> None:
        """Answer 200 if all is well, else 503, and say in JSON what is not."""
        match self.path.partition("?")[0]:
            case "/livez":
                silent = self.server.observer.silent_loops()
                self._answer(503 if silent else 200, {"silent_sec": silent})
            case "/readyz":
                error = self.server.observer.last_error()
                self._answer(503 if error else 200, {"error": error})
            case _:
                self._answer(404, {"error": "there are /livez and /readyz"})

    def _answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: probes come every few seconds."""
