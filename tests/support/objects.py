"""Jobs, Pods and Events as the API server returns them, with the fields that a test chooses."""

from datetime import UTC, datetime
from typing import Any

__all__ = [
    "CREATED",
    "DISRUPTED",
    "RUNS",
    "UNSCHEDULABLE",
    "changed",
    "ended",
    "event",
    "job",
    "pod",
    "rfc3339",
    "waits",
]

CREATED = 1_700_000_000.0


def rfc3339(after_sec: float) -> str:
    """Write a time some seconds after the Job was created."""
    return datetime.fromtimestamp(CREATED + after_sec, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def job(
    condition: str | None = None,
    reason: str = "",
    message: str = "",
    *,
    since: float = 0,
    status: str = "True",
    suspend: bool = False,
    started: float | None = None,
) -> dict[str, Any]:
    """Make a Job as the API returns it."""
    found = {
        "type": condition,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": rfc3339(since),
    }
    told: dict[str, Any] = {
        "metadata": {"name": "offbeat-1", "creationTimestamp": rfc3339(0)},
        "spec": {"suspend": suspend},
        "status": {"conditions": [found] if condition else []},
    }
    if started is not None:
        told["status"]["startTime"] = rfc3339(started)
    return told


def pod(
    *,
    phase: str = "Failed",
    state: dict[str, Any] | None = None,
    conditions: list[dict[str, str]] | None = None,
    created: float = 0,
    deleted: float | None = None,
    **status: str,
) -> dict[str, Any]:
    """Make a Pod as the API returns it, with the container that a service mesh adds."""
    container = {
        "name": "analyzer",
        "image": "offbeat/analyzer:1",
        "resources": {"limits": {"memory": "24Mi"}},
    }
    mesh = {"name": "proxy", "image": "mesh:1", "resources": {"limits": {"memory": "1Gi"}}}
    states = [{"name": "analyzer", "state": state}] if state else []
    metadata = {"name": "offbeat-1-abcde", "creationTimestamp": rfc3339(created)}
    if deleted is not None:
        metadata["deletionTimestamp"] = rfc3339(deleted)
    return {
        "metadata": metadata,
        "spec": {"activeDeadlineSeconds": 7200, "containers": [mesh, container]},
        "status": {
            "phase": phase,
            "initContainerStatuses": [{"name": "mesh-init", "state": ended(1)}],
            "containerStatuses": [{"name": "proxy", "state": {"running": {}}}, *states],
            "conditions": conditions or [],
            **status,
        },
    }


def ended(
    code: int, reason: str = "Error", message: str = "", *, finished: float = 0
) -> dict[str, Any]:
    """Make the state of a container that has ended."""
    terminated = {
        "exitCode": code,
        "reason": reason,
        "message": message,
        "finishedAt": rfc3339(finished),
    }
    return {"terminated": terminated}


def changed(time: float) -> list[dict[str, str]]:
    """Make a condition that changed at a time."""
    return [{"type": "Ready", "status": "False", "lastTransitionTime": rfc3339(time)}]


def waits(reason: str) -> dict[str, Any]:
    """Make the state of a container that waits."""
    return {"waiting": {"reason": reason, "message": "so says the kubelet"}}


RUNS = {"running": {"startedAt": "2023-11-14T22:13:20Z"}}
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


def event(message: str, *, after: float = 1, reason: str = "FailedCreate") -> dict[str, Any]:
    """Make an Event about a Job as the API returns it."""
    return {"reason": reason, "message": message, "lastTimestamp": rfc3339(after)}
