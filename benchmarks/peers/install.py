"""Make the peers' environment: `python -m benchmarks.peers.install`.

What does not install is named and left out; the benchmarks then name it in their output.
"""

import subprocess
import sys

from benchmarks.peers.environment import folder

__all__ = ["main"]

_STEPS: tuple[tuple[str, ...], ...] = (
    ("setuptools<81", "wheel", "cython"),  # madmom and aubio build with what pip would hide
    ("librosa==0.11.0",),
    ("essentia==2.1b6.dev1389",),
    ("pyloudnorm==0.2.0",),
    ("soundfile",),
    ("--no-build-isolation", "aubio==0.4.9"),  # builds against the numpy that is installed
    ("--no-build-isolation", "madmom==0.16.1"),  # carries its networks' weights, CC BY-NC-SA
)


def main() -> int:
    """Make the environment; return how many packages did not install."""
    where = folder()
    subprocess.run([sys.executable, "-m", "venv", str(where)], check=True)
    failed = []
    for step in _STEPS:
        command = [str(where / "bin" / "python"), "-m", "pip", "install", "--quiet",
                   "--disable-pip-version-check", "--prefer-binary", *step]  # fmt: skip
        if subprocess.run(command, check=False).returncode:
            failed.append(step[-1])
    print(f"peers are in {where}" + (f", without {', '.join(failed)}" if failed else ""))
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
