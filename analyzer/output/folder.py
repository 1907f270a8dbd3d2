"""The folder of one job in the output mount, into which files are put whole or not at all.

Requirements: others write to the mount as well, so nothing in it is trusted. A symbolic link below
the mount is never followed, be it for a folder or for a file, and nothing outside of the job's
folder is touched. A file appears under its name only when all of it is on disk. Attempts of one run
write the same files: the later one replaces those of the earlier, byte by byte the same.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Self

from analyzer.errors import OutputRefused

__all__ = ["GrowingFile", "OutputFolder", "OutputPlace"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_WORDS = {
    errno.ENOSPC: "no space is left",
    errno.EDQUOT: "its quota is used up",
    errno.EROFS: "it is mounted read-only",
    errno.EACCES: "this user may not write to it",
    errno.EPERM: "this user may not write to it",
    errno.ENOENT: "it is not there",
    errno.ELOOP: "a symbolic link stands where a folder should be",
    errno.ENOTDIR: "something that is no folder stands where one should be",
    errno.EISDIR: "a folder stands where a file should be",
}


@dataclass(frozen=True)
class OutputPlace:
    """Where the files of one job go: a folder below the output mount."""

    mount: Path
    folder: PurePosixPath

    def __post_init__(self) -> None:
        if not self.folder.parts or {"..", "/"} & set(self.folder.parts):
            raise ValueError(f"{self.folder} is no folder below the mount")


class OutputFolder:
    """The folder, made where it is missing; what fails leaves none of its own files behind.

    Raises:
        OutputRefused: On entering and on putting: the mount is full, read-only, not there, or holds
            what must not be followed.

    """

    def __init__(self, place: OutputPlace) -> None:
        self._place = place
        self._folder = -1
        self._put: list[str] = []

    def put(self, name: str, content: Iterable[bytes]) -> str:
        """Write a file, part by part, and return its path below the mount."""
        growing = self.begin(name)
        try:
            growing.file.writelines(content)
        except BaseException as error:
            growing.discard()
            if isinstance(error, OSError):
                raise _refused(self._place, error) from error
            raise
        return growing.commit()

    def begin(self, name: str) -> "GrowingFile":
        """Open a file that is written bit by bit; until it is committed it has a hidden name."""
        part = f".{name}.{secrets.token_hex(8)}.part"
        try:
            descriptor = os.open(part, _NEW_FILE, mode=0o666, dir_fd=self._folder)
        except OSError as error:
            raise _refused(self._place, error) from error
        return GrowingFile(self, os.fdopen(descriptor, "w+b"), part, name)

    def free_bytes(self) -> int:
        """Return how much this user may still write."""
        try:
            found = os.fstatvfs(self._folder)
        except OSError as error:
            raise _refused(self._place, error) from error
        return found.f_bavail * found.f_frsize

    def name(self, part: str, name: str) -> str:
        """Give a file that is complete its name."""
        try:
            os.rename(part, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        except OSError as error:
            raise _refused(self._place, error) from error
        self._put.append(name)
        return str(self._place.folder / name)

    def drop(self, part: str) -> None:
        """Remove a file that is not complete."""
        with contextlib.suppress(OSError):
            os.unlink(part, dir_fd=self._folder)

    def refused(self, error: OSError) -> OutputRefused:
        """Return what an error of the system means for who reads the result."""
        return _refused(self._place, error)

    def __enter__(self) -> Self:
        try:
            self._folder = _open_folder(self._place)
        except OSError as error:
            raise _refused(self._place, error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is not None:
                self._take_back()
            else:
                os.fsync(self._folder)
        except OSError as failed:
            raise _refused(self._place, failed) from failed
        finally:
            os.close(self._folder)

    def _take_back(self) -> None:
        """Remove what was put: a full disk gets its space back, and no half of a set stays."""
        for name in self._put:
            with contextlib.suppress(OSError):
                os.unlink(name, dir_fd=self._folder)


class GrowingFile:
    """A file of an `OutputFolder` that is being written, and open for reading, too.

    Attributes:
        file: What to write to.

    """

    def __init__(self, folder: OutputFolder, file: BinaryIO, part: str, name: str) -> None:
        self.file = file
        self._folder, self._part, self._name = folder, part, name

    def commit(self) -> str:
        """Put all of it on disk, give it its name, and return its path below the mount.

        Raises:
            OutputRefused: It could not be written; it is gone.

        """
        try:
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()
        except OSError as error:
            self.discard()
            raise self._folder.refused(error) from error
        except BaseException:
            self.discard()
            raise
        try:
            return self._folder.name(self._part, self._name)
        except BaseException:
            self.discard()
            raise

    def discard(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            self.file.close()
        self._folder.drop(self._part)


def _open_folder(place: OutputPlace) -> int:
    """Open the folder, step by step from the mount, and make those that are missing."""
    folder = os.open(place.mount, _FOLDER)
    try:
        for name in place.folder.parts:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, dir_fd=folder)
            inner = os.open(name, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder


def _refused(place: OutputPlace, error: OSError) -> OutputRefused:
    what = _WORDS.get(error.errno or 0) or error.strerror or str(error)
    return OutputRefused(f"the output mount {place.mount} cannot be written to: {what}")
