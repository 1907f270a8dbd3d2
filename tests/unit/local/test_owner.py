"""Who a local mode is, and that no two are the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from local import owner
from local.owner import LocalOwner, redis_scope
from offbeat import logs

URL = "redis://127.0.0.1:6379/0"


def an_owner(folder: Path, url: str = URL, queue: str = "q") -> LocalOwner:
    """Make a local owner that keeps its name in a test's folder."""
    return LocalOwner(url, queue, folder=folder)


@pytest.mark.parametrize(
    "same",
    [
        "redis://:secret@127.0.0.1:6379/0",
        "redis://user:other@127.0.0.1",
        "rediss://127.0.0.1:6379/?db=0",
        "redis://127.0.0.1:6379/0?password=x&socket_timeout=3",
    ],
)
def test_passwords_do_not_name_a_redis(same: str) -> None:
    """A password may be changed, and its hash must not be in a file's name."""
    assert redis_scope(same, "q") == redis_scope(URL, "q")


@pytest.mark.parametrize(
    ("url", "queue"),
    [
        ("redis://127.0.0.1:6379/1", "q"),
        ("redis://127.0.0.1:6379/?db=1", "q"),
        ("redis://127.0.0.1:6380/0", "q"),
        ("redis://other:6379/0", "q"),
        ("unix:///run/redis.sock", "q"),
        (URL, "other"),
    ],
)
def test_every_queue_is_another_place(url: str, queue: str) -> None:
    """A name is kept for one queue of one server."""
    assert redis_scope(url, queue) != redis_scope(URL, "q")


def test_a_url_that_cannot_be_read_is_no_error() -> None:
    """The error would hold a piece of the password; the connection says it better."""
    assert redis_scope("redis://:p/w@host:port/0", "q")
    assert redis_scope("redis://h:pass/0", "q")
    assert redis_scope("redis://[/0", "q")


def test_a_local_mode_that_is_started_again_keeps_its_name(tmp_path: Path) -> None:
    """So it takes up its own runs."""
    with an_owner(tmp_path) as first:
        pass
    with an_owner(tmp_path) as second:
        assert second == first
    assert first.startswith("local-")


def test_a_second_local_mode_has_another_name(tmp_path: Path) -> None:
    """Each acts on its own runs only; both keep their names."""
    with an_owner(tmp_path) as first, an_owner(tmp_path) as second:
        assert first != second
    with an_owner(tmp_path) as again, an_owner(tmp_path) as beside:
        assert (again, beside) == (first, second)


def test_another_queue_has_another_name(tmp_path: Path) -> None:
    """Also when both are free."""
    with an_owner(tmp_path) as first:
        pass
    with an_owner(tmp_path, queue="other") as second:
        assert second != first


def test_a_name_is_free_when_its_process_was_killed(tmp_path: Path) -> None:
    """The lock goes with the process, whatever ends it."""
    code = (
        "import os, signal, sys; from pathlib import Path; from local.owner import *\n"
        f"owner = LocalOwner({URL!r}, 'q', folder=Path(sys.argv[1]))\n"
        "print(owner.__enter__(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    with an_owner(tmp_path) as name:
        assert name == killed.stdout.strip()


def test_children_do_not_hold_the_name(tmp_path: Path) -> None:
    """A child that outlives its controller must not keep the next from being the same."""
    with an_owner(tmp_path) as first:
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with an_owner(tmp_path) as second:
            assert second == first
    finally:
        child.kill()
        child.wait()


def test_a_broken_file_is_written_anew(tmp_path: Path) -> None:
    """As after a full disk."""
    with an_owner(tmp_path):
        pass
    (file,) = (tmp_path / "owners").iterdir()
    file.write_text("local-")
    with an_owner(tmp_path) as first:
        pass
    with an_owner(tmp_path) as second:
        assert second == first != "local-"


def test_without_a_folder_the_name_is_for_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller works, and says what is lost."""
    warnings: list[str] = []
    monkeypatch.setattr(logs.logger, "warning", lambda text, *_: warnings.append(text))
    blocked = tmp_path / "file"
    blocked.touch()
    with an_owner(blocked) as first, an_owner(blocked) as second:
        assert first != second
        assert first.startswith("local-")
    assert "After a crash" in warnings[0]


def test_the_embedded_redis_is_one_place_on_any_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its data stay in the folder when its usual port is taken."""
    names = []
    for url in ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:40001/0"):
        monkeypatch.setattr(owner, "running_url", lambda _, url=url: url)
        with an_owner(tmp_path, url) as name:
            names.append(name)
    assert names[0] == names[1]


def test_the_files_are_private(tmp_path: Path) -> None:
    """Nobody else can take a name by its lock."""
    with an_owner(tmp_path):
        (file,) = (tmp_path / "owners").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600
        assert os.stat(tmp_path / "owners").st_mode & 0o777 == 0o700  # noqa: PTH116
