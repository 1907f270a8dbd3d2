"""How memory is taken from the system, and given back."""

import ctypes

__all__ = ["return_memory", "tune_malloc"]

_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 2 << 20
_KEPT_BYTES = 32 << 20
_LONG_SEC = 7_200.0


def tune_malloc() -> None:
    """Keep small blocks, and give large arrays back as soon as they are freed.

    glibc returns the end of its heap to the system whenever 128 KiB of it are free. Every Fourier
    transform takes its workspace from there: to fetch it anew each time makes them up to three
    times as slow, depending on what happens to lie at that end. Arrays of 2 MiB and more are
    mapped by themselves; left alone, glibc moves them to the heap after the first that is freed,
    and of six hours 30 MiB would stay there. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)


def return_memory(duration_sec: float) -> None:
    """Give back what is free between blocks that are not, if a file is long: of six hours 15 MB.

    It is done between stages. To fetch the pages anew takes some milliseconds, which the results of
    a song would notice, and its memory would not.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None and duration_sec > _LONG_SEC:
        trim(0)
