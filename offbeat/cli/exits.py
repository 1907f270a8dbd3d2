"""What the command's exit codes mean, and the errors that carry them."""

from enum import IntEnum

__all__ = ["Exit", "Fault"]


class Exit(IntEnum):
    """Exit codes of `offbeat`; scripts branch on them."""

    OK = 0
    FAILED_JOB = 1
    BAD_USAGE = 2
    NO_CONNECTION = 3
    NOTHING_THERE = 4
    INTERRUPTED = 130


class Fault(Exception):
    """What ends a command: one line for standard error, and an exit code."""

    def __init__(self, message: str, exit_code: Exit = Exit.BAD_USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code
