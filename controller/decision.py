"""What to do about one run, given what Redis and the launcher say of it: a pure function.

Each action is safe to repeat, and safe beside another controller that has decided the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from controller.attempt import Attempt, Diagnosis, Phase
from offbeat.failure import FailureReason
from offbeat.store import RunRecord

__all__ = [
    "Action",
    "Collect",
    "Fail",
    "Register",
    "Relaunch",
    "Release",
    "Stop",
    "View",
    "decide",
]

SETTLED_GRACE_SEC = 60.0
"""How long the Job of a settled run may go on: a container needs a moment to exit."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One run, as seen in this round. Redis was read first and the launcher after it, `settled`
    last.
    """

    run: str
    inflight: bool
    finishing_since: float | None
    settled: bool
    record: RunRecord | None
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True)
class Register:
    """Enter the run into Redis again, from its Job."""

    attempt: Attempt


@dataclass(frozen=True)
class Relaunch:
    """Start the next attempt."""

    run: str
    raw: bytes
    attempt: int
    because: str


@dataclass(frozen=True)
class Fail:
    """Settle the run as failed; `attempt` is what failed, if there is one."""

    run: str
    raw: bytes
    number: int
    diagnosis: Diagnosis
    attempt: Attempt | None


@dataclass(frozen=True)
class Stop:
    """End a Job whose run has its result."""

    attempt: Attempt


@dataclass(frozen=True)
class Collect:
    """Let a finished Job of a settled run be cleaned away."""

    attempt: Attempt


@dataclass(frozen=True)
class Release:
    """Give back the place of a settled run."""

    run: str


Action = Register | Relaunch | Fail | Stop | Collect | Release


def decide(
    view: View, diagnoses: Mapping[str, Diagnosis], *, now: float, max_attempts: int
) -> list[Action]:
    """Return what must be done about a run, in order; nothing for one that is well."""
    if view.settled:
        return _wind_up(view, now)
    if view.attempts:
        return _look_after(view, diagnoses, max_attempts)
    if view.inflight:
        return [_without_job(view, max_attempts)]
    return [Release(view.run)] if view.finishing_since is not None else []


def _wind_up(view: View, now: float) -> list[Action]:
    """Clear away what is left of a run that has its result."""
    actions: list[Action] = []
    active = [attempt for attempt in view.attempts if attempt.phase is Phase.ACTIVE]
    settled_at = view.finishing_since or (view.record.settled_at if view.record else None) or 0.0
    if view.finishing_since is not None and not active:
        actions.append(Release(view.run))
    if now - settled_at > SETTLED_GRACE_SEC:
        actions += [Stop(attempt) for attempt in active]
    actions += [Collect(attempt) for attempt in view.attempts if attempt.phase is not Phase.ACTIVE]
    return actions


def _look_after(view: View, diagnoses: Mapping[str, Diagnosis], max_attempts: int) -> list[Action]:
    """Look after a run that has Jobs and no result."""
    latest = max(view.attempts, key=lambda attempt: attempt.attempt)
    actions: list[Action] = [] if view.inflight else [Register(latest)]
    if view.record is not None and view.record.attempt > latest.attempt:
        return [*actions, _next(view.run, latest.raw, view.record.attempt, max_attempts, _DELETED)]
    diagnosis = diagnoses.get(latest.name)
    if diagnosis is not None:
        fail = Fail(view.run, latest.raw, latest.attempt, diagnosis, latest)
        return [*actions, fail]
    if latest.phase is Phase.SUCCEEDED:
        actions.append(_next(view.run, latest.raw, latest.attempt, max_attempts, _SILENT))
    return actions


def _without_job(view: View, max_attempts: int) -> Action:
    """Find a run that is claimed and has no Job its next one."""
    record = view.record
    if record is None or record.raw is None:
        lost = Diagnosis(
            reason=FailureReason.INTERNAL_ERROR,
            summary="Redis has lost the message of this run: push it again",
        )
        return Fail(view.run, b"", record.attempt if record else 0, lost, None)
    if record.attempt == 0:
        return Relaunch(view.run, record.raw, 1, "its claim was not followed by a Job")
    return _next(view.run, record.raw, record.attempt, max_attempts, _DELETED)


_DELETED = Diagnosis(
    reason=FailureReason.DISRUPTED,
    summary="its Job was deleted before it had a result, every time it was launched",
)
_SILENT = Diagnosis(
    reason=FailureReason.INTERNAL_ERROR,
    summary="its Job completed without a result, every time it was launched",
)


def _next(run: str, raw: bytes, attempt: int, max_attempts: int, diagnosis: Diagnosis) -> Action:
    """Launch another attempt, or give up after the last."""
    if attempt >= max_attempts:
        return Fail(run, raw, attempt, diagnosis, None)
    return Relaunch(run, raw, attempt + 1, diagnosis.summary.partition(",")[0])
