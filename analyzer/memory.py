"""Give large arrays back to the system as soon as they are freed."""

import ctypes

__all__ = ["return_large_arrays"]

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 2 << 20


def return_large_arrays() -> None:
    """Tell glibc to map each array of 2 MiB and more by itself, and to unmap it when it is freed.

    Left alone it raises that size with the first large array that is freed, and the rest go to a
    heap that cannot shrink: of six hours 30 MiB would stay there. Other C libraries are left alone.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
