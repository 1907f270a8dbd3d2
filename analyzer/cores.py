"""Keep the arithmetic on one core: its share of a pod is one, and its results are the same on every machine size."""

import os

__all__ = ["use_one_core"]

_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def use_one_core() -> None:
    """Tell the linear algebra below numpy to start no threads; it asks once, when numpy is imported."""
    for name in _THREAD_COUNTS:
        os.environ[name] = "1"
