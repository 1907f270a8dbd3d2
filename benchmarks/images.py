"""What the images weigh above their base: `python -m benchmarks.images`, after `make images`."""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.figure import Figure, figure_table

_ROOT = Path(__file__).parents[1]
_TARGETS_MB = {"controller": 90.0, "analyzer": 250.0}


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tag", default="dev", help="of the images")
    tag = parser.parse_args().tag
    figures = []
    for image, target in _TARGETS_MB.items():
        base = _base(_ROOT / f"Dockerfile.{image}")
        size, floor = _megabytes(f"offbeat/{image}:{tag}"), _megabytes(base)
        figures.append(
            Figure(name=f"{image} above its base", value=size - floor, unit="MB", target=target)
        )
        figures.append(Figure(name=image, value=size, unit="MB", floor=floor))
    print(figure_table("Images", figures, "Floor: the base image, as Docker counts it.").markdown())
    return 0


def _base(dockerfile: Path) -> str:
    """Return the image that the first stage begins with; all stages share it."""
    for line in dockerfile.read_text(encoding="utf-8").splitlines():
        if line.startswith("FROM "):
            return line.split()[1]
    sys.exit(f"{dockerfile} has no FROM")


def _megabytes(image: str) -> float:
    done = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", image],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{image} is not here ({done.stderr.strip()}): run `make images` first")
    return int(done.stdout) / 1e6


if __name__ == "__main__":
    sys.exit(main())
