"""What local mode tells the controller."""

from dataclasses import replace
from pathlib import Path

import pytest

from offbeat.cli.exits import Fault
from offbeat.cli.local import LocalMode, environment, need

MODE = LocalMode(redis_url="redis://h/0", mount=Path("/music"), jobs=2)


def test_the_controller_gets_all_that_it_needs() -> None:
    """Its own settings win over what was set before."""
    told = environment(MODE, {"PATH": "/bin", "OFFBEAT_MAX_CONCURRENT_JOBS": "9"})
    assert told == {
        "PATH": "/bin",
        "OFFBEAT_MAX_CONCURRENT_JOBS": "2",
        "OFFBEAT_HEALTH_PORT": "0",
        "OFFBEAT_REDIS_URL": "redis://h/0",
        "OFFBEAT_SHARED_MOUNT_PATH": "/music",
        "OFFBEAT_LOG_LEVEL": "INFO",
        "OFFBEAT_LOG_FORMAT": "text",
        "PYTHONSAFEPATH": "1",
    }


def test_the_output_folder_reaches_the_analyzers() -> None:
    """By the variable that they read; without one nothing is said."""
    mode = replace(MODE, output=Path("/out"))
    assert environment(mode, {})["OFFBEAT_OUTPUT_MOUNT_PATH"] == "/out"
    assert "OFFBEAT_OUTPUT_MOUNT_PATH" not in environment(MODE, {})


def test_other_settings_of_the_user_count() -> None:
    """Queue names and limits are the user's."""
    assert environment(MODE, {"OFFBEAT_ANALYSIS_QUEUE": "q"})["OFFBEAT_ANALYSIS_QUEUE"] == "q"


def test_a_demo_is_not_touched_by_them() -> None:
    """The demo shows the same to everybody."""
    demo = LocalMode(redis_url="redis://h/0", mount=Path("/music"), jobs=1, inherit=False)
    assert "OFFBEAT_ANALYSIS_QUEUE" not in environment(demo, {"OFFBEAT_ANALYSIS_QUEUE": "q"})


def test_a_part_that_is_not_installed_is_named() -> None:
    """The error says what to install."""
    with pytest.raises(Fault, match=r"needs no_such_part: pip install 'offbeat\[cli,"):
        need("sys", "no_such_part")
