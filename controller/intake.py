"""From the bytes of a claimed message to a launch, or to the failed result that refuses it.

Pure functions.
"""

from collections.abc import Collection

from controller.attempt import Diagnosis, LaunchSpec
from offbeat.failure import FailureReason
from offbeat.job import Job, JobRefused, parse_job, refuse_oversized
from offbeat.result import FailedResult

__all__ = ["admit", "failed_result"]


def admit(
    run_id: str,
    raw: bytes,
    *,
    number: int,
    profiles: Collection[str],
    message_bytes: int | None = None,
) -> LaunchSpec | FailedResult:
    """Read a message and decide whether it becomes a Job.

    Args:
        run_id: The run that was made of it.
        raw: The message, or its head where it is too large.
        number: The attempt that is to be launched.
        profiles: Names of the profiles that the operator has defined.
        message_bytes: Length of a message that is too large, else None.

    """
    try:
        if message_bytes is not None:
            raise refuse_oversized(raw, message_bytes)
        job = parse_job(raw)
        _check_profile(job, profiles)
    except JobRefused as refusal:
        return FailedResult.because(
            refusal.reason,
            str(refusal),
            job_id=refusal.job_id,
            run_id=run_id,
            attempt=number - 1,
        )
    return LaunchSpec(run_id=run_id, number=number, job=job, raw=raw)


def failed_result(
    run_id: str,
    raw: bytes | None,
    diagnosis: Diagnosis,
    *,
    number: int,
    job_id: int | str | None = None,
    log_tail: list[str] | None = None,
) -> FailedResult:
    """Build the result of a run that has failed; its sentence begins with the job's path.

    Args:
        run_id: The run.
        raw: Its message; None if it is lost.
        diagnosis: Why it has failed.
        number: The attempt that failed.
        job_id: What is known of its job_id beside the message.
        log_tail: The last lines of the attempt's log.

    """
    error = diagnosis.summary
    try:
        job = parse_job(raw or b"")
    except JobRefused as refusal:
        job_id = job_id if refusal.job_id is None else refusal.job_id
    else:
        job_id = job.job_id
        if not error.startswith(job.path):
            error = f"{job.path}: {error}"
    return FailedResult.because(
        diagnosis.reason,
        error,
        job_id=job_id,
        run_id=run_id,
        attempt=number,
        detail=diagnosis.detail,
        log_tail=log_tail or None,
    )


def _check_profile(job: Job, profiles: Collection[str]) -> None:
    if job.profile not in profiles:
        known = ", ".join(sorted(profiles))
        raise JobRefused(
            FailureReason.INVALID_JOB,
            f"{job.path}: the profile {job.profile!r} is not defined here: use one of {known}",
            job.job_id,
        )
