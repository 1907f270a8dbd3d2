"""What passes between the loops and a launcher: what to start, and what became of it."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from offbeat.failure import FailureReason
from offbeat.job import Job

__all__ = ["Attempt", "Diagnosis", "LaunchSpec", "Launcher", "Phase"]


@dataclass(frozen=True, kw_only=True)
class LaunchSpec:
    """One attempt at a run, to be started; `number` counts the attempts of the run from 1."""

    run_id: str
    number: int
    job: Job
    raw: bytes


class Phase(StrEnum):
    """How far an attempt is."""

    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Why an attempt failed, or can no longer succeed.

    `summary` is a sentence for the producer, `detail` what the launcher itself said, `pod` whose
    log to show. `try_again` means that another attempt may succeed: the pod is stuck on a dead
    node.
    """

    reason: FailureReason
    summary: str
    detail: str | None = None
    pod: str | None = None
    try_again: bool = False


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt as the launcher observes it: a Job, or a child process.

    `pending` means that it is active and no container has started. `quota` is what Kubernetes said
    when a quota refused its pods; such an attempt is not pending. `job_label` is the job_id as the
    label of the Job shows it.
    """

    job_name: str
    uid: str
    run_id: str
    number: int
    phase: Phase
    cleanup_scheduled: bool = False
    pending: bool = False
    quota: str | None = None
    diagnosis: Diagnosis | None = None
    job_label: str = ""


class Launcher(Protocol):
    """Where attempts run.

    Names make every call safe to repeat, and several controllers may share one cluster. Every
    method that needs an answer raises `LauncherUnavailable` when there is none, and
    `PermissionMissing` when the controller lacks a right.
    """

    async def create(self, spec: LaunchSpec) -> str:
        """Start an attempt and return its name; if it was started before, that is success too.

        Raises:
            LaunchRejected: It can never be started.
            QuotaExceeded: A quota refuses it for now.
            PermissionMissing: The controller may not start attempts.
            LauncherUnavailable: Whether it was started is unknown: call again.

        """
        ...

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        """Return the attempts of these runs with their diagnoses.

        Those whose cleanup is scheduled are left out, and so is one that cannot be read.
        """
        ...

    def pages(self) -> AsyncIterator[list[Attempt]]:
        """Yield the attempts of this installation, cheaply, for the audit.

        Those whose cleanup is scheduled are left out. The phase may be `ACTIVE` for all others. One
        that is listed twice is the same attempt.
        """
        ...

    async def is_settled(self, spec: LaunchSpec) -> bool:
        """Say whether the cleanup of this attempt is scheduled: then its run has had its result."""
        ...

    async def read_message(self, job_name: str) -> bytes | None:
        """Return the message that an attempt was started with; None if there is none."""
        ...

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        """Return the last lines that the attempt logged; empty if they cannot be read."""
        ...

    async def stop(self, job_name: str) -> None:
        """End an attempt, which then counts as failed or is gone; do nothing if there is none."""
        ...

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Let a finished and settled attempt be deleted after a while."""
        ...

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        """Show the operator, beside the attempt, what was decided; best effort."""
        ...
