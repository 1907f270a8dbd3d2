"""Jobs that come to nothing: each says why, to its producer and to `kubectl get jobs`."""

import json
from pathlib import Path
from typing import Any, cast

import pytest

from offbeat.failure import FailureReason
from offbeat.keys import LABEL_JOB_ID, LABEL_REASON, LABEL_RUN, LABEL_SETTLED
from offbeat.result import FailedResult
from tests.e2e.installation import Installation, eventually

pytestmark = pytest.mark.e2e

CASES = [
    (
        {"job_id": "oom", "relative_path": "tone-10s.wav", "profile": "tiny"},
        FailureReason.OUT_OF_MEMORY,
        ["tone-10s.wav", "memory"],
    ),
    (
        {"job_id": "ghost", "relative_path": "tone-10s.wav", "profile": "ghost"},
        FailureReason.IMAGE_ERROR,
        ["tone-10s.wav", "offbeat/ghost:never-built"],
    ),
    (
        {"job_id": "missing", "relative_path": "no/such/file.mp3"},
        FailureReason.FILE_NOT_FOUND,
        ["no/such/file.mp3", "not found"],
    ),
    (
        {"job_id": "text", "relative_path": "text.mp3"},
        FailureReason.UNSUPPORTED_FORMAT,
        ["text.mp3"],
    ),
    (
        {"job_id": "hasty", "relative_path": "silence-3h.wav", "profile": "hasty"},
        FailureReason.DEADLINE_EXCEEDED,
        ["silence-3h.wav", "deadline of 2 s"],
    ),
    (
        {"job_id": "nowhere", "relative_path": "tone-10s.wav", "profile": "nowhere"},
        FailureReason.PENDING_TIMEOUT,
        ["tone-10s.wav", "no node had room"],
    ),
]


IDS = [str(message["job_id"]) for message, _, _ in CASES]


@pytest.fixture(scope="module")
def outcomes(installation: Installation, audio: Path) -> dict[str, FailedResult]:
    """Push all cases at once and wait for their results, and for the controller to let go."""
    assert (audio / "text.mp3").exists()
    installation.push(*(message for message, _, _ in CASES))
    found: dict[str, FailedResult] = {}
    for job_id in IDS:
        result = installation.result(job_id, timeout_sec=180)
        assert isinstance(result, FailedResult), result
        found[job_id] = result
    for result in found.values():
        selector = f"{LABEL_RUN}={result.run_id},{LABEL_SETTLED}"
        eventually(
            lambda: installation.objects("jobs", selector),  # noqa: B023 - called at once
            timeout_sec=90,
            what=f"a settled Job of {result.job_id}",
        )
    return found


@pytest.mark.parametrize(("message", "reason", "words"), CASES, ids=IDS)
def test_a_job_that_cannot_succeed_says_why(
    outcomes: dict[str, FailedResult],
    message: dict[str, Any],
    reason: FailureReason,
    words: list[str],
) -> None:
    """One failed result with its own reason, in words for a person."""
    result = outcomes[message["job_id"]]
    assert result.reason is reason, result
    for word in words:
        assert word in result.error


@pytest.mark.parametrize("job_id", IDS)
def test_a_copy_of_the_message_is_kept(
    installation: Installation, outcomes: dict[str, FailedResult], job_id: str
) -> None:
    """In the dead-letter list, with its run."""
    letters = installation.redis.lrange(installation.keys.dead, 0, 50)
    runs = {json.loads(letter)["run_id"] for letter in cast("list[bytes]", letters)}
    assert outcomes[job_id].run_id in runs


def test_kubectl_tells_which_job_is_which(
    installation: Installation, outcomes: dict[str, FailedResult]
) -> None:
    """The operator's view needs no Redis."""
    table = installation.kubectl("get", "jobs", "-L", LABEL_JOB_ID, "-L", LABEL_REASON)
    rows = {tuple(line.split()[-2:]) for line in table.splitlines()}
    assert {(job_id, result.reason.value) for job_id, result in outcomes.items()} <= rows


@pytest.mark.parametrize("job_id", ["oom", "ghost", "hasty", "nowhere"])
def test_kubectl_shows_why_as_an_event(
    installation: Installation, outcomes: dict[str, FailedResult], job_id: str
) -> None:
    """Where a pod could not speak, the controller says it beside the Job."""
    listed = installation.kubectl("get", "events", "--field-selector", "reason=AnalysisFailed")
    run_id = outcomes[job_id].run_id
    (line,) = [
        line for line in listed.splitlines() if f"job/offbeat-{job_id}-{run_id[:10]}" in line
    ]
    assert outcomes[job_id].error in line


MALFORMED = [
    (b"not json", None, FailureReason.INVALID_JOB, "not JSON"),
    (b"[1]", None, FailureReason.INVALID_JOB, "must be a JSON object"),
    (b"\xff\xfe", None, FailureReason.INVALID_JOB, "not JSON"),
    (b'{"relative_path": "a.mp3"}', None, FailureReason.INVALID_JOB, "job_id is missing"),
    (b'{"job_id": 1}', 1, FailureReason.INVALID_JOB, "needs relative_path"),
    (
        b'{"job_id": 2, "relative_path": "a", "file_path": "/a"}',
        2,
        FailureReason.INVALID_JOB,
        "has both",
    ),
    (b'{"job_id": 3, "relative_path": 5}', 3, FailureReason.INVALID_JOB, "relative_path"),
    (
        b'{"job_id": 4, "relative_path": "../etc/passwd"}',
        4,
        FailureReason.PATH_NOT_ALLOWED,
        "../etc/passwd",
    ),
    (
        b'{"job_id": 5, "relative_path": "a", "cue_tracks": [{"title": "", "start_time_sec": -1}]}',
        5,
        FailureReason.INVALID_JOB,
        "cue_tracks[0].start_time_sec",
    ),
    (
        b'{"job_id": 6, "relative_path": "a", "profile": "unheard-of"}',
        6,
        FailureReason.INVALID_JOB,
        "unheard-of",
    ),
    (
        b'{"job_id": 7, "relative_path": "' + b"a" * 205_000 + b'"}',
        7,
        FailureReason.INVALID_JOB,
        "bytes",
    ),
]


def test_malformed_messages_are_answered_in_words(installation: Installation) -> None:
    """No Job is made for them; the error names what to mend."""
    before = {job["metadata"]["name"] for job in installation.objects("jobs")}
    for raw, job_id, reason, words in MALFORMED:
        installation.push(raw)
        result = eventually(
            lambda: next(iter(installation.pop_all()), None), timeout_sec=30, what=repr(raw[:60])
        )
        assert isinstance(result, FailedResult)
        assert (result.job_id, result.reason, result.attempt) == (job_id, reason, 0)
        assert words in result.error, result.error
        assert not result.retryable
    assert {job["metadata"]["name"] for job in installation.objects("jobs")} == before


def test_a_job_that_the_api_server_refuses(installation: Installation) -> None:
    """There is no Job to look at, so the result carries the API server's own words."""
    message = {"job_id": "greedy", "relative_path": "tone-10s.wav", "profile": "greedy"}
    installation.push(message)
    result = installation.result("greedy", timeout_sec=30)
    assert isinstance(result, FailedResult)
    assert result.reason is FailureReason.LAUNCH_REJECTED
    assert "must be less than or equal to cpu limit" in (result.detail or "")
