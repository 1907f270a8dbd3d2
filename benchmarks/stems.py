"""What stems cost beside the analysis alone: `python -m benchmarks.stems [--minutes 1,10,60]`.

Each length is analysed twice, without and with stems, from one FLAC file, each in a child process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from benchmarks.figure import Figure, figure_table

_ROOT = Path(__file__).parents[1]
_MUSIC = Path("/usr/share/games/singularity/music")
_RATE_HZ = 44_100
_LEAST_X, _MOST_MIB = 40.0, 512.0

_CHILD = """
import json, resource, sys, time
from pathlib import Path, PurePosixPath
from analyzer.cores import limit_blas_threads
from analyzer.memory import tune_malloc
limit_blas_threads()
tune_malloc()
from analyzer.options import Options
from analyzer.output.folder import OutputPlace
from analyzer.pipeline import analyse
source, folder, models, stems = sys.argv[1:]
begun = time.perf_counter()
found = analyse(
    Path(source),
    options=Options(stems=stems == "yes", stems_models_path=Path(models)),
    stems_output=OutputPlace(Path(folder), PurePosixPath("stems")),
).global_
assert found.stems is not None, found.unavailable["stems"]
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({
    "wall": time.perf_counter() - begun,
    "cpu": used.ru_utime + used.ru_stime,
    "mib": used.ru_maxrss / 1024,
}))
"""


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", default="1,10,60")
    parser.add_argument("--models", type=Path, default=_ROOT / "build/models")
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    figures = []
    with tempfile.TemporaryDirectory(prefix="offbeat-stems-") as name:
        folder = Path(name)
        for minutes in map(float, given.minutes.split(",")):
            source = folder / f"{minutes:g}.flac"
            _write(source, minutes)
            alone = _run(source, folder, given.models, stems=False)
            found = _run(source, folder, given.models, stems=True)
            cpu = found["cpu"] - alone["cpu"]
            figures += [
                Figure(name=f"{minutes:g} min: stems, × real time a core", value=60 * minutes / cpu,
                       unit="", target=_LEAST_X, at_least=True),
                Figure(name=f"{minutes:g} min: CPU", value=found["cpu"], unit="s",
                       floor=alone["cpu"]),
                Figure(name=f"{minutes:g} min: wall", value=found["wall"], unit="s",
                       floor=alone["wall"]),
                Figure(name=f"{minutes:g} min: peak memory", value=found["mib"], unit="MiB",
                       target=_MOST_MIB, floor=alone["mib"]),
            ]  # fmt: skip
            source.unlink()
    note = "Two stems to FLAC, with everything else. Floor: the same file without stems."
    print(figure_table("Stems", figures, note).markdown())
    return 0


def _write(path: Path, minutes: float) -> None:
    """Write real music, one piece after the other, as often as it takes."""
    left = round(minutes * 60 * _RATE_HZ)
    with soundfile.SoundFile(path, "w", _RATE_HZ, 2, "PCM_16") as file:
        while left > 0:
            for piece in sorted(_MUSIC.glob("*.ogg")):
                sound, _ = soundfile.read(piece, dtype="float32", always_2d=True, frames=left)
                file.write(np.broadcast_to(sound, (len(sound), 2)))
                left -= len(sound)
                if left <= 0:
                    return


def _run(source: Path, folder: Path, models: Path, *, stems: bool) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, source, folder, models, "yes" if stems else "no"],
        stdout=subprocess.PIPE,
        check=True,
        cwd=_ROOT,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    sys.exit(main())
