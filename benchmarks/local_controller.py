"""A controller as a process of this machine, watched from outside."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from offbeat import keys

__all__ = ["LocalController", "free_port", "local_controller"]

_PATIENCE_SEC = 120.0
_END_SEC = 30.0


@dataclass(frozen=True)
class LocalController:
    """A controller that was ready `ready_after_sec` after its start at `started_at` (Unix time)."""

    pid: int
    health_port: int
    started_at: float
    ready_after_sec: float


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def local_controller(
    redis_url: str,
    environment: Mapping[str, str],
    *,
    log: Path,
    port: int | None = None,
    program: str = "controller",
) -> Iterator[LocalController]:
    """Run a controller until the end of the block, which begins when it is ready.

    `program` is `controller`, or `local` for that of local mode.
    """
    port = port or free_port()
    ours = {keys.ENV_REDIS_URL: redis_url, "OFFBEAT_HEALTH_PORT": str(port)}
    with (
        log.open("ab") as file,
        subprocess.Popen(
            [sys.executable, "-P", "-m", program],
            env=dict(os.environ) | ours | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        ) as process,
    ):
        started = time.time()
        try:
            _await_ready(port, process, log)
            yield LocalController(process.pid, port, started, time.time() - started)
        except BaseException:
            sys.stderr.write(f"the controller's log ends: {_tail(log)}\n")
            raise
        finally:
            process.terminate()
            try:
                process.wait(timeout=_END_SEC)
            except subprocess.TimeoutExpired:
                process.kill()


def _await_ready(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    give_up = time.monotonic() + _PATIENCE_SEC
    while time.monotonic() < give_up and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise AssertionError("the controller is not ready")


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-3000:]
