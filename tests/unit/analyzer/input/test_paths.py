"""Which paths are opened: those that stay inside the mount, and lead to a regular file."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.errors import AnalysisRefused, AudioFileNotFound, MountMissing, PathNotAllowed
from analyzer.input import paths
from analyzer.input.paths import open_inside, open_path


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """Lay out a mount with good and bad things in it, and a secret beside it."""
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "mount-of-another").mkdir()
    (tmp_path / "mount-of-another" / "a.wav").write_bytes(b"another's")
    mount = tmp_path / "mount"
    (mount / "mixes").mkdir(parents=True)
    (mount / "mixes" / "a.wav").write_bytes(b"sound")
    (mount / "Ünïcode – mix.wav").write_bytes(b"sound")
    (mount / "inner.wav").symlink_to(mount / "mixes" / "a.wav")
    (mount / "relative.wav").symlink_to("mixes/a.wav")
    (mount / "outer.wav").symlink_to(tmp_path / "secret.wav")
    (mount / "outer").symlink_to(tmp_path)
    (mount / "up.wav").symlink_to("../secret.wav")
    (mount / "dangling.wav").symlink_to("nowhere.wav")
    (mount / "dangling-outer.wav").symlink_to("/nowhere/at/all.wav")
    (mount / "circle.wav").symlink_to("circle.wav")
    (mount / "null.wav").symlink_to("/dev/null")
    os.mkfifo(mount / "pipe.wav")
    return mount


@pytest.mark.parametrize(
    "path", ["mixes/a.wav", "./mixes//a.wav", "inner.wav", "relative.wav", "Ünïcode – mix.wav"]
)
def test_files_inside_are_opened(mount: Path, path: str) -> None:
    """By a plain path, or by links that stay inside."""
    with open_inside(mount, path) as file:
        assert file.read() == b"sound"


def test_an_absolute_path_inside_is_opened(mount: Path) -> None:
    """As `file_path` gives it."""
    with open_inside(mount, str(mount / "mixes" / "a.wav")) as file:
        assert file.read() == b"sound"


def test_a_mount_may_be_a_link_itself(mount: Path, tmp_path: Path) -> None:
    """What counts is where things really are."""
    alias = tmp_path / "alias"
    alias.symlink_to(mount)
    for path in ("mixes/a.wav", str(alias / "mixes/a.wav"), str(mount / "mixes/a.wav")):
        with open_inside(alias, path) as file:
            assert file.read() == b"sound"


REFUSED: dict[str, tuple[str, type[AnalysisRefused]]] = {
    "parent": ("../secret.wav", PathNotAllowed),
    "parent in the middle": ("mixes/../../secret.wav", PathNotAllowed),
    "parent that would stay inside": ("mixes/../mixes/a.wav", PathNotAllowed),
    "absolute elsewhere": ("/etc/passwd", PathNotAllowed),
    "absolute, and not there": ("/etc/no-such-file", PathNotAllowed),
    "link out": ("outer.wav", PathNotAllowed),
    "link up": ("up.wav", PathNotAllowed),
    "folder link out": ("outer/secret.wav", PathNotAllowed),
    "link to nothing outside": ("dangling-outer.wav", PathNotAllowed),
    "link to a device": ("null.wav", PathNotAllowed),
    "circle of links": ("circle.wav", PathNotAllowed),
    "FIFO": ("pipe.wav", PathNotAllowed),
    "folder": ("mixes", PathNotAllowed),
    "the mount": (".", PathNotAllowed),
    "NUL": ("mixes/a.wav\0.mp3", PathNotAllowed),
    "nothing": ("mixes/none.wav", AudioFileNotFound),
    "nothing in nothing": ("none/none.wav", AudioFileNotFound),
    "below a file": ("mixes/a.wav/b.wav", AudioFileNotFound),
    "link to nothing": ("dangling.wav", AudioFileNotFound),
    "endless name": ("a" * 300 + ".wav", AudioFileNotFound),
    "lone surrogate": ("mixes/\ud800.wav", AudioFileNotFound),
}


@pytest.mark.parametrize(("path", "refusal"), REFUSED.values(), ids=REFUSED)
def test_everything_else_is_refused(mount: Path, path: str, refusal: type[AnalysisRefused]) -> None:
    """At once: opening the FIFO must not wait for a writer."""
    with pytest.raises(refusal):
        open_inside(mount, path)


def test_a_neighbour_whose_name_begins_alike_is_outside(mount: Path, tmp_path: Path) -> None:
    """`mount-of-another` is not inside `mount`."""
    with pytest.raises(PathNotAllowed):
        open_inside(mount, str(tmp_path / "mount-of-another" / "a.wav"))


def test_a_socket_is_refused(mount: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no regular file."""
    monkeypatch.chdir(mount)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.wav")
        with pytest.raises(PathNotAllowed):
            open_inside(mount, "socket.wav")


def test_a_file_that_may_not_be_read_is_said_to_be_so(
    mount: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the user who needs the permission; root, who may run this, is never refused."""

    def refuse(*arguments: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PathNotAllowed, match=f"user {os.geteuid()}"):
        open_inside(mount, "mixes/a.wav")


def test_a_missing_mount_is_the_operators_mistake(tmp_path: Path) -> None:
    """It fails no job for good."""
    with pytest.raises(MountMissing):
        open_inside(tmp_path / "none", "a.wav")


def test_no_refusal_tells_where_a_link_leads(mount: Path) -> None:
    """The producer is not told the layout of the machine."""
    with pytest.raises(PathNotAllowed) as refusal:
        open_inside(mount, "outer.wav")
    assert "secret" not in str(refusal.value)


def swap_link(mount: Path, tmp_path: Path) -> None:
    """Make the folder lead outside."""
    (mount / "mixes").rename(mount / "old")
    (mount / "mixes").symlink_to(tmp_path / "mount-of-another")


def swap_file(mount: Path, tmp_path: Path) -> None:
    """Put another file in the place of the one that is open."""
    (mount / "mixes" / "a.wav").unlink()
    (mount / "mixes" / "a.wav").write_bytes(b"another")


@pytest.mark.parametrize("swap", [swap_link, swap_file])
def test_what_changes_while_it_is_opened_is_refused(
    mount: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    swap: Callable[[Path, Path], None],
) -> None:
    """The check is made again on what is open."""
    really_open = paths._open_regular

    def swap_then_return(path: Path) -> object:
        file = really_open(path)
        swap(mount, tmp_path)
        return file

    monkeypatch.setattr(paths, "_open_regular", swap_then_return)
    with pytest.raises(AnalysisRefused):
        open_inside(mount, "mixes/a.wav")


def test_a_person_may_name_any_file(tmp_path: Path) -> None:
    """`offbeat analyze` has no mount; a folder is refused all the same."""
    (tmp_path / "a.wav").write_bytes(b"sound")
    with open_path(tmp_path / "a.wav") as file:
        assert file.read() == b"sound"
    with pytest.raises(PathNotAllowed):
        open_path(tmp_path)
