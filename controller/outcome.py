"""Why a Job came to nothing, from what Kubernetes says of it and of its Pods.

One pure function from dicts to a frozen diagnosis; it reads no clock, calls nothing and never
guesses success. The reasons are the contract's; the texts are for a producer who has never seen
the cluster.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from controller.attempt import Diagnosis
from controller.manifest import CONTAINER
from offbeat.failure import FailureReason, reason_for_exit_code

__all__ = [
    "CONFIG_ERRORS",
    "IMAGE_ERRORS",
    "IMAGE_ERRORS_AT_ONCE",
    "Patience",
    "diagnose",
    "explanation",
    "waiting_reason",
]

IMAGE_ERRORS_AT_ONCE = frozenset({"InvalidImageName", "ErrImageNeverPull"})
IMAGE_ERRORS = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
CONFIG_ERRORS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)

Manifest = Mapping[str, Any]


class Patience:
    """How long a pod may be in trouble before its run has failed; seconds."""

    def __init__(self, *, image_sec: float, pending_sec: float) -> None:
        self.image_sec = image_sec
        self.pending_sec = pending_sec


def diagnose(
    job: Manifest, pods: Sequence[Manifest], *, now: float, patience: Patience
) -> Diagnosis | None:
    """Say why a Job has failed, or can no longer succeed; None for one that may still.

    Args:
        job: The Job as the API returned it.
        pods: Its Pods, in any order.
        now: Unix time, seconds.
        patience: How long a pod may be pending.

    """
    newest_first = sorted(pods, key=_created, reverse=True)
    failure = _condition(job, "Failed")
    if failure is not None:
        return _failed(failure, newest_first)
    if _condition(job, "Complete") is not None:
        return None
    for pod in newest_first:
        if pod.get("status", {}).get("reason") == "DeadlineExceeded":
            return _ended(pod)  # another pod would take just as long
    if newest_first:
        return _pending(newest_first[0], now=now, patience=patience)
    if now - _created(job) > patience.pending_sec:
        return Diagnosis(
            reason=FailureReason.PENDING_TIMEOUT,
            summary=f"Kubernetes created no pod for {patience.pending_sec:g} s: "
            "a quota or an admission rule may forbid it",
            detail=f"see: kubectl describe job {job['metadata']['name']}",
        )
    return None


def _failed(condition: Manifest, newest_first: Sequence[Manifest]) -> Diagnosis:
    said = _said(condition)
    ended = next((pod for pod in newest_first if _is_over(pod)), None)
    if condition.get("reason") == "DeadlineExceeded":
        stuck = _waiting(newest_first[0]) if newest_first else None
        if stuck is not None:
            return stuck
        return Diagnosis(
            reason=FailureReason.DEADLINE_EXCEEDED,
            summary="the job did not end within its total deadline",
            detail=said,
            pod=_name(newest_first[0]) if newest_first else None,
        )
    if ended is None:
        return Diagnosis(
            reason=FailureReason.DISRUPTED if not newest_first else FailureReason.INTERNAL_ERROR,
            summary="the job failed and its pod is gone, perhaps with its node",
            detail=said,
        )
    diagnosis = _ended(ended)
    detail = "; ".join(filter(None, (diagnosis.detail, said)))
    return Diagnosis(
        reason=diagnosis.reason, summary=diagnosis.summary, detail=detail or None, pod=diagnosis.pod
    )


def _ended(pod: Manifest) -> Diagnosis:
    """Diagnose a pod that has ended badly."""
    status = pod.get("status", {})
    terminated = _container_state(pod, "terminated") or {}
    code = terminated.get("exitCode")
    said = ": ".join(filter(None, (status.get("reason"), status.get("message")))) or None

    def because(reason: FailureReason, summary: str, detail: str | None = said) -> Diagnosis:
        return Diagnosis(reason=reason, summary=summary, detail=detail, pod=_name(pod))

    if status.get("reason") == "Evicted":
        return because(
            FailureReason.EVICTED, "the node evicted the pod: it was short of memory or disk"
        )
    if status.get("reason") == "DeadlineExceeded":
        limit = pod.get("spec", {}).get("activeDeadlineSeconds")
        return because(
            FailureReason.DEADLINE_EXCEEDED,
            f"the analysis did not end within its deadline of {limit} s",
        )
    disruption = _condition(pod, "DisruptionTarget")
    if disruption is not None:
        return because(
            FailureReason.DISRUPTED,
            "the cluster took the pod away, and no other could finish the work",
            _said(disruption),
        )
    if terminated.get("reason") == "OOMKilled" or code == 137:
        limit = _memory_limit(pod)
        summary = (
            f"the analysis needed more memory than its limit of {limit}"
            if limit
            else "the analysis ran out of memory"
        )
        return because(
            FailureReason.OUT_OF_MEMORY,
            f"{summary}: send it with a profile that has more",
            f"exit code {code}, {terminated.get('reason', 'Error')}",
        )
    if code is None:
        return because(FailureReason.INTERNAL_ERROR, "the pod failed before the analyzer ran")
    message = str(terminated.get("message") or "").strip()
    explained = explanation(message)
    reason = reason_for_exit_code(code)
    if explained is not None:
        return because(reason, explained, f"exit code {code}")
    if reason is FailureReason.INTERNAL_ERROR:
        return because(
            reason,
            f"the analyzer crashed with exit code {code}",
            message.rpartition("\n")[2][:1000] or None,
        )
    return because(reason, reason.value.replace("_", " "), f"exit code {code}")


def _pending(pod: Manifest, *, now: float, patience: Patience) -> Diagnosis | None:
    """Diagnose a pod that does not start, once patience is over."""
    if pod.get("status", {}).get("phase") != "Pending":
        return None
    age = now - _created(pod)
    stuck = _waiting(pod)
    if stuck is not None:
        at_once = waiting_reason(pod) in IMAGE_ERRORS_AT_ONCE
        return stuck if at_once or age > patience.image_sec else None
    if age <= patience.pending_sec:
        return None
    scheduled = _condition(pod, "PodScheduled", status="False")
    summary = (
        f"no node had room for the pod for {patience.pending_sec:g} s"
        if scheduled is not None
        else f"the pod did not start for {patience.pending_sec:g} s"
    )
    detail = (
        _said(scheduled) if scheduled is not None else f"see: kubectl describe pod {_name(pod)}"
    )
    return Diagnosis(
        reason=FailureReason.PENDING_TIMEOUT, summary=summary, detail=detail, pod=_name(pod)
    )


def _waiting(pod: Manifest) -> Diagnosis | None:
    """Diagnose a container that waits for something that will not come."""
    reason = waiting_reason(pod)
    image = pod.get("spec", {}).get("containers", [{}])[0].get("image", "?")
    message = (_container_state(pod, "waiting") or {}).get("message")
    if reason in IMAGE_ERRORS | IMAGE_ERRORS_AT_ONCE:
        summary = (
            f"the image {image} cannot be pulled: check its name, the registry and imagePullSecrets"
        )
    elif reason in CONFIG_ERRORS:
        summary = (
            f"the container of image {image} cannot be created: check its secrets, volumes and user"
        )
    else:
        return None
    detail = ": ".join(filter(None, (reason, message)))
    return Diagnosis(
        reason=FailureReason.IMAGE_ERROR, summary=summary, detail=detail, pod=_name(pod)
    )


def waiting_reason(pod: Manifest) -> str:
    """Return what the analyzer's container waits for, as Kubernetes names it; empty if it does not
    wait.
    """
    return str((_container_state(pod, "waiting") or {}).get("reason", ""))


def _is_over(pod: Manifest) -> bool:
    return (
        pod.get("status", {}).get("phase") == "Failed"
        or _container_state(pod, "terminated") is not None
    )


def _container_state(pod: Manifest, state: str) -> Manifest | None:
    for container in pod.get("status", {}).get("containerStatuses", []):
        if container.get("name") == CONTAINER:
            found: Manifest | None = container.get("state", {}).get(state)
            return found
    return None


def _condition(manifest: Manifest, kind: str, *, status: str = "True") -> Manifest | None:
    for condition in manifest.get("status", {}).get("conditions") or []:
        if condition.get("type") == kind and condition.get("status") == status:
            found: Manifest = condition
            return found
    return None


def _said(condition: Manifest) -> str | None:
    return ": ".join(filter(None, (condition.get("reason"), condition.get("message")))) or None


def explanation(message: str) -> str | None:
    """Return the sentence that the analyzer left in its termination message, if it left one."""
    try:
        left = json.loads(message)
    except ValueError:
        return None
    return str(left["error"]) if isinstance(left, dict) and left.get("error") else None


def _memory_limit(pod: Manifest) -> str | None:
    container = pod.get("spec", {}).get("containers", [{}])[0]
    limit = container.get("resources", {}).get("limits", {}).get("memory")
    return str(limit) if limit else None


def _name(pod: Manifest) -> str:
    return str(pod["metadata"]["name"])


def _created(manifest: Manifest) -> float:
    """Return when an object was created as Unix time; 0 for one that does not say."""
    text = manifest.get("metadata", {}).get("creationTimestamp")
    return datetime.fromisoformat(text).astimezone(UTC).timestamp() if text else 0.0
