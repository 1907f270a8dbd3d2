"""Run a program that makes sound, and say how it failed."""

import subprocess

__all__ = ["ProgramFailed", "ProgramMissing", "run"]

_LONGEST_SEC = 600.0


class ProgramMissing(RuntimeError):
    """A program, or what it plays, is not installed; the message says how to install it."""


class ProgramFailed(RuntimeError):
    """A program ended with an error; the message has the last of what it said."""


def run(*command: str) -> None:
    """Run a command to its end.

    Raises:
        ProgramFailed: Its status is not 0.

    """
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=_LONGEST_SEC, check=False
    )
    if done.returncode:
        raise ProgramFailed(f"{command[0]}: {done.stderr[-400:]}")
