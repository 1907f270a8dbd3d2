"""Ties a child process to the life of its parent, so that a crash leaves nothing running."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

__all__ = ["die_with_parent"]

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int = signal.SIGKILL) -> Callable[[], None] | None:
    """Make a `preexec_fn` by which Linux sends a signal to the child when this process ends.

    The default ends a child that is stopped as well. Give SIGTERM to one that has something to
    save. Call it from a thread that lives on: Linux counts the end of that thread as the parent's
    death. Elsewhere than on Linux it returns `None`.
    """
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    # Looked up before the fork: the loader's lock may be held by a thread that the child lacks.
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return ask
