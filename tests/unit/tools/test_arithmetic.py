"""The arithmetic that models are trained with."""

import subprocess
import sys
from pathlib import Path

_SAY = "from tools.train import arithmetic; arithmetic.fix(); print(arithmetic.describe())"


def _has_avx2() -> bool:
    cpu = Path("/proc/cpuinfo")
    return cpu.exists() and "avx2" in cpu.read_text().split()


def test_every_processor_with_avx2_is_given_the_same() -> None:
    """Whatever else it has, it adds up as Haswell does; any other is told that it does not."""
    said = subprocess.run([sys.executable, "-c", _SAY], capture_output=True, text=True, check=True)
    same = "Haswell, NumPy X86_V3, threads: 1: x86-64 processors with AVX2 make the same bytes"
    assert (same in said.stdout) == _has_avx2()
    assert _has_avx2() or "other bytes than" in said.stdout
    assert not said.stderr
