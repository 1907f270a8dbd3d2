"""One order of adding up, so that every x86-64 processor with AVX2 trains the same bytes.

OpenBLAS and NumPy choose their code by the processor and by its number of cores, and each choice
adds up in an order of its own; the models are made as on Haswell, on one core.
"""

import os
import platform

from analyzer.cores import limit_blas_threads

__all__ = ["describe", "fix"]

_CORE, _LEVEL = "Haswell", "X86_V3"
_NEWER = "X86_V4 AVX512_ICL AVX512_SPR"


def fix() -> None:
    """Choose the arithmetic; it is asked for once, when numpy is imported."""
    limit_blas_threads()
    os.environ["OPENBLAS_CORETYPE"] = _CORE
    os.environ["NPY_DISABLE_CPU_FEATURES"] = _NEWER


def describe() -> str:
    """Say what the arithmetic is, and on which processors it makes the same bytes."""
    import numpy as np  # not before the arithmetic is chosen
    from threadpoolctl import threadpool_info

    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    cores = {pool["architecture"] for pool in pools}
    threads = max(pool["num_threads"] for pool in pools)
    extensions = (np.show_config(mode="dicts") or {})["SIMD Extensions"]
    level = [*extensions["baseline"], *extensions.get("found", [])][-1]
    given = f"{platform.machine()}, OpenBLAS {', '.join(sorted(cores))}, NumPy {level}"
    given += f", threads: {threads}"
    if (cores, level, threads) == ({_CORE}, _LEVEL, 1):
        return f"{given}: x86-64 processors with AVX2 make the same bytes"
    return f"{given}: other bytes than on x86-64 processors with AVX2"
