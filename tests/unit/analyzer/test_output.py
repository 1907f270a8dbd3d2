"""Writing into a mount that nobody has to trust."""

import errno
import os
from pathlib import Path, PurePosixPath

import pytest

from analyzer.errors import OutputRefused
from analyzer.output.folder import OutputFolder, OutputPlace
from analyzer.output.names import job_folder, slug


@pytest.fixture
def place(tmp_path: Path) -> OutputPlace:
    """Return a place in an empty mount."""
    (tmp_path / "mount").mkdir()
    return OutputPlace(tmp_path / "mount", PurePosixPath("job", "run"))


def files(place: OutputPlace) -> list[str]:
    """List every file of the mount, also hidden ones."""
    found = (path for path in place.mount.rglob("*") if not path.is_dir() or path.is_symlink())
    return sorted(str(path.relative_to(place.mount)) for path in found)


def test_a_file_is_put_into_folders_that_are_made(place: OutputPlace) -> None:
    """Its path is told as it is below the mount."""
    with OutputFolder(place) as folder:
        assert folder.put("a.dat", [b"x"]) == "job/run/a.dat"
    assert (place.mount / "job" / "run" / "a.dat").read_bytes() == b"x"
    assert files(place) == ["job/run/a.dat"]


def test_a_second_attempt_replaces_the_files_of_the_first(place: OutputPlace) -> None:
    """Nothing else in the folder is touched."""
    for content in (b"first", b"second"):
        with OutputFolder(place) as folder:
            folder.put("a.dat", [content])
        (place.mount / "job" / "run" / "foreign").touch()
    assert (place.mount / "job" / "run" / "a.dat").read_bytes() == b"second"
    assert files(place) == ["job/run/a.dat", "job/run/foreign"]


@pytest.mark.parametrize("where", ["job", "job/run"])
def test_a_link_in_place_of_a_folder_is_not_followed(
    place: OutputPlace, tmp_path: Path, where: str
) -> None:
    """Whoever may write to the mount must not lead us out of it."""
    (tmp_path / "elsewhere").mkdir()
    link = place.mount / where
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputRefused, match="cannot be written to"), OutputFolder(place) as folder:
        folder.put("a.dat", [b"x"])
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced(place: OutputPlace, tmp_path: Path) -> None:
    """What it points to stays as it is."""
    (tmp_path / "precious").write_bytes(b"kept")
    (place.mount / "job" / "run").mkdir(parents=True)
    target = place.mount / "job" / "run" / "a.dat"
    target.symlink_to(tmp_path / "precious")
    with OutputFolder(place) as folder:
        folder.put("a.dat", [b"x"])
    assert (tmp_path / "precious").read_bytes() == b"kept"
    assert not target.is_symlink()
    assert target.read_bytes() == b"x"


def test_a_file_in_place_of_a_folder_is_left_alone(place: OutputPlace) -> None:
    """It is someone else's."""
    (place.mount / "job").write_bytes(b"kept")
    with pytest.raises(OutputRefused, match="no folder"), OutputFolder(place):
        pass
    assert (place.mount / "job").read_bytes() == b"kept"


def test_a_full_disk_leaves_nothing_behind(
    place: OutputPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the file that did not fit nor those before it."""

    def fill() -> None:
        with OutputFolder(place) as folder:
            folder.put("a.dat", [b"x"])
            monkeypatch.setattr(os, "fsync", lambda _: raise_(errno.ENOSPC))
            folder.put("b.dat", [b"y"])

    with pytest.raises(OutputRefused, match="no space is left"):
        fill()
    assert files(place) == []


def test_a_read_only_mount_is_called_so(
    place: OutputPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator reads what is wrong, and where."""
    monkeypatch.setattr(os, "mkdir", lambda *_, **__: raise_(errno.EROFS))
    with pytest.raises(OutputRefused, match=f"{place.mount} .* mounted read-only"):
        OutputFolder(place).__enter__()


def test_a_mount_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """It would be a folder of the container, lost with it."""
    with pytest.raises(OutputRefused, match="it is not there"):
        OutputFolder(OutputPlace(tmp_path / "no", PurePosixPath("job"))).__enter__()
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("folder", ["..", "a/../b", "/etc", "."])
def test_no_place_leads_out_of_the_mount(tmp_path: Path, folder: str) -> None:
    """A bug elsewhere must not become a hole here."""
    with pytest.raises(ValueError, match="no folder below the mount"):
        OutputPlace(tmp_path, PurePosixPath(folder))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42", "42"),
        ("mix-042.b_1", "mix-042.b_1"),
        ("Mix 1", "Mix-1-2469b4c499a46d2b"),
        ("..", "5ec1f7e700f37c3d"),
        ("", "e3b0c44298fc1c14"),
        ("a/../../etc/passwd", "a-..-..-etc-passwd-"),
        (".hidden", "hidden-"),
        ("ü" * 300, ""),
        ("x" * 300, "x" * 47 + "-"),
        ("a\n", "a-"),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    """One component of a path, whatever the producer called the job."""
    found = slug(text)
    assert found.startswith(expected)
    assert len(found) <= 64
    assert found == "".join(found.split("/"))
    assert found[0] not in "._-"


def test_runs_of_one_job_have_folders_of_their_own() -> None:
    """And attempts of one run share one."""
    assert job_folder(42, "0123456789abcdef") == PurePosixPath("42/0123456789abcdef")
    assert job_folder(42, "a") != job_folder(42, "b")


def raise_(number: int) -> None:
    """Fail as the system does."""
    raise OSError(number, os.strerror(number))
