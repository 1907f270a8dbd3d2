"""Keep the arithmetic on one core: a pod has no more, and many cores must not change a result."""

import os

__all__ = ["limit_blas_threads"]

_THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def limit_blas_threads() -> None:
    """Tell the algebra below numpy to start no threads; it asks once, when numpy is imported."""
    for name in _THREAD_COUNTS:
        os.environ[name] = "1"
