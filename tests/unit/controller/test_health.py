"""What the probes answer."""

import asyncio
import json
import socket
import threading
from http.client import HTTPConnection

import pytest

from controller.health import serve
from controller.observer import Observer


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


async def ask(port: int, path: str) -> tuple[int, object]:
    """Return status and body of an answer."""

    def get() -> tuple[int, object]:
        connection = HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    return await asyncio.to_thread(get)


async def test_alive_means_that_the_loops_tick() -> None:
    """An error of Redis or of the cluster does not restart the controller."""
    now = 0.0
    observer = Observer(monotonic=lambda: now)
    observer.expect("dispatch", within_sec=60)
    port = a_free_port()
    async with serve(port, observer):
        assert await ask(port, "/livez") == (200, {"silent_sec": {}})
        now = 61.0
        assert await ask(port, "/livez") == (503, {"silent_sec": {"dispatch": 61.0}})


async def test_ready_means_that_everything_works() -> None:
    """Else the answer says what does not."""
    observer = Observer()
    port = a_free_port()
    async with serve(port, observer):
        status, body = await ask(port, "/readyz")
        assert (status, body) == (503, {"error": "the first reconciliation has not ended yet"})
        observer.worked("reconcile")
        assert await ask(port, "/readyz") == (200, {"error": None})


async def test_the_port_is_free_again() -> None:
    """Nothing listens after the controller has ended."""
    port = a_free_port()
    async with serve(port, Observer()):
        pass
    with pytest.raises(ConnectionRefusedError):
        await ask(port, "/livez")


async def test_a_loop_that_hangs_is_seen() -> None:
    """A thread answers, so that nobody waits for the loop which is the trouble."""
    observer = Observer()
    observer.expect("dispatch", within_sec=0.0)
    port = a_free_port()
    answers: list[tuple[int, object]] = []
    async with serve(port, observer):
        asking = threading.Thread(target=lambda: answers.append(asyncio.run(ask(port, "/livez"))))
        asking.start()
        asking.join()  # blocks the loop, as a bug would
    assert [status for status, _ in answers] == [503]


async def test_no_such_probe() -> None:
    """The answer names those that there are."""
    port = a_free_port()
    async with serve(port, Observer()):
        assert await ask(port, "/") == (404, {"error": "there are /livez and /readyz"})


async def test_without_a_port() -> None:
    """Nothing is served."""
    async with serve(0, Observer()):
        pass
