"""What is done about a run follows from what is seen of it."""

import pytest

from controller.attempt import Attempt, Diagnosis, Phase
from controller.decision import (
    Action,
    Collect,
    Fail,
    Register,
    Relaunch,
    Release,
    Stop,
    View,
    decide,
)
from offbeat.failure import FailureReason
from offbeat.store import RunRecord

NOW = 1000.0
DIAGNOSIS = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="no memory")


def an_attempt(number: int, phase: Phase) -> Attempt:
    """Make the Job of one attempt."""
    return Attempt(
        name=f"job-{number}",
        uid=f"uid-{number}",
        run="r",
        attempt=number,
        phase=phase,
        raw=b"m",
        collected=False,
    )


def a_record(
    attempt: int, *, raw: bytes | None = b"m", settled_at: float | None = None
) -> RunRecord:
    """Make what Redis knows of the run."""
    return RunRecord.from_hash(
        "r",
        {b"attempt": str(attempt).encode()}
        | ({b"raw": raw} if raw is not None else {})
        | ({b"settled_at": str(settled_at).encode()} if settled_at else {}),
    )


def see(
    *attempts: Attempt,
    inflight: bool = True,
    settled: bool = False,
    finishing_since: float | None = None,
    record: RunRecord | None = None,
) -> View:
    """Make a view of the run."""
    return View(
        run="r",
        inflight=inflight,
        finishing_since=finishing_since,
        settled=settled,
        record=record,
        attempts=attempts,
    )


active, succeeded, failed = (
    an_attempt(1, Phase.ACTIVE),
    an_attempt(1, Phase.SUCCEEDED),
    an_attempt(1, Phase.FAILED),
)


@pytest.mark.parametrize(
    ("view", "actions"),
    [
        pytest.param(see(active, record=a_record(1)), [], id="it runs"),
        pytest.param(
            see(active, inflight=False),
            [Register(active)],
            id="redis has forgotten a Job that runs",
        ),
        pytest.param(
            see(record=a_record(0)),
            [Relaunch("r", b"m", 1, "its claim was not followed by a Job")],
            id="the controller died between CLAIM and CREATE",
        ),
        pytest.param(
            see(record=a_record(1)),
            [Relaunch("r", b"m", 2, "its Job was deleted before it had a result")],
            id="somebody deleted the Job",
        ),
        pytest.param(
            see(failed, record=a_record(2)),
            [Relaunch("r", b"m", 3, "its Job was deleted before it had a result")],
            id="somebody deleted the second Job and the first is still there",
        ),
        pytest.param(
            see(succeeded, record=a_record(1)),
            [Relaunch("r", b"m", 2, "its Job completed without a result")],
            id="complete and not settled",
        ),
        pytest.param(
            see(failed, record=a_record(1)), [], id="failed, and its pods cannot be read yet"
        ),
        pytest.param(
            see(an_attempt(1, Phase.ACTIVE), settled=True, inflight=False, finishing_since=NOW - 5),
            [],
            id="settled a moment ago: the container is still leaving",
        ),
        pytest.param(
            see(active, settled=True, inflight=False, finishing_since=NOW - 61),
            [Stop(active)],
            id="settled, and the Job goes on",
        ),
        pytest.param(
            see(succeeded, settled=True, inflight=False, finishing_since=NOW - 1),
            [Release("r"), Collect(succeeded)],
            id="settled and finished",
        ),
        pytest.param(
            see(inflight=False, finishing_since=NOW - 1, settled=True),
            [Release("r")],
            id="settled, and its Job was deleted",
        ),
        pytest.param(see(inflight=False), [], id="nothing is known"),
    ],
)
def test_decision(view: View, actions: list[Action]) -> None:
    """Each situation has its actions."""
    assert decide(view, {}, now=NOW, max_attempts=3) == actions


@pytest.mark.parametrize("attempt", [active, failed])
def test_diagnosed_attempt_fails_the_run(attempt: Attempt) -> None:
    """A diagnosis settles the run, whether its Job has failed or is stuck."""
    actions = decide(see(attempt), {"job-1": DIAGNOSIS}, now=NOW, max_attempts=3)
    assert actions == [Fail("r", b"m", 1, DIAGNOSIS, attempt)]


@pytest.mark.parametrize(
    ("view", "reason"),
    [
        (see(record=a_record(3)), FailureReason.DISRUPTED),
        (see(an_attempt(3, Phase.SUCCEEDED)), FailureReason.INTERNAL_ERROR),
        (see(record=a_record(1, raw=None)), FailureReason.INTERNAL_ERROR),
        (see(record=None), FailureReason.INTERNAL_ERROR),
    ],
)
def test_the_last_attempt_is_followed_by_a_result(view: View, reason: FailureReason) -> None:
    """A run that cannot be launched again is settled, never dropped."""
    (action,) = decide(view, {}, now=NOW, max_attempts=3)
    assert isinstance(action, Fail)
    assert action.diagnosis.reason is reason


def test_an_earlier_failure_does_not_count() -> None:
    """Only the latest attempt decides."""
    view = see(failed, an_attempt(2, Phase.ACTIVE), record=a_record(2))
    assert decide(view, {"job-1": DIAGNOSIS}, now=NOW, max_attempts=3) == []
