"""What is done about a run follows from what is seen of it."""

from dataclasses import replace

import pytest

from controller.attempt import Attempt, Diagnosis, Phase
from controller.decision import (
    Action,
    CleanUp,
    Disown,
    Fail,
    Launch,
    Limits,
    Park,
    Register,
    Release,
    Stop,
    View,
    decide,
)
from offbeat.failure import FailureReason
from offbeat.runs import RunState
from offbeat.store import RunRecord

NOW = 1_000_000.0
LIMITS = Limits(max_attempts=3, interval_sec=30, image_grace_sec=10, park_deadline_sec=600)

CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory, twice")
DEAD_NODE = Diagnosis(
    reason=FailureReason.DISRUPTED, summary="its node does not answer", try_again=True
)


def an_attempt(number: int = 1, phase: Phase = Phase.ACTIVE) -> Attempt:
    """Make the Job of one attempt."""
    return Attempt(
        job_name=f"job-{number}", uid=f"uid-{number}", run_id="r", number=number, phase=phase
    )


def a_record(state: str = "launched", attempt: int = 1, **fields: str) -> RunRecord:
    """Make what Redis knows of the run."""
    fields = {"owner": "us", "state": state, "attempt": str(attempt), **fields}
    return RunRecord.from_hash("r", {name.encode(): text.encode() for name, text in fields.items()})


def parked(seconds: float, attempt: int = 1) -> RunRecord:
    """Make the record of a run that has been parked for so long."""
    since = repr(NOW - seconds)
    return a_record("parked", attempt, parked_since=since, parked_reason="exceeded quota: pods=8")


def settled_for(seconds: float) -> RunRecord:
    """Make the record of a run that got its result so long ago."""
    return a_record("completed", settled_at=repr(NOW - seconds))


def see(*attempts: Attempt, record: RunRecord | None = None, settled: bool = False) -> View:
    """Make a view of the run."""
    return View(run_id="r", owner="us", settled=settled, record=record, attempts=attempts)


active = an_attempt()
pending = replace(active, pending=True)
refused = replace(active, quota="exceeded quota: pods=8")
succeeded = an_attempt(phase=Phase.SUCCEEDED)
silent = an_attempt(phase=Phase.FAILED)
crashed = replace(silent, diagnosis=CRASH)
stuck_image = replace(
    pending, diagnosis=Diagnosis(reason=FailureReason.IMAGE_ERROR, summary="no such image")
)
on_dead_node = replace(active, diagnosis=DEAD_NODE)

deleted = Diagnosis(
    reason=FailureReason.DISRUPTED,
    summary="its Job was deleted before it had a result, every time it was launched",
)
no_result = Diagnosis(
    reason=FailureReason.INTERNAL_ERROR,
    summary="its Job ended without a result, every time it was launched",
)


def no_room(detail: str | None) -> Diagnosis:
    """Make the diagnosis of a run that has been parked for too long."""
    return Diagnosis(
        reason=FailureReason.QUOTA_EXCEEDED,
        summary="a quota left no room for the Job for 600 s",
        detail=detail,
    )


ROWS = [
    # Whose run it is.
    pytest.param(
        see(active, record=a_record(owner="them")),
        [Disown("r")],
        None,
        id="another owner's run goes on",
    ),
    pytest.param(
        see(record=a_record("completed", owner="them"), settled=True),
        [Disown("r")],
        None,
        id="another owner's run has its result and holds a slot of theirs",
    ),
    pytest.param(
        see(succeeded, record=a_record("completed", owner="them"), settled=True),
        [Disown("r"), CleanUp(succeeded)],
        None,
        id="another owner's run has its result, and its Job has our label",
    ),
    pytest.param(
        see(active, record=a_record("running"), settled=True),
        [],
        5,
        id="settled since its record was read: its Job may need a moment",
    ),
    pytest.param(see(), [Disown("r")], None, id="nothing is known of it"),
    pytest.param(
        see(record=a_record("failed")), [Disown("r")], None, id="it ended long ago, and left no Job"
    ),
    pytest.param(
        see(active),
        [Register(active)],
        30,
        id="Redis has lost a run whose Job goes on",
    ),
    pytest.param(
        see(active, an_attempt(2)),
        [Register(an_attempt(2))],
        30,
        id="Redis has lost a run with two attempts: the later one counts",
    ),
    pytest.param(
        see(active, record=a_record("cancelled")),
        [Register(active)],
        30,
        id="Redis knows its end and has lost that it was delivered",
    ),
    # Settled.
    pytest.param(
        see(active, record=settled_for(60), settled=True),
        [],
        5,
        id="settled a minute ago: its container is still leaving",
    ),
    pytest.param(
        see(active, record=settled_for(60.1), settled=True),
        [Stop(active, "goes on after its result")],
        5,
        id="settled, and its Job goes on",
    ),
    pytest.param(
        see(active, settled=True),
        [Stop(active, "goes on after its result")],
        5,
        id="settled so long ago that its record has expired, and its Job goes on",
    ),
    pytest.param(
        see(succeeded, record=settled_for(1), settled=True),
        [Release("r"), CleanUp(succeeded)],
        None,
        id="settled, and its Job has ended",
    ),
    pytest.param(
        see(record=settled_for(1), settled=True),
        [Release("r")],
        None,
        id="settled, and its Job was deleted",
    ),
    pytest.param(see(settled=True), [Release("r")], None, id="settled, and nothing else is known"),
    pytest.param(
        see(crashed, an_attempt(2), record=settled_for(61), settled=True),
        [Stop(an_attempt(2), "goes on after its result"), CleanUp(crashed)],
        5,
        id="settled, its first Job has failed and its second goes on",
    ),
    pytest.param(
        see(on_dead_node, record=settled_for(61), settled=True),
        [Release("r")],
        None,
        id="settled, and its Job waits for a node that may never come back",
    ),
    pytest.param(
        see(stuck_image, record=settled_for(1), settled=True),
        [],
        5,
        id="settled as failed, and its Job has not ended yet",
    ),
    # Being created.
    pytest.param(
        see(record=a_record("claimed", 0)),
        [Launch("r", 1, "its Job was not created yet")],
        30,
        id="the controller died between claim and create",
    ),
    pytest.param(
        see(crashed, record=a_record("launching", 2)),
        [Launch("r", 2, "its Job was not created yet")],
        30,
        id="the controller died before it created the second attempt",
    ),
    pytest.param(
        see(active, record=a_record("claimed", 0)),
        [Launch("r", 1, "Redis does not know yet that its Job exists")],
        30,
        id="the controller died right after create",
    ),
    pytest.param(
        see(crashed, an_attempt(2), record=a_record("launching", 2)),
        [Launch("r", 2, "Redis does not know yet that its Job exists")],
        30,
        id="the controller died right after it created the second attempt",
    ),
    pytest.param(
        see(record=a_record("launching", 2, parked_since=repr(NOW - 10_000))),
        [Launch("r", 2, "its Job was not created yet")],
        30,
        id="the controller died before it created it; what was parked long ago has had room since",
    ),
    pytest.param(
        see(refused, record=a_record("claimed", 0)),
        [Launch("r", 1, "Redis does not know yet that its Job exists")],
        30,
        id="the controller died right after create, and a quota refuses the pod",
    ),
    # A quota.
    pytest.param(
        see(record=parked(600)),
        [Launch("r", 1, "a quota left no room", NOW - 600)],
        30,
        id="a quota left no room for the Job: it is tried again",
    ),
    pytest.param(
        see(record=parked(600, attempt=2)),
        [Launch("r", 2, "a quota left no room", NOW - 600)],
        30,
        id="a quota left no room for the second Job",
    ),
    pytest.param(
        see(record=parked(600.1)),
        [Fail("r", 1, no_room("exceeded quota: pods=8"))],
        30,
        id="a quota left no room for the Job for too long",
    ),
    pytest.param(
        see(refused, record=a_record()),
        [Park(refused, None)],
        30,
        id="a quota refuses the Job's pods",
    ),
    pytest.param(
        see(refused, record=parked(600)),
        [Park(refused, NOW - 600)],
        30,
        id="a quota goes on refusing them",
    ),
    pytest.param(
        see(refused, record=parked(600.1)),
        [Fail("r", 1, no_room("exceeded quota: pods=8"), refused)],
        30,
        id="a quota has refused them for too long",
    ),
    pytest.param(
        see(refused, record=a_record("launched", parked_since=repr(NOW - 10_000))),
        [Park(refused, None)],
        30,
        id="a quota refuses its pods, as one did long ago: a new delay",
    ),
    pytest.param(
        see(pending, record=parked(10_000)),
        [],
        11,
        id="the quota has room again, and its pod is starting",
    ),
    # At work.
    pytest.param(
        see(active, record=a_record("running")), [], 60, id="it runs: nothing is expected soon"
    ),
    pytest.param(see(pending, record=a_record()), [], 11, id="its pod has not started"),
    pytest.param(
        see(crashed, an_attempt(2), record=a_record(attempt=2)),
        [],
        60,
        id="its first attempt failed, and its second runs",
    ),
    pytest.param(
        see(an_attempt(2), crashed, record=a_record(attempt=2)),
        [],
        60,
        id="the same, listed the other way round",
    ),
    pytest.param(
        see(record=a_record()),
        [Launch("r", 2, deleted.summary.partition(",")[0])],
        30,
        id="somebody deleted its Job",
    ),
    pytest.param(
        see(crashed, record=a_record("running", 2)),
        [Launch("r", 3, "its Job was deleted before it had a result")],
        30,
        id="somebody deleted its second Job, and the first is still there",
    ),
    pytest.param(
        see(record=a_record(attempt=3)),
        [Fail("r", 3, deleted)],
        30,
        id="somebody deleted its last Job",
    ),
    # Ended without a result.
    pytest.param(
        see(succeeded, record=a_record("running")),
        [Launch("r", 2, "its Job ended without a result")],
        30,
        id="its Job is complete, and there is no result",
    ),
    pytest.param(
        see(silent, record=a_record("running")),
        [Launch("r", 2, "its Job ended without a result")],
        30,
        id="its Job failed, and nobody knows why",
    ),
    pytest.param(
        see(an_attempt(3, Phase.SUCCEEDED), record=a_record("running", 3)),
        [Fail("r", 3, no_result)],
        30,
        id="its last Job is complete, and there is no result",
    ),
    pytest.param(
        see(crashed, record=a_record("running")),
        [Fail("r", 1, CRASH, crashed)],
        30,
        id="its Job failed, and it is known why",
    ),
    pytest.param(
        see(stuck_image, record=a_record()),
        [Fail("r", 1, stuck_image.diagnosis, stuck_image)],  # type: ignore[arg-type]
        30,
        id="its Job can never start",
    ),
    pytest.param(
        see(on_dead_node, record=a_record("running")),
        [Stop(on_dead_node, DEAD_NODE.summary), Launch("r", 2, DEAD_NODE.summary)],
        30,
        id="its node is dead: another attempt elsewhere",
    ),
    pytest.param(
        see(replace(an_attempt(3), diagnosis=DEAD_NODE), record=a_record("running", 3)),
        [Fail("r", 3, DEAD_NODE, replace(an_attempt(3), diagnosis=DEAD_NODE))],
        30,
        id="its node is dead, and that was the last attempt",
    ),
]


@pytest.mark.parametrize(("view", "actions", "look_again_sec"), ROWS)
def test_decision(view: View, actions: list[Action], look_again_sec: float | None) -> None:
    """Each situation has its actions, in their order, and its next look."""
    decision = decide(view, LIMITS, now=NOW)
    assert list(decision.actions) == actions
    assert decision.look_again_sec == look_again_sec


def test_every_state_is_known() -> None:
    """No state that Redis may hold is taken for a run that is lost."""
    for state in RunState:
        decision = decide(see(active, record=a_record(state.value)), LIMITS, now=NOW)
        assert not any(isinstance(action, Register | Disown) for action in decision.actions)


@pytest.mark.parametrize(("grace", "look"), [(0.0, 1.0), (10.0, 11.0), (100.0, 30.0)])
def test_a_pending_pod_is_looked_at_when_its_image_may_have_failed(
    grace: float, look: float
) -> None:
    """Within the interval, and not more often than every second."""
    limits = replace(LIMITS, image_grace_sec=grace)
    assert decide(see(pending, record=a_record()), limits, now=NOW).look_again_sec == look


def test_a_run_that_may_be_tried_once_only() -> None:
    """Its first failure is its last."""
    limits = replace(LIMITS, max_attempts=1)
    decision = decide(see(on_dead_node, record=a_record()), limits, now=NOW)
    assert decision.actions == (Fail("r", 1, DEAD_NODE, on_dead_node),)
