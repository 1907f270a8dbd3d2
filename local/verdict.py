"""What the end of an analyzer means: the rules of podFailurePolicy, for a child process.

Pure functions. The exit codes 64–69 and an end for lack of memory fail the attempt at once;
anything else is a crash, which is tried again up to `backoffLimit`.
"""

import json
import signal
from dataclasses import dataclass

from controller.attempt import Diagnosis
from offbeat.failure import FINAL_EXIT_CODES, ExitCode, FailureReason, reason_for_exit_code

__all__ = ["LastWords", "Verdict", "judge"]


@dataclass(frozen=True, kw_only=True)
class LastWords:
    """The termination message that an analyzer left, as far as it can be read."""

    reason: str | None = None
    error: str | None = None

    @classmethod
    def parse(cls, message: bytes) -> "LastWords":
        """Read a termination message; nothing is in it that is not JSON of ours."""
        try:
            left = json.loads(message)
        except (ValueError, RecursionError):
            return cls()
        if not isinstance(left, dict):
            return cls()
        reason, error = left.get("reason"), left.get("error")
        return cls(
            reason=reason if isinstance(reason, str) else None,
            error=error if isinstance(error, str) and error else None,
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How one try ended: `diagnosis` is `None` if it succeeded, `final` if no other try follows."""

    diagnosis: Diagnosis | None
    final: bool


def judge(status: int, *, message: bytes = b"", oom_kills: int = 0) -> Verdict:
    """Say what the end of one process means.

    Args:
        status: Its exit code, or minus the number of the signal that killed it.
        message: Its termination message.
        oom_kills: How many processes the kernel has killed for lack of memory since it began.

    """
    if status == ExitCode.OK:
        return Verdict(diagnosis=None, final=True)
    said = LastWords.parse(message)
    if _is_out_of_memory(status, said, oom_kills):
        reason, final = FailureReason.OUT_OF_MEMORY, True
    else:
        reason, final = reason_for_exit_code(status), status in FINAL_EXIT_CODES
    return Verdict(
        diagnosis=Diagnosis(
            reason=reason,
            summary=said.error or _summary(status, reason),
            detail=f"exit code {status if status >= 0 else 128 - status}",
        ),
        final=final,
    )


def _is_out_of_memory(status: int, said: LastWords, oom_kills: int) -> bool:
    """Believe the analyzer, which exits with 137 by itself, and else the kernel's counters."""
    if status == -signal.SIGKILL:
        return oom_kills > 0 or said.reason == FailureReason.OUT_OF_MEMORY
    return status == ExitCode.KILLED


def _summary(status: int, reason: FailureReason) -> str:
    if reason is FailureReason.OUT_OF_MEMORY:
        return "the analyzer ran out of memory: the kernel killed it"
    if status == -signal.SIGKILL:
        return (
            "the analyzer was killed by signal 9 (SIGKILL), "
            "and not by the kernel for lack of memory"
        )
    if status < 0:
        return f"the analyzer was killed by signal {-status}{_name(-status)}"
    if reason is FailureReason.INTERNAL_ERROR:
        return f"the analyzer crashed with exit code {status}"
    return reason.value.replace("_", " ")


def _name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:  # a real-time signal
        return ""
