"""Write the corpus: `python -m tests.hostile FOLDER`."""

import sys
from pathlib import Path

from tests.hostile.corpus import CASES, write
from tests.hostile.seeds import Seeds

if len(sys.argv) != 2:
    sys.exit("usage: python -m tests.hostile FOLDER")
write(Path(sys.argv[1]), Seeds())
sys.stdout.write(f"{len(CASES)} files are in {sys.argv[1]}\n")
