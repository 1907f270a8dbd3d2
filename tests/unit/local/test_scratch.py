"""Folders of children: private, and gone with their controller."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.scratch import Scratch

KILLED = """
import os, signal, sys
from pathlib import Path
from local.scratch import Scratch
Scratch(Path(sys.argv[1])).make("a").fill(b"{}")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_try_has_what_it_needs(tmp_path: Path) -> None:
    """The message, a place for the last words and one for temporary files; nobody else reads it."""
    scratch = Scratch(tmp_path)
    folder = scratch.make("job")
    os.close(folder.fill(b"{}"))
    assert folder.payload.read_bytes() == b"{}"
    assert folder.temporary.is_dir()
    assert folder.path.parent.stat().st_mode & 0o777 == 0o700
    scratch.close()


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    """A controller with a full disk starts."""
    Scratch(tmp_path).sweep()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left(tmp_path: Path) -> None:
    """Neither folders nor the lock, and closing twice is no error."""
    scratch = Scratch(tmp_path)
    os.close(scratch.make("job").fill(b"{}"))
    scratch.close()
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_somebody_removed_is_made_again(tmp_path: Path) -> None:
    """As by a cron job that tidies /tmp."""
    scratch = Scratch(tmp_path)
    first = scratch.make("job").path
    shutil.rmtree(first.parent)
    assert scratch.make("job").path.is_dir()
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_controller_left_is_removed(tmp_path: Path) -> None:
    """The next controller finds its lock free."""
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert list(tmp_path.iterdir()) != []
    Scratch(tmp_path).sweep()
    assert list(tmp_path.iterdir()) == []


def test_what_a_live_controller_uses_stays(tmp_path: Path) -> None:
    """Two local modes of one user share /tmp."""
    scratch = Scratch(tmp_path)
    folder = scratch.make("job")
    Scratch(tmp_path).sweep()
    assert folder.path.is_dir()
    scratch.close()


def test_folders_without_a_lock_are_not_ours(tmp_path: Path) -> None:
    """A name is no proof."""
    (tmp_path / "offbeat-controller-notes").mkdir()
    Scratch(tmp_path).sweep()
    assert (tmp_path / "offbeat-controller-notes").is_dir()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Who may write in /tmp must not choose what is removed."""
    (tmp_path / "music").mkdir()
    (tmp_path / "music/lock").touch()
    (tmp_path / "offbeat-controller-x").symlink_to(tmp_path / "music")
    Scratch(tmp_path).sweep()
    assert (tmp_path / "music").is_dir()


def test_a_folder_is_removed_without_listing_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To list it takes a descriptor, and there may be none."""
    scratch = Scratch(tmp_path)
    folder = scratch.make("job")
    os.close(folder.fill(b"{}"))
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    folder.remove()
    assert not folder.path.exists()
    monkeypatch.undo()
    scratch.close()
