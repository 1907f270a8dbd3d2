"""Who this local mode is: a random name that is kept in a file, the owner of the runs it claims.

It must be the same after a restart and another for every other installation.
"""

import fcntl
import hashlib
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from offbeat.embedded import default_folder, running_url
from offbeat.logs import logger
from offbeat.settings import without_password

__all__ = ["LocalOwner", "redis_scope"]

_SCOPE_DIGITS = 16
_SLOTS = 64
_DEFAULT_PORT = 6379
_OWNER = re.compile(r"local-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWNER_BYTES = 64


def redis_scope(redis_url: str, queue: str) -> str:
    """Return a hash of the queue and of where it is: server and database, never the password."""
    try:
        place = _place(redis_url)
    except ValueError:  # its text may hold a piece of the password
        place = without_password(redis_url)
    return hashlib.sha256(f"{place}\n{queue}".encode()).hexdigest()[:_SCOPE_DIGITS]


def _place(redis_url: str) -> str:
    parts = urlsplit(redis_url)
    database = parse_qs(parts.query).get("db", [""])[0]
    if parts.scheme == "unix":
        return f"{parts.path} {database or 0}"
    database = database or parts.path.strip("/") or "0"
    return f"{parts.hostname or 'localhost'}:{parts.port or _DEFAULT_PORT} {database}"


class LocalOwner:
    """The owner's name of one local mode, taken for as long as the `with` block lasts.

    Names are kept in numbered files, and a lock on a file takes its name. The first free one is
    taken: so a local mode that is started again has the name that it had, and a second one beside
    it has another.
    """

    def __init__(self, redis_url: str, queue: str, *, folder: Path | None = None) -> None:
        self._redis_url = redis_url
        self._queue = queue
        self._folder = folder
        self._lock: int | None = None

    def __enter__(self) -> str:
        """Take a name.

        Where no file can be written, it is made for this process only.
        """
        try:
            return self._take(default_folder() if self._folder is None else self._folder)
        except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home folder
            logger.warning(
                "the owner's name cannot be kept: {}. After a crash the runs of this process are "
                "not taken up by the next one: make the folder writable, or set OFFBEAT_OWNER",
                error,
            )
            return _new_name()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            os.close(lock)

    def _take(self, state: Path) -> str:
        folder = state / "owners"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # The port of the embedded Redis may change; its data, and so the runs in it, stay.
        embedded = _is_embedded(self._redis_url, state)
        scope = redis_scope("unix:///embedded" if embedded else self._redis_url, self._queue)
        for number in range(_SLOTS):
            # Close-on-exec, as all that Python opens: no child can hold the name.
            lock = os.open(folder / f"{scope}-{number}", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if _try_lock(lock):
                    name = _read_or_write(lock)
                    self._lock, lock = lock, -1
                    return name
            finally:
                if lock != -1:
                    os.close(lock)
        raise OSError(f"all {_SLOTS} names of this queue are taken")


def _is_embedded(redis_url: str, state: Path) -> bool:
    with suppress(OSError):
        return running_url(state) == redis_url
    return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_or_write(descriptor: int) -> str:
    """Return the name in a file; write a new one into a file that holds none."""
    kept = os.pread(descriptor, _OWNER_BYTES, 0).decode("ascii", "replace").strip()
    if _OWNER.fullmatch(kept):
        return kept
    name = _new_name()
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{name}\n".encode(), 0)
    os.fsync(descriptor)
    return name


def _new_name() -> str:
    return f"local-{uuid.uuid4()}"
