"""Why one Pod has failed, or does not start, from what Kubernetes says of it.

Pure functions that never raise, whatever the object contains. Of a pod's containers the analyzer's
alone counts: a service mesh may add others.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from controller.attempt import Diagnosis
from controller.manifest import CONTAINER
from controller.resource import (
    Resource,
    condition,
    created_at,
    mapping,
    mappings,
    name_of,
    number,
    reason_and_message,
    text,
    unix_time,
)
from offbeat.failure import ExitCode, FailureReason, reason_for_exit_code

__all__ = [
    "STUCK_SEC",
    "Patience",
    "diagnose_ended",
    "diagnose_pending",
    "diagnose_stuck",
    "diagnose_waiting",
    "ended_at",
    "has_started",
    "is_over",
    "is_stuck",
]

_IMAGE_ERRORS_AT_ONCE = frozenset({"InvalidImageName", "ErrImageNeverPull"})
_IMAGE_ERRORS = frozenset({"ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"})
_CONFIG_ERRORS = frozenset(
    {"CreateContainerConfigError", "CreateContainerError", "RunContainerError"}
)

STUCK_SEC = 60.0
"""How long after the end of its grace period a pod that still runs is taken for stuck."""


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long a pod may be in trouble before its run has failed; seconds."""

    image_sec: float
    pending_sec: float


def diagnose_stuck(pod: Resource) -> Diagnosis:
    """Diagnose a pod that is stuck: another attempt may succeed on another node."""
    return Diagnosis(
        reason=FailureReason.DISRUPTED,
        summary="the pod does not terminate: its node does not answer",
        detail=reason_and_message(condition(pod, "DisruptionTarget")),
        pod=name_of(pod),
        try_again=True,
    )


def diagnose_ended(pod: Resource) -> Diagnosis:
    """Diagnose a pod that has failed."""
    terminated = _container_state(pod, "terminated")
    code = number(terminated, "exitCode")
    said = reason_and_message(mapping(pod, "status"))
    disruption = condition(pod, "DisruptionTarget")
    if text(pod, "status", "reason") == "Evicted":
        reason = FailureReason.EVICTED
        summary = "the node evicted the pod: it was short of memory or disk"
    elif text(pod, "status", "reason") == "DeadlineExceeded":
        limit = number(pod, "spec", "activeDeadlineSeconds")
        reason = FailureReason.DEADLINE_EXCEEDED
        summary = "the analysis did not end within its deadline" + (
            f" of {limit} s" if limit else ""
        )
    elif disruption is not None:
        reason = FailureReason.DISRUPTED
        summary = "the cluster took the pod away, and no other could finish the work"
        said = reason_and_message(disruption)
    elif text(terminated, "reason") == "OOMKilled" or code == ExitCode.KILLED:
        limit_of_memory = text(_container(pod), "resources", "limits", "memory")
        reason = FailureReason.OUT_OF_MEMORY
        summary = (
            f"the analysis needed more memory than its limit of {limit_of_memory}"
            if limit_of_memory
            else "the analysis ran out of memory"
        ) + ": send it with a profile that has more"
        said = f"exit code {code}, {text(terminated, 'reason') or 'Error'}"
    elif code is None:
        reason = FailureReason.INTERNAL_ERROR
        summary = "the pod failed before the analyzer ran"
    else:
        return _exited(pod, code, text(terminated, "message").strip())
    return Diagnosis(reason=reason, summary=summary, detail=said, pod=name_of(pod))


def _exited(pod: Resource, code: int, message: str) -> Diagnosis:
    """Diagnose an analyzer that exited by itself."""
    reason = reason_for_exit_code(code)
    detail: str | None = f"exit code {code}"
    explained = _explanation(message)
    if explained is not None:
        summary = explained
    elif reason is not FailureReason.INTERNAL_ERROR:
        summary = reason.value.replace("_", " ")
    else:
        summary = (
            f"the analyzer crashed with exit code {code}"
            if code
            else "the pod failed although the analyzer exited without an error"
        )
        detail = message.rpartition("\n")[2][:1000] or None
    return Diagnosis(reason=reason, summary=summary, detail=detail, pod=name_of(pod))


def diagnose_pending(pod: Resource, *, now: float, patience: Patience) -> Diagnosis | None:
    """Diagnose a pod that does not start, once patience is over."""
    if has_started(pod) or text(pod, "status", "phase") not in ("", "Pending"):
        return None
    age = now - (created_at(pod) or now)
    waiting = diagnose_waiting(pod)
    if waiting is not None:
        at_once = _waiting_reason(pod) in _IMAGE_ERRORS_AT_ONCE
        return waiting if at_once or age > patience.image_sec else None
    if age <= patience.pending_sec:
        return None
    scheduled = condition(pod, "PodScheduled", status="False")
    summary = (
        f"no node had room for the pod for {patience.pending_sec:g} s"
        if text(scheduled, "reason") == "Unschedulable"
        else f"the pod did not start for {patience.pending_sec:g} s"
    )
    return Diagnosis(
        reason=FailureReason.PENDING_TIMEOUT,
        summary=summary,
        detail=reason_and_message(scheduled) or f"see: kubectl describe pod {name_of(pod)}",
        pod=name_of(pod),
    )


def diagnose_waiting(pod: Resource) -> Diagnosis | None:
    """Diagnose a container that waits for something that will not come."""
    reason = _waiting_reason(pod)
    image = text(_container(pod), "image") or "?"
    if reason in _IMAGE_ERRORS | _IMAGE_ERRORS_AT_ONCE:
        summary = (
            f"the image {image} cannot be pulled: check its name, the registry and imagePullSecrets"
        )
    elif reason in _CONFIG_ERRORS:
        summary = (
            f"the container of image {image} cannot be created: check its secrets, volumes and user"
        )
    else:
        return None
    return Diagnosis(
        reason=FailureReason.IMAGE_ERROR,
        summary=summary,
        detail=reason_and_message(_container_state(pod, "waiting")),
        pod=name_of(pod),
    )


def has_started(pod: Resource) -> bool:
    """Say whether the analyzer's container has run, or runs."""
    if any(_container_state(pod, state) for state in ("running", "terminated")):
        return True
    return text(pod, "status", "phase") in ("Running", "Succeeded") and not _waiting_reason(pod)


def is_over(pod: Resource) -> bool:
    """Say whether a pod has failed, or at least its analyzer has ended."""
    return text(pod, "status", "phase") == "Failed" or bool(_container_state(pod, "terminated"))


def is_stuck(pod: Resource, *, now: float) -> bool:
    """Say whether a pod that was deleted goes on, because nobody on its node ends it."""
    # deletionTimestamp is when the grace period ends, not when the deletion was asked for.
    gone_by = unix_time(pod, "metadata", "deletionTimestamp")
    has_ended = is_over(pod) or text(pod, "status", "phase") == "Succeeded"
    return gone_by is not None and now - gone_by > STUCK_SEC and not has_ended


def ended_at(pod: Resource) -> float:
    """Return when a pod that is over changed last, as Unix time; 0 if it does not say."""
    times = [unix_time(_container_state(pod, "terminated"), "finishedAt"), created_at(pod)]
    times += [
        unix_time(found, "lastTransitionTime") for found in mappings(pod, "status", "conditions")
    ]
    return max(time for time in times if time is not None)


def _explanation(message: str) -> str | None:
    """Return the sentence that the analyzer left in its termination message, if it left one."""
    try:
        left = json.loads(message)
    except (ValueError, RecursionError):
        return None
    return str(left["error"]) if isinstance(left, dict) and left.get("error") else None


def _container(pod: Resource) -> Resource:
    return _named(mappings(pod, "spec", "containers"))


def _container_state(pod: Resource, state: str) -> Resource:
    return mapping(_named(mappings(pod, "status", "containerStatuses")), "state", state)


def _named(containers: Sequence[Resource]) -> Resource:
    return next((found for found in containers if found.get("name") == CONTAINER), {})


def _waiting_reason(pod: Resource) -> str:
    """Return what the analyzer's container waits for, as Kubernetes names it; empty if it does not
    wait.
    """
    return text(_container_state(pod, "waiting"), "reason")
