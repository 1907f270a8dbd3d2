"""The termination message: JSON that fits, in a file that must be there already."""

import json
from pathlib import Path

import pytest

from analyzer.termination_message import message, write_termination_message
from offbeat.failure import FailureReason


def test_reason_and_error_are_json() -> None:
    """As the controller reads them."""
    said = json.loads(message(FailureReason.FILE_NOT_FOUND, "a.mp3: file not found"))
    assert said == {"reason": "file_not_found", "error": "a.mp3: file not found"}


@pytest.mark.parametrize("letter", ["a", "ü", "–", "🎧", '"', "\n"])
@pytest.mark.parametrize("length", [1_000, 4_050, 4_096, 50_000])
def test_a_long_error_is_cut_until_it_fits(letter: str, length: int) -> None:
    """Kubernetes keeps 4,096 bytes, which must still be JSON."""
    text = message(FailureReason.CORRUPT_AUDIO, letter * length)
    assert len(text) <= 4_096
    assert json.loads(text)["error"].startswith(letter * 500)


def test_it_is_written_where_there_is_a_place(tmp_path: Path) -> None:
    """Over whatever an earlier container left."""
    log = tmp_path / "termination-log"
    log.write_text("x" * 500)
    assert write_termination_message(log, FailureReason.INTERNAL_ERROR, "why")
    assert json.loads(log.read_text())["error"] == "why"


def test_it_makes_no_file(tmp_path: Path) -> None:
    """Outside of Kubernetes there is no such place."""
    assert not write_termination_message(tmp_path / "none", FailureReason.INTERNAL_ERROR, "why")
    assert not (tmp_path / "none").exists()
