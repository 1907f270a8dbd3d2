"""Whatever somebody has written into a Job or a Pod, a diagnosis is made."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.outcome import diagnose, ignores_its_deadline, is_pending, quota_refusal
from controller.pod import Patience
from offbeat.failure import FailureReason
from tests.support.objects import CREATED, ended, job, pod

PATIENCE = Patience(image_sec=60, pending_sec=900)
POLICY = job("Failed", "PodFailurePolicy", "rule 1")
BACKOFF = job("Failed", "BackoffLimitExceeded", "limit reached")
DEADLINE = job("Failed", "DeadlineExceeded", "active too long")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda children: (
        st.lists(children, max_size=2)
        | st.dictionaries(st.sampled_from(["type", "status", "state", "name", "x"]), children)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        *[("metadata", name) for name in ("name", "creationTimestamp", "deletionTimestamp")],
        *[("spec", name) for name in ("suspend", "containers", "activeDeadlineSeconds")],
        *[("status", name) for name in ("phase", "conditions", "containerStatuses", "reason")],
        ("metadata", None),
        ("spec", None),
        ("status", None),
    ]
)


def broken(resource: dict[str, Any], where: tuple[str, str | None], value: object) -> Any:  # noqa: ANN401
    """Put any value into one field."""
    section, name = where
    return resource | {section: value if name is None else {**resource[section], name: value}}


@given(
    st.sampled_from([job(), POLICY, BACKOFF, DEADLINE, job("FailureTarget")]),
    st.sampled_from([pod(state=ended(1)), pod(phase="Pending"), pod(phase="Running", deleted=1)]),
    fields,
    fields,
    json_values,
)
def test_no_object_raises(
    told: dict[str, Any],
    of_it: dict[str, Any],
    in_job: tuple[str, str | None],
    in_pod: tuple[str, str | None],
    value: object,
) -> None:
    """Whatever somebody has written into a Job or a Pod, a round goes on."""
    edited, pods = broken(told, in_job, value), [broken(of_it, in_pod, value), of_it]
    events = [{"reason": "FailedCreate", "message": value, "lastTimestamp": value}]
    for chosen in (pods, pods[:1], []):
        diagnose(edited, chosen, now=CREATED + 1e4, patience=PATIENCE, events=events)
        quota_refusal(edited, chosen, events, now=CREATED + 1e4)
        is_pending(edited, chosen)
        ignores_its_deadline(edited, now=CREATED + 1e4)


@pytest.mark.parametrize("missing", ["metadata", "spec", "status"])
def test_null_is_as_good_as_absent(missing: str) -> None:
    """Go writes what was never filled as null."""
    told, of_it = POLICY, pod(state=ended(65))
    diagnosis = diagnose(told, [of_it | {missing: None}], now=CREATED, patience=PATIENCE)
    assert diagnosis is not None
    statuses = of_it["status"] | {"containerStatuses": None, "conditions": None}
    diagnosis = diagnose(told, [of_it | {"status": statuses}], now=CREATED, patience=PATIENCE)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.INTERNAL_ERROR


def test_time_that_cannot_be_read_makes_nothing_old() -> None:
    """An object of unknown age is given its time."""
    for text in ("soon", "", None, 5):
        metadata = {"name": "x", "creationTimestamp": text}
        told, waiting = job() | {"metadata": metadata}, pod(phase="Pending")
        assert diagnose(told, [], now=CREATED + 1e6, patience=PATIENCE) is None
        pods = [waiting | {"metadata": metadata}]
        assert diagnose(job(), pods, now=CREATED + 1e6, patience=PATIENCE) is None
