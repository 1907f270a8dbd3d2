"""What somebody types becomes a message."""

from pathlib import Path

import pytest

from offbeat.cli.exits import Fault
from offbeat.cli.message import Request

MOUNT = Path("/mnt/audio-storage")


def test_a_bare_file_is_below_the_mount() -> None:
    """Nothing but the file and a name is sent."""
    message = Request(file="mixes/042.mp3", job_id="42").message(MOUNT)
    assert message == {"job_id": 42, "relative_path": "mixes/042.mp3"}


def test_everything_that_can_be_said() -> None:
    """Options that are given are sent, and no others."""
    request = Request(
        file="/mnt/audio-storage/a.mp3",
        job_id="mix-a",
        cue=["0:00 Intro"],
        profile="stems",
        stems=True,
        bpm_max=180.0,
    )
    assert request.message(MOUNT) == {
        "job_id": "mix-a",
        "relative_path": "a.mp3",
        "cue_tracks": [{"title": "Intro", "start_time_sec": 0}],
        "profile": "stems",
        "options": {"stems": True, "bpm_max": 180.0},
    }


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("42", 42), ("0", 0), ("-7", -7), ("007", "007"), ("4.2", "4.2"), ("x", "x"), ("+1", "+1")],
)
def test_digits_are_a_number(typed: str, sent: int | str) -> None:
    """Only what a number would be written as is sent as one."""
    assert Request(file="a", job_id=typed).message(MOUNT)["job_id"] == sent


def test_a_job_without_a_name_is_named_after_its_file() -> None:
    """Two jobs for one file have two names."""
    first, second = (str(Request(file="a/mix.mp3").message(MOUNT)["job_id"]) for _ in range(2))
    assert first.startswith("mix-")
    assert first != second


def test_a_file_here_is_named_below_the_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands inside the mount may type the name that the shell completes."""
    here = tmp_path / "mixes"
    here.mkdir()
    here.joinpath("a.mp3").touch()
    monkeypatch.chdir(here)
    assert Request(file="a.mp3").message(tmp_path)["relative_path"] == "mixes/a.mp3"


def test_an_absolute_file_elsewhere_is_left_to_the_analyzer() -> None:
    """The mount of this machine need not be that of the cluster."""
    assert Request(file="/data/a.mp3").message(MOUNT)["file_path"] == "/data/a.mp3"


def test_cues_come_one_way(tmp_path: Path) -> None:
    """Two lists of tracks would contradict each other."""
    with pytest.raises(Fault, match="not both"):
        Request(file="a", cue=["0:00 x"], cues=tmp_path / "c.json").message(MOUNT)
