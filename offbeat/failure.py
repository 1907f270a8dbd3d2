"""Why a job failed, in words that are never renamed, and the exit codes that carry them.

The values are part of the contract: consumers branch on `reason`, Kubernetes' podFailurePolicy on
the exit code.
"""

from enum import IntEnum, StrEnum

__all__ = [
    "FINAL_EXIT_CODES",
    "RETRYABLE",
    "ExitCode",
    "FailureReason",
    "exit_code_for",
    "reason_for_exit_code",
]


class FailureReason(StrEnum):
    """The `reason` of a failed result."""

    INVALID_JOB = "invalid_job"
    PATH_NOT_ALLOWED = "path_not_allowed"
    FILE_NOT_FOUND = "file_not_found"
    UNSUPPORTED_FORMAT = "unsupported_format"
    CORRUPT_AUDIO = "corrupt_audio"
    LIMIT_EXCEEDED = "limit_exceeded"
    OUT_OF_MEMORY = "out_of_memory"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    PENDING_TIMEOUT = "pending_timeout"
    IMAGE_ERROR = "image_error"
    EVICTED = "evicted"
    DISRUPTED = "disrupted"
    LAUNCH_REJECTED = "launch_rejected"
    QUOTA_EXCEEDED = "quota_exceeded"
    INTERNAL_ERROR = "internal_error"


RETRYABLE = frozenset(
    {
        FailureReason.DEADLINE_EXCEEDED,
        FailureReason.PENDING_TIMEOUT,
        FailureReason.IMAGE_ERROR,
        FailureReason.EVICTED,
        FailureReason.DISRUPTED,
        FailureReason.LAUNCH_REJECTED,
        FailureReason.QUOTA_EXCEEDED,
        FailureReason.INTERNAL_ERROR,
    }
)
"""Reasons where pushing the very same message again may succeed: the cluster was at fault."""


class ExitCode(IntEnum):
    """What the analyzer's process exits with.

    64–69 say that the message or the file is at fault: podFailurePolicy fails the Job at once.
    Everything else counts against `backoffLimit` and is tried again in a new pod. The numbers
    follow sysexits(3) where it has one.
    """

    OK = 0
    INVALID_JOB = 64
    CORRUPT_AUDIO = 65
    FILE_NOT_FOUND = 66
    UNSUPPORTED_FORMAT = 67
    PATH_NOT_ALLOWED = 68
    LIMIT_EXCEEDED = 69
    INTERNAL_ERROR = 70
    REDIS_UNREACHABLE = 75
    KILLED = 137
    TERMINATED = 143


_REASONS = {
    ExitCode.INVALID_JOB: FailureReason.INVALID_JOB,
    ExitCode.CORRUPT_AUDIO: FailureReason.CORRUPT_AUDIO,
    ExitCode.FILE_NOT_FOUND: FailureReason.FILE_NOT_FOUND,
    ExitCode.UNSUPPORTED_FORMAT: FailureReason.UNSUPPORTED_FORMAT,
    ExitCode.PATH_NOT_ALLOWED: FailureReason.PATH_NOT_ALLOWED,
    ExitCode.LIMIT_EXCEEDED: FailureReason.LIMIT_EXCEEDED,
    ExitCode.KILLED: FailureReason.OUT_OF_MEMORY,
}

FINAL_EXIT_CODES = tuple(
    code for code, reason in _REASONS.items() if reason is not FailureReason.OUT_OF_MEMORY
)
"""Exit codes after which another attempt cannot succeed."""


def reason_for_exit_code(code: int) -> FailureReason:
    """Return the reason that an analyzer's exit code stands for, else `internal_error`."""
    try:
        return _REASONS[ExitCode(code)]
    except (ValueError, KeyError):
        return FailureReason.INTERNAL_ERROR


def exit_code_for(reason: FailureReason) -> ExitCode:
    """Return the exit code by which the analyzer says `reason`, else `INTERNAL_ERROR`."""
    for code, known in _REASONS.items():
        if known is reason:
            return code
    return ExitCode.INTERNAL_ERROR
