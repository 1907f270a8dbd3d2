"""What to do about one run, given what Redis and the launcher say of it: a pure function.

Each action is safe to repeat, and safe beside another controller that has decided the same.
"""

from dataclasses import dataclass

from controller.attempt import Attempt, Diagnosis, Phase
from offbeat.failure import FailureReason
from offbeat.runs import BEING_CREATED, RunState
from offbeat.store import RunRecord

__all__ = [
    "MESSAGE_LOST",
    "Action",
    "CleanUp",
    "Decision",
    "Disown",
    "Fail",
    "Launch",
    "Limits",
    "Park",
    "Register",
    "Release",
    "Stop",
    "View",
    "decide",
]

SETTLED_GRACE_SEC = 60.0
"""How long the Job of a settled run may go on: a container needs a moment to exit."""

SETTLED_POLL_SEC = 5.0


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the operator has set; seconds."""

    max_attempts: int
    interval_sec: float
    image_grace_sec: float
    park_deadline_sec: float


@dataclass(frozen=True, kw_only=True)
class View:
    """One run. Redis was read first, the launcher after it, and `settled` last, so that nothing new
    looks lost.
    """

    run_id: str
    owner: str
    """Whose controller looks."""
    settled: bool
    record: RunRecord | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Register:
    """Enter the run into Redis again, from its Job."""

    attempt: Attempt


@dataclass(frozen=True)
class Launch:
    """Create an attempt: the next one, or one that was not created yet."""

    run_id: str
    number: int
    because: str
    parked_since: float | None = None


@dataclass(frozen=True)
class Park:
    """Note that a quota refuses the pods of the attempt."""

    attempt: Attempt
    parked_since: float | None


@dataclass(frozen=True)
class Fail:
    """Settle the run as failed; `attempt` is what failed, if there is one."""

    run_id: str
    number: int
    diagnosis: Diagnosis
    attempt: Attempt | None = None


@dataclass(frozen=True)
class Stop:
    """End a Job that is of no use any more."""

    attempt: Attempt
    because: str


@dataclass(frozen=True)
class CleanUp:
    """Let Kubernetes delete a finished Job of a settled run."""

    attempt: Attempt


@dataclass(frozen=True)
class Release:
    """Free the slot of a settled run."""

    run_id: str


@dataclass(frozen=True)
class Disown:
    """Stop looking at a run of another owner, or one of which nothing is known."""

    run_id: str


Action = Register | Launch | Park | Fail | Stop | CleanUp | Release | Disown


@dataclass(frozen=True)
class Decision:
    """What to do now, in this order, and when to look again; None for never."""

    actions: tuple[Action, ...]
    look_again_sec: float | None


def decide(view: View, limits: Limits, *, now: float) -> Decision:
    """Return what must be done about a run; `now` is the time of Redis, Unix time."""
    record = view.record
    if record is not None and record.owner is not None and record.owner != view.owner:
        # Its Jobs are ours all the same: they are found by our release's label.
        finished = [a for a in view.attempts if view.settled and a.phase is not Phase.ACTIVE]
        return Decision((Disown(view.run_id), *map(CleanUp, finished)), None)
    if view.settled:
        return _wind_up(view, now)
    if record is None or record.state not in set(RunState):
        return _unknown(view, limits)
    latest = max(view.attempts, key=lambda attempt: attempt.number, default=None)
    if latest is None or record.attempt > latest.number:
        return _without_job(view, record, limits, now)
    return _with_job(view, record, latest, limits, now)


def _wind_up(view: View, now: float) -> Decision:
    """Clear away what is left of a run that has its result."""
    active = [
        attempt
        for attempt in view.attempts
        if attempt.phase is Phase.ACTIVE
        # A pod on a dead node ends when the node comes back, perhaps never.
        and not (attempt.diagnosis is not None and attempt.diagnosis.try_again)
    ]
    actions: list[Action] = [] if active else [Release(view.run_id)]
    settled_at = 0.0  # a record that has expired was settled a day ago
    if view.record is not None:
        settled_at = view.record.settled_at or now  # the record was read before the run settled
    if now - settled_at > SETTLED_GRACE_SEC:
        actions += [Stop(attempt, "goes on after its result") for attempt in active]
    actions += [CleanUp(attempt) for attempt in view.attempts if attempt.phase is not Phase.ACTIVE]
    return Decision(tuple(actions), SETTLED_POLL_SEC if active else None)


def _unknown(view: View, limits: Limits) -> Decision:
    """Find out about a run of which Redis knows nothing, or that ended without a result."""
    if view.attempts:
        latest = max(view.attempts, key=lambda attempt: attempt.number)
        return Decision((Register(latest),), limits.interval_sec)
    return Decision((Disown(view.run_id),), None)


def _without_job(view: View, record: RunRecord, limits: Limits, now: float) -> Decision:
    """Find a run whose latest attempt has no Job its next one."""
    if record.state in BEING_CREATED:
        number = max(1, record.attempt)
        parked_since = record.parked_since if record.state == RunState.PARKED else None
        if parked_since is not None and now - parked_since > limits.park_deadline_sec:
            fail = Fail(view.run_id, number, _quota(limits, record.parked_reason))
            return Decision((fail,), limits.interval_sec)
        because = "a quota left no room" if parked_since else "its Job was not created yet"
        launch = Launch(view.run_id, number, because, parked_since)
        return Decision((launch,), limits.interval_sec)
    return _next(view.run_id, record.attempt, _DELETED, limits)


def _with_job(
    view: View, record: RunRecord, latest: Attempt, limits: Limits, now: float
) -> Decision:
    """Look after a run whose latest attempt has a Job."""
    if latest.diagnosis is not None:
        if latest.diagnosis.try_again and latest.number < limits.max_attempts:
            again = _next(view.run_id, latest.number, latest.diagnosis, limits)
            stop = Stop(latest, latest.diagnosis.summary)
            return Decision((stop, *again.actions), limits.interval_sec)
        fail = Fail(view.run_id, latest.number, latest.diagnosis, latest)
        return Decision((fail,), limits.interval_sec)
    if latest.phase is not Phase.ACTIVE:
        return _next(view.run_id, latest.number, _SILENT, limits)
    if record.state in {RunState.CLAIMED, RunState.LAUNCHING}:
        # The launch is repeated, so that Redis learns of the Job from one place alone.
        launch = Launch(view.run_id, latest.number, "Redis does not know yet that its Job exists")
        return Decision((launch,), limits.interval_sec)
    parked_since = record.parked_since if record.state == RunState.PARKED else None
    if latest.quota is not None:
        if parked_since is not None and now - parked_since > limits.park_deadline_sec:
            fail = Fail(view.run_id, latest.number, _quota(limits, latest.quota), latest)
            return Decision((fail,), limits.interval_sec)
        return Decision((Park(latest, parked_since),), limits.interval_sec)
    if latest.pending:
        soon = max(1.0, limits.image_grace_sec + 1.0)
        return Decision((), min(limits.interval_sec, soon))
    return Decision((), 2 * limits.interval_sec)


def _next(run_id: str, number: int, diagnosis: Diagnosis, limits: Limits) -> Decision:
    """Launch another attempt, or give up after the last."""
    action: Action = Launch(run_id, number + 1, diagnosis.summary.partition(",")[0])
    if number >= limits.max_attempts:
        action = Fail(run_id, number, diagnosis)
    return Decision((action,), limits.interval_sec)


def _quota(limits: Limits, words: str | None) -> Diagnosis:
    return Diagnosis(
        reason=FailureReason.QUOTA_EXCEEDED,
        summary=f"a quota left no room for the Job for {limits.park_deadline_sec:g} s",
        detail=words,
    )


_DELETED = Diagnosis(
    reason=FailureReason.DISRUPTED,
    summary="its Job was deleted before it had a result, every time it was launched",
)
_SILENT = Diagnosis(
    reason=FailureReason.INTERNAL_ERROR,
    summary="its Job ended without a result, every time it was launched",
)
MESSAGE_LOST = Diagnosis(
    reason=FailureReason.INTERNAL_ERROR,
    summary="Redis has lost the message of this run: push it again",
)
