"""Why a Job has failed or can no longer succeed, from what Kubernetes says of it and of its Pods.

Pure functions from JSON to a frozen diagnosis; they read no clock, call nothing, never guess
success and never raise, whatever the objects contain. The reasons are the contract's; the texts
are for a producer who has never seen the cluster.
"""

from collections.abc import Sequence

from controller.api_error import is_quota_refusal
from controller.attempt import Diagnosis
from controller.pod import (
    STUCK_SEC,
    Patience,
    diagnose_ended,
    diagnose_pending,
    diagnose_stuck,
    diagnose_waiting,
    ended_at,
    has_started,
    is_over,
    is_stuck,
)
from controller.resource import (
    Resource,
    condition,
    created_at,
    mapping,
    name_of,
    reason_and_message,
    text,
    unix_time,
)
from offbeat.failure import FailureReason

__all__ = [
    "diagnose",
    "ignores_its_deadline",
    "is_pending",
    "is_without_pod",
    "quota_refusal",
]

_POD_CREATION_SEC = 5.0
"""How long the Job controller may take to create a pod."""


def diagnose(
    job: Resource,
    pods: Sequence[Resource],
    *,
    now: float,
    patience: Patience,
    events: Sequence[Resource] = (),
) -> Diagnosis | None:
    """Say why a Job has failed, or can no longer succeed; None for one that still may.

    A Job that is suspended, or whose pods a quota refuses, waits and is not diagnosed.

    Args:
        job: The Job as the API returned it.
        pods: Its Pods, in any order.
        now: Unix time by the API server's clock, seconds.
        patience: How long a pod may be pending.
        events: The Events about the Job, in any order; needed if `is_without_pod`.

    """
    # Kubernetes gives whole seconds: of two pods of one second, that which has not ended is newer.
    newest_first = sorted(pods, key=lambda pod: (created_at(pod), not is_over(pod)), reverse=True)
    failure = condition(job, "Failed")
    if failure is not None:
        return _failed(failure, newest_first)
    if condition(job, "Complete") is not None or _is_suspended(job):
        return None
    for pod in newest_first:
        if text(pod, "status", "reason") == "DeadlineExceeded":
            return diagnose_ended(pod)  # another pod would take just as long
    if newest_first and is_stuck(newest_first[0], now=now):
        return diagnose_stuck(newest_first[0])
    if condition(job, "FailureTarget") is not None:
        return None  # Failed follows as soon as its pods have ended
    if is_without_pod(job, pods, now=now):
        return _without_pod(job, pods, now=now, patience=patience, events=events)
    return diagnose_pending(newest_first[0], now=now, patience=patience) if newest_first else None


def is_pending(job: Resource, pods: Sequence[Resource]) -> bool:
    """Say whether an active Job waits for its first container to start.

    A suspended Job does not: a queue such as Kueue holds it back on purpose.
    """
    return (
        not _is_finished(job) and not _is_suspended(job) and not any(has_started(p) for p in pods)
    )


def is_without_pod(job: Resource, pods: Sequence[Resource], *, now: float) -> bool:
    """Say whether a Job should have a pod that can run, and has had none for some seconds.

    Only the Events of such a Job can tell why.
    """
    if _is_finished(job) or _is_suspended(job):
        return False
    if any(text(pod, "status", "phase") != "Failed" for pod in pods):
        return False
    since = _idle_since(job, pods)
    return since is None or now - since > _POD_CREATION_SEC


def quota_refusal(
    job: Resource, pods: Sequence[Resource], events: Sequence[Resource], *, now: float
) -> str | None:
    """Return what Kubernetes said if a quota keeps a Job from having a pod; None if none does."""
    if not is_without_pod(job, pods, now=now):
        return None
    refusal = _refusal(job, pods, events)
    return refusal if refusal is not None and is_quota_refusal(refusal) else None


def ignores_its_deadline(job: Resource, *, now: float) -> bool:
    """Say whether a Job goes on after its `activeDeadlineSeconds`.

    It does while it is suspended, and as long as a pod on a dead node does not terminate.
    """
    if condition(job, "Complete") is not None or condition(job, "Failed") is not None:
        return False
    ending = condition(job, "FailureTarget")
    since = unix_time(ending, "lastTransitionTime")
    return _is_suspended(job) or (since is not None and now - since > STUCK_SEC)


def _failed(failure: Resource, newest_first: Sequence[Resource]) -> Diagnosis:
    """Diagnose a Job that Kubernetes has given up."""
    said = reason_and_message(failure)
    if text(failure, "reason") == "DeadlineExceeded":
        waiting = diagnose_waiting(newest_first[0]) if newest_first else None
        if waiting is not None:
            return waiting
        return Diagnosis(
            reason=FailureReason.DEADLINE_EXCEEDED,
            summary="the job did not end within its total deadline",
            detail=said,
            pod=name_of(newest_first[0]) if newest_first else None,
        )
    ended = next((pod for pod in newest_first if is_over(pod)), None)
    if ended is None:
        return Diagnosis(
            reason=FailureReason.INTERNAL_ERROR if newest_first else FailureReason.DISRUPTED,
            summary="the job failed and its pod tells nothing"
            if newest_first
            else "the job failed and its pod is gone, perhaps with its node",
            detail=said,
        )
    diagnosis = diagnose_ended(ended)
    detail = "; ".join(filter(None, (diagnosis.detail, said)))
    return Diagnosis(
        reason=diagnosis.reason, summary=diagnosis.summary, detail=detail or None, pod=diagnosis.pod
    )


def _without_pod(
    job: Resource,
    pods: Sequence[Resource],
    *,
    now: float,
    patience: Patience,
    events: Sequence[Resource],
) -> Diagnosis | None:
    """Diagnose a Job for which Kubernetes creates no pod, once patience is over."""
    refusal = _refusal(job, pods, events)
    since = _idle_since(job, pods)
    if refusal is not None and is_quota_refusal(refusal):
        return None
    if since is None or now - since <= patience.pending_sec:
        return None
    return Diagnosis(
        reason=FailureReason.PENDING_TIMEOUT,
        summary=f"Kubernetes created no pod for {patience.pending_sec:g} s",
        detail=refusal or f"see: kubectl describe job {name_of(job)}",
    )


def _refusal(job: Resource, pods: Sequence[Resource], events: Sequence[Resource]) -> str | None:
    """Return what Kubernetes said when it last failed to create a pod since the last one ended."""
    since = _idle_since(job, pods) if pods else None
    failures = [
        (_event_time(event), text(event, "message"))
        for event in events
        if text(event, "reason") == "FailedCreate" and text(event, "message")
    ]
    at, message = max(failures, default=(0.0, ""))
    return message if message and (since is None or at >= since) else None


def _is_finished(job: Resource) -> bool:
    return any(condition(job, kind) for kind in ("Complete", "Failed", "FailureTarget"))


def _is_suspended(job: Resource) -> bool:
    # The condition outlives the field until the Job controller has noticed that it goes on.
    return mapping(job, "spec").get("suspend") is True or condition(job, "Suspended") is not None


def _idle_since(job: Resource, pods: Sequence[Resource]) -> float | None:
    """Return since when a Job has waited for a pod: its start, its resumption, or the end of the
    last pod.
    """
    created = unix_time(job, "metadata", "creationTimestamp")
    if created is None:
        return None
    resumed = condition(job, "Suspended", status="False")
    later = [unix_time(job, "status", "startTime"), unix_time(resumed, "lastTransitionTime")]
    later += map(ended_at, pods)
    return max([created, *(time for time in later if time is not None)])


def _event_time(event: Resource) -> float:
    paths = (("series", "lastObservedTime"), ("lastTimestamp",), ("eventTime",))
    times = [unix_time(event, *path) for path in paths]
    return max((time for time in times if time is not None), default=0.0)
