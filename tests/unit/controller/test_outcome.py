"""What Kubernetes says of a Job becomes one reason and one sentence."""

from typing import Any

import pytest

from controller.outcome import diagnose
from controller.pod import Patience
from offbeat.failure import FailureReason
from tests.support.objects import (
    CREATED,
    DISRUPTED,
    RUNS,
    UNSCHEDULABLE,
    changed,
    ended,
    job,
    pod,
    waits,
)

PATIENCE = Patience(image_sec=60, pending_sec=900)
POLICY = job("Failed", "PodFailurePolicy", "rule 1")
BACKOFF = job("Failed", "BackoffLimitExceeded", "limit reached")
DEADLINE = job("Failed", "DeadlineExceeded", "active too long")
EXPLAINED = '{"reason": "file_not_found", "error": "a.mp3: file not found"}'


@pytest.mark.parametrize(
    ("told", "pods", "reason", "words"),
    [
        pytest.param(
            POLICY, [pod(state=ended(137, "OOMKilled"))], "out_of_memory", "24Mi", id="oom killed"
        ),
        pytest.param(
            POLICY, [pod(state=ended(137))], "out_of_memory", "memory", id="child oom killed"
        ),
        pytest.param(
            POLICY,
            [pod(state=ended(66, message=EXPLAINED))],
            "file_not_found",
            "a.mp3: file not found",
            id="the analyzer explained itself and could not settle",
        ),
        pytest.param(
            POLICY, [pod(state=ended(65))], "corrupt_audio", "corrupt audio", id="code alone"
        ),
        pytest.param(
            BACKOFF,
            [pod(state=ended(1, message="Traceback\nValueError: boom"))],
            "internal_error",
            "exit code 1",
            id="crashed as often as allowed",
        ),
        pytest.param(
            BACKOFF,
            [pod(conditions=DISRUPTED, state=ended(143))],
            "disrupted",
            "took the pod away",
            id="preempted",
        ),
        pytest.param(
            BACKOFF,
            [pod(conditions=DISRUPTED, state=ended(137))],
            "disrupted",
            "took the pod away",
            id="137 with a disruption is no memory problem",
        ),
        pytest.param(
            BACKOFF,
            [pod(reason="Evicted", message="low on disk", conditions=DISRUPTED)],
            "evicted",
            "evicted",
            id="evicted",
        ),
        pytest.param(
            BACKOFF,
            [pod(reason="DeadlineExceeded", state=ended(143))],
            "deadline_exceeded",
            "7200 s",
            id="run deadline",
        ),
        pytest.param(DEADLINE, [pod(phase="Running")], "deadline_exceeded", "total", id="total"),
        pytest.param(
            DEADLINE,
            [pod(phase="Pending", state=waits("ImagePullBackOff"))],
            "image_error",
            "offbeat/analyzer:1",
            id="the deadline passed while the image could not be pulled",
        ),
        pytest.param(BACKOFF, [], "disrupted", "gone", id="no pod is left"),
        pytest.param(
            BACKOFF, [pod(phase="Running")], "internal_error", "tells nothing", id="a pod goes on"
        ),
        pytest.param(
            BACKOFF,
            [pod(conditions=[])],
            "internal_error",
            "before the analyzer ran",
            id="the pod failed without its container",
        ),
        pytest.param(
            BACKOFF,
            [pod(state=ended(0))],
            "internal_error",
            "exited without an error",
            id="another container failed",
        ),
        pytest.param(
            BACKOFF,
            [
                pod(state=ended(1), created=0),
                pod(state=ended(137, "OOMKilled"), created=60),
            ],
            "out_of_memory",
            "memory",
            id="the last pod counts",
        ),
    ],
)
def test_failed_job(told: dict[str, Any], pods: list[Any], reason: str, words: str) -> None:
    """A failed Job has exactly one reason."""
    diagnosis = diagnose(told, pods, now=CREATED + 1, patience=PATIENCE)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason(reason)
    assert words in diagnosis.summary


@pytest.mark.parametrize(
    ("pods", "age", "reason"),
    [
        pytest.param([pod(phase="Pending", state=waits("ErrImagePull"))], 60, None, id="grace"),
        pytest.param(
            [pod(phase="Pending", state=waits("ErrImagePull"))], 61, "image_error", id="after it"
        ),
        pytest.param(
            [pod(phase="Pending", state=waits("InvalidImageName"))], 0, "image_error", id="at once"
        ),
        pytest.param(
            [pod(phase="Pending", state=waits("CreateContainerConfigError"))],
            61,
            "image_error",
            id="a secret is missing",
        ),
        pytest.param([pod(phase="Pending", conditions=UNSCHEDULABLE)], 900, None, id="full"),
        pytest.param(
            [pod(phase="Pending", conditions=UNSCHEDULABLE)], 901, "pending_timeout", id="too long"
        ),
        pytest.param(
            [pod(phase="Pending", state=waits("ContainerCreating"))],
            901,
            "pending_timeout",
            id="a volume does not come",
        ),
        pytest.param([pod(phase="Pending", created=10)], 910, None, id="counted from the pod"),
        pytest.param(
            [pod(state=ended(1)), pod(phase="Pending", state=waits("ErrImageNeverPull"))],
            1,
            "image_error",
            id="two pods of one second: the one that has not ended is newer",
        ),
        pytest.param([pod(phase="Running", state=RUNS)], 5000, None, id="runs"),
        pytest.param([pod(phase="Pending", state=RUNS)], 5000, None, id="runs before its mesh"),
        pytest.param([pod(phase="Running")], 5000, None, id="runs and tells no more"),
        pytest.param([], 10, None, id="no pod yet"),
        pytest.param([], 900, None, id="no pod yet, and patience"),
        pytest.param([], 901, "pending_timeout", id="no pod will come"),
        pytest.param(
            [pod(reason="DeadlineExceeded", state=ended(143))],
            10,
            "deadline_exceeded",
            id="no second try after the run deadline",
        ),
        pytest.param([pod(state=ended(1))], 10, None, id="kubernetes will try again"),
        pytest.param(
            [pod(state=ended(1), created=5000)], 5900, None, id="it waits for the next pod"
        ),
        pytest.param(
            [pod(state=ended(1), conditions=changed(5000))],
            5900,
            None,
            id="since the last one ended",
        ),
        pytest.param(
            [pod(state=ended(1, finished=5000))], 5900, None, id="since its container ended"
        ),
        pytest.param(
            [pod(state=ended(1, finished=5000))], 5901, "pending_timeout", id="no pod follows"
        ),
        pytest.param(
            [pod(phase="Succeeded", state=ended(0))], 5000, None, id="Complete will follow"
        ),
    ],
)
def test_active_job(pods: list[Any], age: float, reason: str | None) -> None:
    """A Job that runs has failed only when it can no longer succeed."""
    diagnosis = diagnose(job(), pods, now=CREATED + age, patience=PATIENCE)
    assert (diagnosis.reason if diagnosis else None) == reason


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (UNSCHEDULABLE, "no node had room"),
        ([UNSCHEDULABLE[0] | {"reason": "SchedulingGated"}], "did not start"),
        ([], "did not start"),
    ],
)
def test_pending_pod_says_why(conditions: list[dict[str, str]], words: str) -> None:
    """Only the scheduler's own answer says that no node has room."""
    pending = pod(phase="Pending", conditions=conditions)
    diagnosis = diagnose(job(), [pending], now=CREATED + 901, patience=PATIENCE)
    assert diagnosis is not None
    assert words in diagnosis.summary


def test_complete_job() -> None:
    """A Job that is complete is never diagnosed."""
    assert diagnose(job("Complete"), [], now=CREATED + 9999, patience=PATIENCE) is None
