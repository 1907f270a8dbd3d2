"""What one process forbids other processes of its user."""

import ctypes
import sys

__all__ = ["forbid_inspection"]

_PR_SET_DUMPABLE = 4


def forbid_inspection() -> None:
    """Keep processes of the same user out of this one's memory and environment.

    The decoder reads hostile files and runs as the same user: through `/proc/PID/environ` and
    `/proc/PID/mem`, or as a debugger, it could read the URL of Redis. Linux forbids all three for a
    process that is not dumpable (prctl(2), PR_SET_DUMPABLE), and writes no core dump of it. A child
    is dumpable again once it has called exec, so it may open `/dev/fd/N` as ever.

    Raises:
        OSError: Linux refuses, which it never does.

    """
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).prctl(
        _PR_SET_DUMPABLE, 0, 0, 0, 0
    ):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_DUMPABLE) failed")
