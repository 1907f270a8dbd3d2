"""What Kubernetes says of a Job becomes one reason and one sentence."""

from typing import Any

import pytest

from controller.outcome import Patience, diagnose
from offbeat.failure import FailureReason

CREATED = 1_700_000_000.0
PATIENCE = Patience(image_sec=60, pending_sec=900)


def job(condition: str | None = None, reason: str = "", message: str = "") -> dict[str, Any]:
    """Make a Job as the API returns it."""
    conditions = [{"type": condition, "status": "True", "reason": reason, "message": message}]
    return {
        "metadata": {"name": "offbeat-1", "creationTimestamp": "2023-11-14T22:13:20Z"},
        "status": {"conditions": conditions if condition else []},
    }


def pod(
    *,
    phase: str = "Failed",
    state: dict[str, Any] | None = None,
    conditions: list[dict[str, str]] | None = None,
    created: str = "2023-11-14T22:13:20Z",
    **status: str,
) -> dict[str, Any]:
    """Make a Pod as the API returns it."""
    container = {
        "name": "analyzer",
        "image": "offbeat/analyzer:1",
        "resources": {"limits": {"memory": "24Mi"}},
    }
    states = [{"name": "analyzer", "state": state}] if state else []
    return {
        "metadata": {"name": "offbeat-1-abcde", "creationTimestamp": created},
        "spec": {"activeDeadlineSeconds": 7200, "containers": [container]},
        "status": {
            "phase": phase,
            "containerStatuses": states,
            "conditions": conditions or [],
            **status,
        },
    }


def ended(code: int, reason: str = "Error", message: str = "") -> dict[str, Any]:
    """Make the state of a container that has ended."""
    return {"terminated": {"exitCode": code, "reason": reason, "message": message}}


def waits(reason: str) -> dict[str, Any]:
    """Make the state of a container that waits."""
    return {"waiting": {"reason": reason, "message": "so says the kubelet"}}


DISRUPTED = [
    {
        "type": "DisruptionTarget",
        "status": "True",
        "reason": "PreemptionByScheduler",
        "message": "preempted",
    }
]
UNSCHEDULABLE = [
    {
        "type": "PodScheduled",
        "status": "False",
        "reason": "Unschedulable",
        "message": "0/1 nodes are available",
    }
]
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
            BACKOFF,
            [
                pod(state=ended(1), created="2023-11-14T22:13:20Z"),
                pod(state=ended(137, "OOMKilled"), created="2023-11-14T22:14:20Z"),
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
        pytest.param([pod(phase="Pending", state=waits("ErrImagePull"))], 59, None, id="grace"),
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
        pytest.param([pod(phase="Pending", conditions=UNSCHEDULABLE)], 899, None, id="full"),
        pytest.param(
            [pod(phase="Pending", conditions=UNSCHEDULABLE)], 901, "pending_timeout", id="too long"
        ),
        pytest.param(
            [pod(phase="Pending", state=waits("ContainerCreating"))],
            901,
            "pending_timeout",
            id="a volume does not come",
        ),
        pytest.param([pod(phase="Running")], 5000, None, id="runs"),
        pytest.param([], 10, None, id="no pod yet"),
        pytest.param([], 901, "pending_timeout", id="no pod will come"),
        pytest.param(
            [pod(reason="DeadlineExceeded", state=ended(143))],
            10,
            "deadline_exceeded",
            id="no second try after the run deadline",
        ),
        pytest.param([pod(state=ended(1))], 10, None, id="kubernetes will try again"),
    ],
)
def test_active_job(pods: list[Any], age: float, reason: str | None) -> None:
    """A Job that runs has failed only when it can no longer succeed."""
    diagnosis = diagnose(job(), pods, now=CREATED + age, patience=PATIENCE)
    assert (diagnosis.reason if diagnosis else None) == reason


def test_complete_job() -> None:
    """A Job that is complete is never diagnosed."""
    assert diagnose(job("Complete"), [], now=CREATED + 9999, patience=PATIENCE) is None
