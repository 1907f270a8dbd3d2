"""A message becomes a launch, or the failed result that refuses it."""

import json

import pytest

from controller.attempt import Launch
from controller.intake import admit
from offbeat.result import FailedResult


def test_launch() -> None:
    """A good message becomes a launch that carries its very bytes."""
    raw = b'{ "job_id": 1, "relative_path": "a.wav" }'
    launch = admit("r", raw, attempt=1, profiles={"default"})
    assert isinstance(launch, Launch)
    assert launch.raw == raw
    assert launch.job.job_id == 1


@pytest.mark.parametrize(
    ("raw", "job_id", "words"),
    [
        (b"not JSON", None, "not JSON"),
        (b'{"relative_path": "a.wav"}', None, "job_id is missing"),
        (b'{"job_id": 1}', 1, "needs relative_path"),
        (b'{"job_id": "a", "relative_path": "x", "file_path": "/x"}', "a", "both"),
        (
            json.dumps({"job_id": 1, "relative_path": "x", "pad": "x" * 210_000}).encode(),
            1,
            "204,800 are allowed",
        ),
        (b'{"job_id": 1, "relative_path": "x", "profile": "huge"}', 1, "use one of default, tiny"),
    ],
)
def test_refusal(raw: bytes, job_id: int | str | None, words: str) -> None:
    """A bad message becomes a failed result that says what to mend."""
    result = admit("r", raw, attempt=1, profiles={"default", "tiny"})
    assert isinstance(result, FailedResult)
    assert result.reason == "invalid_job"
    assert result.job_id == job_id
    assert result.attempt == 0
    assert words in result.error
