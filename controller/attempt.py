"""What passes between the loops and a launcher: what to start, and what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from offbeat.failure import FailureReason
from offbeat.job import Job

__all__ = ["Attempt", "Diagnosis", "Launch", "Launcher", "Phase"]


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One attempt at a run, to be started."""

    run: str
    attempt: int
    job: Job
    raw: bytes


class Phase(StrEnum):
    """How far a Job is."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt as the launcher observes it: a Job, or a child process."""

    name: str
    uid: str
    run: str
    attempt: int
    phase: Phase
    raw: bytes
    collected: bool


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Why an attempt came to nothing.

    `summary` is a sentence for the producer, `detail` what the launcher itself said, `pod` whose
    log to show.
    """

    reason: FailureReason
    summary: str
    detail: str | None = None
    pod: str | None = None


class Launcher(Protocol):
    """Where attempts run. Names make every call safe to repeat; several controllers may share one
    cluster.

    Every method raises `LauncherUnavailable` when the other side does not answer.
    """

    async def create(self, launch: Launch) -> str:
        """Start an attempt and return its name; if it was started before, that is success too.

        Raises:
            LaunchRejected: It can never be started.
            QuotaExceeded: It cannot be started for now.

        """
        ...

    async def attempts(self, runs: Collection[str] | None = None) -> list[Attempt]:
        """Return every attempt that was not collected; where runs are named, theirs alone."""
        ...

    async def troubled(self, attempts: list[Attempt]) -> Mapping[str, Diagnosis]:
        """Return name → diagnosis for those that have failed, or that can no longer succeed."""
        ...

    async def log_tail(self, name: str, diagnosis: Diagnosis) -> list[str]:
        """Return the last lines that the attempt logged, as far as they can be had."""
        ...

    async def stop(self, name: str) -> None:
        """End an attempt, which then counts as failed; nothing happens if there is none."""
        ...

    async def collect(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Hand a finished and settled attempt over to be cleaned away."""
        ...

    async def announce(self, attempt: Attempt, reason: str, message: str) -> None:
        """Tell the operator, beside the attempt, what was decided; best effort."""
        ...
