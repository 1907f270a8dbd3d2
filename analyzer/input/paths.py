"""Open the file that a job names, and only if it lies inside the shared mount.

Guarantees: what is returned is an open regular file; at some moment its path without symbolic links
    lay below the mount. The check is made on the open file, so swapping a link between check and
    opening gains nothing. Opening never blocks (a FIFO) and never touches a device.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from analyzer.errors import AudioFileNotFound, MountMissing, PathNotAllowed

__all__ = ["open_inside", "open_path"]


def open_inside(mount: Path, path: str) -> BinaryIO:
    """Open `path`, relative to the mount or absolute and inside it.

    Raises:
        PathNotAllowed: It leads elsewhere, is no regular file, or may not be read.
        AudioFileNotFound: Nothing is there.
        MountMissing: The mount itself is not there.

    """
    if not mount.is_dir():
        raise MountMissing(f"the shared mount {mount} is not there: check the volume of the Job")
    if "\0" in path:
        raise PathNotAllowed("a path must not contain NUL bytes")
    if ".." in PurePosixPath(path).parts:
        raise PathNotAllowed("a path must not contain '..'")
    with _explained():
        root = mount.resolve()
        target = (mount / path).resolve()
        _check_inside(root, target, mount)
        file = _open_regular(target)
        try:
            # Resolved again after opening: what is open must still be reached inside the mount.
            target = (mount / path).resolve()
            _check_inside(root, target, mount)
            _check_same(target, file)
        except BaseException:
            file.close()
            raise
    return file


def open_path(path: Path) -> BinaryIO:
    """Open any regular file, for a person at a terminal who may read what they may read.

    Raises:
        PathNotAllowed: It is no regular file, or may not be read.
        AudioFileNotFound: Nothing is there.

    """
    with _explained():
        return _open_regular(path)


def _check_inside(root: Path, target: Path, mount: Path) -> None:
    if root not in target.parents:
        raise PathNotAllowed(f"leads out of the shared mount {mount}: move the file into it")


def _check_same(path: Path, file: BinaryIO) -> None:
    if not os.path.samestat(path.lstat(), os.fstat(file.fileno())):
        raise AudioFileNotFound("the file was replaced while it was opened: push the job again")


def _open_regular(path: Path) -> BinaryIO:
    _check_regular(path.stat().st_mode)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        _check_regular(os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb", buffering=0)
    except BaseException:
        os.close(descriptor)
        raise


def _check_regular(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise PathNotAllowed("is a folder: send the path of one audio file")
    if not stat.S_ISREG(mode):
        raise PathNotAllowed("is a device, pipe or socket: send the path of an audio file")


@contextmanager
def _explained() -> Iterator[None]:
    """Translate what the system says of a path; what may pass by itself is left as it is."""
    try:
        yield
    except PermissionError as error:
        raise PathNotAllowed(
            f"may not be read by user {os.geteuid()}: allow that for it and for the folders above"
        ) from error
    except (OSError, RuntimeError, ValueError) as error:
        # pathlib reports a circle of links as RuntimeError before Python 3.13, and as OSError
        # since.
        if isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ELOOP:
            raise PathNotAllowed("symbolic links lead in a circle: send the real path") from error
        if isinstance(error, OSError) and error.errno not in {
            errno.ENOENT,
            errno.ENOTDIR,
            errno.ENAMETOOLONG,
        }:
            raise
        raise AudioFileNotFound(
            "file not found: check the path, and that the file was there before the job was pushed"
        ) from error
