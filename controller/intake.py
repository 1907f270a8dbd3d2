"""From the bytes of a claimed message to a launch, or to the failed result that refuses it: a pure
function.
"""

from collections.abc import Collection

from controller.attempt import Launch
from offbeat.failure import FailureReason
from offbeat.job import Job, JobRefused, parse_job
from offbeat.result import FailedResult

__all__ = ["admit", "failure"]


def admit(
    run: str, raw: bytes, *, attempt: int, profiles: Collection[str]
) -> Launch | FailedResult:
    """Read a message and decide whether it becomes a Job."""
    try:
        job = parse_job(raw)
    except JobRefused as refusal:
        return FailedResult.because(
            refusal.reason, str(refusal), job_id=refusal.job_id, run_id=run, attempt=attempt - 1
        )
    if job.profile not in profiles:
        known = ", ".join(sorted(profiles))
        return failure(
            job,
            run,
            FailureReason.INVALID_JOB,
            f"the profile {job.profile!r} is not defined here: use one of {known}",
            attempt=attempt - 1,
        )
    return Launch(run=run, attempt=attempt, job=job, raw=raw)


def failure(
    job: Job,
    run: str,
    reason: FailureReason,
    summary: str,
    *,
    attempt: int,
    detail: str | None = None,
    log_tail: list[str] | None = None,
) -> FailedResult:
    """Build the failed result of a legible job; its sentence begins with the path."""
    text = summary if summary.startswith(job.path) else f"{job.path}: {summary}"
    return FailedResult.because(
        reason,
        text,
        job_id=job.job_id,
        run_id=run,
        attempt=attempt,
        detail=detail,
        log_tail=log_tail or None,
    )
