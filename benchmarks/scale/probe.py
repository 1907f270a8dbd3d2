"""/readyz asked every 50 ms, from a separate process, beside an idle server of the same kind."""

import asyncio
import http.client
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from benchmarks.local_controller import free_port
from controller.health import serve
from controller.observer import Observer

__all__ = ["Answer", "Probe", "probe"]

_EVERY_SEC = 0.05
_TIMEOUT_SEC = 30


@dataclass(frozen=True)
class Answer:
    """One answer: when it was asked for (Unix time), how long it took, and who answered."""

    at: float
    seconds: float
    is_idle_server: bool


class Probe:
    """The process that asks; its answers can be taken once, at the end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.answers: list[Answer] = []

    def stop(self) -> None:
        """End it, and take its answers."""
        self._connection.send("stop")
        self.answers = self._connection.recv()

    def slowest(self, begun: float, ended: float, *, of_idle_server: bool) -> float | None:
        """Return the longest wait within two moments; None without an answer."""
        waits = [
            answer.seconds
            for answer in self.answers
            if begun <= answer.at < ended and answer.is_idle_server is of_idle_server
        ]
        return max(waits, default=None)


@contextmanager
def probe(port: int) -> Iterator[Probe]:
    """Ask `port` from now to `stop`; while nobody listens there, nothing is noted."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    idle_port = free_port()
    idle = context.Process(target=_serve_idly, args=(idle_port,), daemon=True)
    asking = context.Process(target=_ask, args=((port, idle_port), theirs), daemon=True)
    idle.start()
    asking.start()
    try:
        yield Probe(ours)
    finally:
        for process in (asking, idle):
            process.terminate()
            process.join()


def _serve_idly(port: int) -> None:
    async def run() -> None:
        async with serve(port, Observer()):
            await asyncio.Event().wait()

    asyncio.run(run())


def _ask(ports: tuple[int, int], connection: Connection) -> None:
    answers: list[Answer] = []
    following = time.monotonic()
    while not connection.poll(max(0.0, following - time.monotonic())):
        following = max(following + _EVERY_SEC, time.monotonic())
        for port in ports:
            at, begun = time.time(), time.perf_counter()
            if _answers(port):
                answers.append(Answer(at, time.perf_counter() - begun, port == ports[1]))
    connection.send(answers)


def _answers(port: int) -> bool:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SEC)
    try:
        client.request("GET", "/readyz")
        client.getresponse().read()
    except ConnectionError:
        return False
    except TimeoutError:  # its time is noted: it counts as an answer
        return True
    finally:
        client.close()
    return True
