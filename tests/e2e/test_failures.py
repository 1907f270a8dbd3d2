"""Jobs that come to nothing: each says why, to its producer and to `kubectl get jobs`."""

from pathlib import Path
from typing import Any

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
]


@pytest.mark.parametrize(("message", "reason", "words"), CASES, ids=[c[0]["job_id"] for c in CASES])
def test_a_job_that_cannot_succeed_says_why(
    installation: Installation,
    audio: Path,
    message: dict[str, Any],
    reason: FailureReason,
    words: list[str],
) -> None:
    """One failed result with its own reason, a dead letter, and a Job labelled with the two."""
    assert (audio / "text.mp3").exists()
    job_id = message["job_id"]
    installation.push(message)
    result = installation.result(job_id, timeout_sec=180)
    print(f"{job_id}: {result.model_dump_json(exclude={'log_tail'})}")  # noqa: T201 - shown when it fails
    assert isinstance(result, FailedResult)
    assert result.reason is reason
    for word in words:
        assert word in result.error
    newest = installation.redis.lindex(installation.keys.dead, 0)
    assert isinstance(newest, bytes)
    assert f'"{job_id}"' in newest.decode()
    labels = eventually(
        lambda: settled_labels(installation, result.run_id), timeout_sec=60, what="a settled Job"
    )
    assert labels[LABEL_JOB_ID] == job_id
    assert labels[LABEL_REASON] == reason


def settled_labels(installation: Installation, run_id: str) -> dict[str, str] | None:
    """Return the labels of the run's last Job once the controller has let go of it."""
    for job in installation.objects("jobs", f"{LABEL_RUN}={run_id}"):
        labels: dict[str, str] = job["metadata"]["labels"]
        if LABEL_SETTLED in labels:
            return labels
    return None


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


def test_kubectl_tells_which_job_is_which(installation: Installation) -> None:
    """The operator's view needs no Redis."""
    table = installation.kubectl("get", "jobs", "-L", LABEL_JOB_ID, "-L", LABEL_REASON)
    for message, reason, _ in CASES:
        assert any(
            f" {message['job_id']} " in line and reason in line for line in table.splitlines()
        )


@pytest.mark.parametrize("job_id", ["oom", "ghost"])
def test_kubectl_shows_why_as_an_event(installation: Installation, job_id: str) -> None:
    """Where a pod could not speak, the controller says it beside the Job."""
    listed = installation.kubectl("get", "events", "--field-selector", "reason=AnalysisFailed")
    lines = [line for line in listed.splitlines() if f"job/offbeat-{job_id}-" in line]
    assert lines, listed
    assert all("tone-10s.wav" in line for line in lines)
