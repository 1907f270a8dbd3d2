"""The folders in which children find their message and may write, removed as soon as they can be.

Each controller has one folder in the user's temporary folder and holds a lock in it. A folder whose
lock is free belongs to a controller that was killed; the next one of the same user removes it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from offbeat import keys
from offbeat.logs import logger

__all__ = ["Scratch", "TryFolder"]

_PREFIX = "offbeat-controller-"
_LOCK = "lock"
_UNFINISHED_LOCK = "lock.new"


@dataclass(frozen=True)
class TryFolder:
    """What one process is given."""

    path: Path

    @property
    def payload(self) -> Path:
        """The message."""
        return self.path / keys.PAYLOAD_FILE_NAME

    @property
    def termination_log(self) -> Path:
        """Where the analyzer leaves its termination message."""
        return self.path / "termination-log"

    @property
    def temporary(self) -> Path:
        """The analyzer's own folder for temporary files."""
        return self.path / "tmp"

    def fill(self, raw: bytes) -> int:
        """Write the message; return a descriptor from which the termination message can be read.

        It is opened before the analyzer runs, so that no lack of descriptors can hide the message.

        Raises:
            OSError: There is no room, no descriptor or no folder.

        """
        self.payload.write_bytes(raw)
        self.temporary.mkdir(exist_ok=True)
        return os.open(self.termination_log, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)

    def remove(self) -> None:
        """Remove the folder, as far as that can be done now."""
        shutil.rmtree(self.path, ignore_errors=True)
        # A process without a free descriptor cannot list a folder, but knows what it wrote.
        for file in (self.payload, self.termination_log):
            with contextlib.suppress(OSError):
                file.unlink()
        for folder in (self.temporary, self.path):
            with contextlib.suppress(OSError):
                folder.rmdir()


class Scratch:
    """The folder of this controller, made when it is first needed and again if it is deleted."""

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(tempfile.gettempdir())
        self._root: Path | None = None
        self._lock: int | None = None

    def sweep(self) -> None:
        """Remove what controllers of this user that were killed have left here."""
        with contextlib.suppress(OSError):
            for folder in self._parent.glob(f"{_PREFIX}*"):
                _remove_if_stale(folder)

    def make(self, name: str) -> TryFolder:
        """Make the folder of one process; one that is there is used again.

        Raises:
            OSError: It cannot be made.

        """
        if self._root is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody has tidied up: begin again
                return _make(self._root / name)
        self.close()
        self._root = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=self._parent))
        self._lock = _take_lock(self._root)
        return _make(self._root / name)

    def remove(self, name: str) -> None:
        """Remove the folder of a process; do nothing if there is none."""
        if self._root is not None:
            TryFolder(self._root / name).remove()

    def close(self) -> None:
        """Remove everything."""
        root, self._root = self._root, None
        lock, self._lock = self._lock, None
        if root is not None:
            shutil.rmtree(root, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def _make(path: Path) -> TryFolder:
    path.mkdir(exist_ok=True)
    return TryFolder(path)


def _take_lock(root: Path) -> int | None:
    """Lock a new folder; `None` where the file system has no locks, and then nobody sweeps it.

    The file gets its name when it is locked already, so no other controller can find it free.
    """
    unfinished = root / _UNFINISHED_LOCK
    try:
        lock = os.open(unfinished, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unfinished.rename(root / _LOCK)
    except OSError:
        os.close(lock)
        return None
    return lock


def _remove_if_stale(folder: Path) -> None:
    try:
        if folder.lstat().st_uid != os.getuid():
            return
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return  # its controller lives
    else:
        logger.info("removing {}, left by a controller that was killed", folder)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(lock)
