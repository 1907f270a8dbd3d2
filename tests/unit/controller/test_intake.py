"""A message becomes a launch, or the failed result that refuses it."""

import json

import pytest

from controller.attempt import Diagnosis, LaunchSpec
from controller.intake import admit, failed_result
from offbeat.failure import FailureReason
from offbeat.result import FailedResult

RAW = b'{ "job_id": 1, "relative_path": "a.wav" }'
CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory", detail="137")


def test_launch() -> None:
    """A good message becomes a launch that carries its very bytes."""
    spec = admit("r", RAW, number=2, profiles={"default"})
    assert isinstance(spec, LaunchSpec)
    assert (spec.run_id, spec.number, spec.raw, spec.job.job_id) == ("r", 2, RAW, 1)


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
        (
            b'{"job_id": 1, "relative_path": "x", "profile": "huge"}',
            1,
            "x: the profile 'huge' is not defined here: use one of default, tiny",
        ),
    ],
)
def test_refusal(raw: bytes, job_id: int | str | None, words: str) -> None:
    """A bad message becomes a failed result that says what to correct."""
    result = admit("r", raw, number=1, profiles={"tiny", "default"})
    assert isinstance(result, FailedResult)
    assert (result.reason, result.job_id, result.run_id, result.attempt) == (
        "invalid_job",
        job_id,
        "r",
        0,
    )
    assert words in result.error


def test_a_message_that_is_too_large() -> None:
    """It is refused by its length, and its head tells whose it is."""
    head = b'{"job_id": 7, "relative_path": "a.wav", "pad": "xxx'
    result = admit("r", head, number=1, profiles={"default"}, message_bytes=300_000_000)
    assert isinstance(result, FailedResult)
    assert (result.reason, result.job_id) == ("invalid_job", 7)
    assert "300,000,000" in result.error


def test_failed_result() -> None:
    """The sentence begins with the path, and what else is known follows."""
    result = failed_result("r", RAW, CRASH, number=2, log_tail=["one", "two"])
    assert (result.reason, result.job_id, result.run_id, result.attempt) == (
        "out_of_memory",
        1,
        "r",
        2,
    )
    assert result.error == "a.wav: needed more memory"
    assert result.detail == "137"
    assert result.log_tail == ["one", "two"]


def test_an_empty_log_is_left_out() -> None:
    """A list of nothing tells nothing."""
    assert failed_result("r", RAW, CRASH, number=1, log_tail=[]).log_tail is None


def test_the_path_is_said_once() -> None:
    """A sentence that begins with it stays as it is."""
    diagnosis = Diagnosis(reason=FailureReason.CORRUPT_AUDIO, summary="a.wav: broken")
    assert failed_result("r", RAW, diagnosis, number=1).error == "a.wav: broken"


@pytest.mark.parametrize(
    ("raw", "known", "job_id"),
    [
        (None, None, None),
        (None, "x", "x"),
        (b"{", "x", "x"),
        (b'{"job_id": 0, "relative_path": 1}', "x", 0),
        (RAW, "x", 1),
    ],
)
def test_the_job_id_of_a_failed_run(
    raw: bytes | None, known: int | str | None, job_id: int | str | None
) -> None:
    """The message says it, or else what Redis knows beside the message."""
    assert failed_result("r", raw, CRASH, number=1, job_id=known).job_id == job_id
