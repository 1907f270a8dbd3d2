"""A Job that waits on purpose or for a quota is told from one that is in trouble."""

from typing import Any

import pytest

from controller.outcome import (
    diagnose,
    ignores_its_deadline,
    is_pending,
    is_without_pod,
    quota_refusal,
)
from controller.pod import Patience
from offbeat.failure import FailureReason
from tests.support.objects import CREATED, RUNS, ended, event, job, pod, waits

PATIENCE = Patience(image_sec=60, pending_sec=900)
POLICY = job("Failed", "PodFailurePolicy", "rule 1")
DEADLINE = job("Failed", "DeadlineExceeded", "active too long")
QUOTA = (
    'Error creating: pods "offbeat-1-x" is forbidden: exceeded quota: cpu, requested: '
    "requests.cpu=1, used: requests.cpu=8, limited: requests.cpu=8"
)
ACCOUNT = 'Error creating: pods "offbeat-1-x" is forbidden: error looking up service account'


@pytest.mark.parametrize(
    "told",
    [job(suspend=True), job("Suspended"), job("Suspended", suspend=True)],
    ids=["asked for", "not resumed yet", "both"],
)
@pytest.mark.parametrize(
    "pods",
    [[], [pod(phase="Pending")], [pod(phase="Running", deleted=100)]],
    ids=["none", "pending", "deleted"],
)
def test_suspended_job_waits(told: dict[str, Any], pods: list[Any]) -> None:
    """A queue holds it back on purpose: it is neither pending nor in trouble."""
    assert diagnose(told, pods, now=CREATED + 99_999, patience=PATIENCE) is None
    assert not is_pending(told, pods)
    assert not is_without_pod(told, pods, now=CREATED + 99_999)


def test_suspended_job_that_has_failed() -> None:
    """Failed is the end of a suspended Job, too."""
    told = DEADLINE | {"spec": {"suspend": True}}
    diagnosis = diagnose(told, [], now=CREATED, patience=PATIENCE)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    "told",
    [job(started=5000), job("Suspended", status="False", since=5000)],
    ids=["start time", "condition"],
)
def test_resumed_job_is_as_old_as_its_resumption(told: dict[str, Any]) -> None:
    """Hours in a queue are not hours without a pod."""
    assert not is_without_pod(told, [], now=CREATED + 5005)
    assert is_without_pod(told, [], now=CREATED + 5006)
    assert diagnose(told, [], now=CREATED + 5900, patience=PATIENCE) is None
    assert diagnose(told, [], now=CREATED + 5901, patience=PATIENCE) is not None


@pytest.mark.parametrize(
    ("told", "stuck", "age", "reason"),
    [
        pytest.param(job(), pod(phase="Running", state=RUNS, deleted=100), 160, None, id="grace"),
        pytest.param(
            job(), pod(phase="Running", state=RUNS, deleted=100), 161, "disrupted", id="dead node"
        ),
        pytest.param(
            job("FailureTarget", "DeadlineExceeded"),
            pod(phase="Running", state=RUNS, deleted=100),
            161,
            "disrupted",
            id="Failed never follows",
        ),
        pytest.param(
            job(), pod(phase="Pending", deleted=100), 161, "disrupted", id="it had not started"
        ),
        pytest.param(job(), pod(phase="Running", state=RUNS), 9999, None, id="not deleted"),
        pytest.param(job(), pod(state=ended(1), deleted=100), 161, None, id="it has failed"),
        pytest.param(
            job(), pod(phase="Running", state=ended(1), deleted=100), 161, None, id="it has ended"
        ),
        pytest.param(job(), pod(phase="Succeeded", deleted=100), 161, None, id="it has succeeded"),
        pytest.param(
            job("FailureTarget"), pod(phase="Pending"), 9999, None, id="Failed will follow"
        ),
    ],
)
def test_pod_that_does_not_terminate(
    told: dict[str, Any], stuck: dict[str, Any], age: float, reason: str | None
) -> None:
    """A node that does not answer ends nothing: another attempt may succeed elsewhere."""
    diagnosis = diagnose(told, [stuck], now=CREATED + age, patience=PATIENCE)
    assert (diagnosis.reason if diagnosis else None) == reason
    if diagnosis is not None:
        assert diagnosis.try_again
        assert diagnosis.pod == "offbeat-1-abcde"


def test_other_diagnoses_end_the_run() -> None:
    """Only a stuck pod is the node's fault alone."""
    diagnosis = diagnose(POLICY, [pod(state=ended(65))], now=CREATED, patience=PATIENCE)
    assert diagnosis is not None
    assert not diagnosis.try_again


@pytest.mark.parametrize(
    ("pods", "events", "quota"),
    [
        pytest.param([], [event(QUOTA)], QUOTA, id="refused"),
        pytest.param([], [event(ACCOUNT, after=2), event(QUOTA, after=3)], QUOTA, id="the latest"),
        pytest.param([], [event(ACCOUNT, after=3), event(QUOTA, after=2)], None, id="not any more"),
        pytest.param([], [event(QUOTA, reason="Normal")], None, id="another kind of Event"),
        pytest.param([], [], None, id="nothing was said"),
        pytest.param([pod(phase="Pending")], [event(QUOTA)], None, id="it has a pod by now"),
        pytest.param(
            [pod(state=ended(1, finished=500))], [event(QUOTA, after=501)], QUOTA, id="no next pod"
        ),
        pytest.param(
            [pod(state=ended(1, finished=500))], [event(QUOTA, after=499)], None, id="long over"
        ),
        pytest.param(
            [],
            [{"reason": "FailedCreate", "message": QUOTA, "eventTime": "2023-11-14T22:13:20.5Z"}],
            QUOTA,
            id="an Event of the newer kind",
        ),
        pytest.param(
            [], [{"reason": "FailedCreate", "message": QUOTA}, None, {}], QUOTA, id="without a time"
        ),
    ],
)
def test_quota(pods: list[Any], events: list[Any], quota: str | None) -> None:
    """A Job whose pods a quota refuses says so, and waits without a limit of this module's."""
    assert quota_refusal(job(), pods, events, now=CREATED + 3600) == quota
    diagnosis = diagnose(job(), pods, now=CREATED + 3600, patience=PATIENCE, events=events)
    assert (diagnosis is None) == (quota is not None)


def test_other_refusals_are_the_detail() -> None:
    """What an admission rule or a missing account says is shown to the producer."""
    diagnosis = diagnose(job(), [], now=CREATED + 901, patience=PATIENCE, events=[event(ACCOUNT)])
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.PENDING_TIMEOUT
    assert diagnosis.detail == ACCOUNT


@pytest.mark.parametrize(
    ("told", "pods", "age", "expected"),
    [
        pytest.param(job(), [], 5, False, id="young"),
        pytest.param(job(), [], 6, True, id="old enough"),
        pytest.param(job(), [pod(phase="Pending")], 6, False, id="with a pod"),
        pytest.param(job(), [pod(phase="Succeeded")], 6, False, id="it ends well"),
        pytest.param(job(), [pod(state=ended(1))], 6, True, id="its pod has failed"),
        pytest.param(job(), [pod(state=ended(1)), pod(phase="Running")], 6, False, id="the next"),
        pytest.param(job("Complete"), [], 6, False, id="complete"),
        pytest.param(job("Failed"), [], 6, False, id="failed"),
        pytest.param(job("FailureTarget"), [], 6, False, id="about to fail"),
        pytest.param({}, [], 6, True, id="of unknown age"),
    ],
)
def test_job_without_a_pod(
    told: dict[str, Any], pods: list[Any], age: float, *, expected: bool
) -> None:
    """Only of a Job that should have a pod by now are the Events read."""
    assert is_without_pod(told, pods, now=CREATED + age) is expected


@pytest.mark.parametrize(
    ("told", "pods", "expected"),
    [
        pytest.param(job(), [], True, id="no pod"),
        pytest.param(job(), [pod(phase="Pending")], True, id="pending pod"),
        pytest.param(job(), [{}], True, id="pod without a status"),
        pytest.param(
            job(), [pod(phase="Running", state=waits("ErrImagePull"))], True, id="mesh alone runs"
        ),
        pytest.param(job(), [pod(phase="Running", state=RUNS)], False, id="runs"),
        pytest.param(job(), [pod(phase="Running")], False, id="runs and tells no more"),
        pytest.param(job(), [pod(state=ended(1))], False, id="has run"),
        pytest.param(job(), [pod(reason="NodeAffinity")], True, id="rejected by the node"),
        pytest.param(
            job(), [pod(state=ended(1)), pod(phase="Pending", created=9)], False, id="the second"
        ),
        pytest.param(job("Complete"), [], False, id="complete"),
        pytest.param(job("Failed"), [], False, id="failed"),
    ],
)
def test_pending(told: dict[str, Any], pods: list[Any], *, expected: bool) -> None:
    """A Job is pending until its first container starts."""
    assert is_pending(told, pods) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(job(), False, id="active"),
        pytest.param(job(suspend=True), True, id="suspended"),
        pytest.param(job("FailureTarget", since=40), False, id="about to fail"),
        pytest.param(job("FailureTarget", since=39), True, id="about to fail for ever"),
        pytest.param(job("Failed") | {"spec": {"suspend": True}}, False, id="failed"),
        pytest.param(job("Complete") | {"spec": {"suspend": True}}, False, id="complete"),
        pytest.param({}, False, id="unreadable"),
    ],
)
def test_job_that_ignores_its_deadline(told: dict[str, Any], *, expected: bool) -> None:
    """A deadline ends no Job that is suspended or whose node is dead."""
    assert ignores_its_deadline(told, now=CREATED + 100) is expected
