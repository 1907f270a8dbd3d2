"""Local mode: the controller as a child process that starts analyzers as its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import IO

from offbeat import keys
from offbeat.cli.exits import Fault
from offbeat.lifeline import die_with_parent

__all__ = ["NEEDED", "LocalMode", "controller", "ending_on_sigterm", "environment", "need"]

NEEDED = ("numpy", "soundfile")
"""What the controller and the analyzers of local mode import."""

_STOP_TIMEOUT_SEC = 30.0
_ENV_OWNER = f"{keys.ENV_PREFIX}OWNER"
_ENV_CAP = f"{keys.ENV_PREFIX}MAX_CONCURRENT_JOBS"
_ENV_HEALTH_PORT = f"{keys.ENV_PREFIX}HEALTH_PORT"


@dataclass(frozen=True, kw_only=True)
class LocalMode:
    """What the controller of local mode is told."""

    redis_url: str
    mount: Path
    jobs: int
    output: Path | None = None
    """Where analyzers write files; None for nowhere."""
    log_level: str = "INFO"
    folder: Path | None = None
    """Where the controller runs; None for the current folder, with its `.env`."""
    owner: str | None = None
    """Name of the owner of its runs; None for the one that is kept in the state folder."""
    inherit: bool = True
    """Whether `OFFBEAT_…` variables of this process count."""


def need(*modules: str, instead: str = "pip install 'offbeat[cli,analyzer,local]'") -> None:
    """Check that what a command imports is installed.

    Raises:
        Fault: One is not.

    """
    absent = [name for name in modules if find_spec(name) is None]
    if absent:
        raise Fault(f"this needs {', '.join(absent)}: {instead}")


def environment(mode: LocalMode, outer: Mapping[str, str]) -> dict[str, str]:
    """Build the environment of the controller."""
    kept = {
        name: value
        for name, value in outer.items()
        if mode.inherit or not name.startswith(keys.ENV_PREFIX)
    }
    own = {
        _ENV_CAP: str(mode.jobs),
        _ENV_HEALTH_PORT: "0",
        keys.ENV_REDIS_URL: mode.redis_url,
        keys.ENV_SHARED_MOUNT_PATH: str(mode.mount),
        keys.ENV_LOG_LEVEL: mode.log_level,
        keys.ENV_LOG_FORMAT: "text",
        # A folder named `local` or `analyzer` where the user works must not hide ours.
        "PYTHONSAFEPATH": "1",
    }
    if mode.owner is not None:
        own[_ENV_OWNER] = mode.owner
    if mode.output is not None:
        own[keys.ENV_OUTPUT_MOUNT_PATH] = str(mode.output)
    return kept | own


@contextmanager
def controller(mode: LocalMode, log: IO[bytes] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run the controller while the `with` block does; its log goes to `log`, else to our own."""
    child = subprocess.Popen(
        [sys.executable, "-m", "local"],
        env=environment(mode, os.environ),
        cwd=mode.folder,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for us: we stop it, then its Redis
        preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, no locks
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_TIMEOUT_SEC)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextmanager
def ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM end the `with` block as Ctrl-C does, so that everything is cleaned up."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
