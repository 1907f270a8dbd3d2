"""What is timed: the analyzer as its Job runs it, bare decoders, and peers."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from analyzer.input.ffmpeg import find_ffmpeg
from benchmarks.peers import answer
from benchmarks.peers.environment import python
from benchmarks.speed.process import Sample, run
from offbeat import keys

__all__ = ["PEERS", "Analyzer", "Timed", "decode", "peer"]

Timed = Callable[[Path], Sample]

PEERS = (
    "librosa beat_track",
    "librosa chroma_cqt+Krumhansl",
    "Essentia RhythmExtractor2013",
    "Essentia KeyExtractor edma",
    "aubio tempo",
    "pyloudnorm",
)
"""Each does a part of what Offbeat does; names are those of `benchmarks.peers.answer`."""

_DECODE = """
import sys, numpy, soundfile
with soundfile.SoundFile(sys.argv[1]) as file:
    block = numpy.empty((10 * file.samplerate, file.channels), numpy.float32)
    while file.buffer_read_into(block.data, "float32"): pass
"""


@dataclass(frozen=True)
class Analyzer:
    """The analyzer as a process of its own, with a Redis to deliver to."""

    folder: Path
    redis_url: str

    def __call__(self, file: Path) -> Sample:
        """Analyse one file below the folder; the mark is its first decoded block."""
        payload = self.folder / "payload"
        job = {"job_id": file.name, "relative_path": str(file.relative_to(self.folder))}
        payload.write_text(json.dumps(job))
        environment = {
            keys.ENV_REDIS_URL: self.redis_url,
            keys.ENV_PAYLOAD_FILE: str(payload),
            keys.ENV_SHARED_MOUNT_PATH: str(self.folder),
            keys.ENV_RUN_ID: f"bench-{time.time_ns()}",
        }
        return run([sys.executable, "-m", "analyzer"], environment=environment, mark='"decoding')


def decode(file: Path) -> Sample:
    """Decode and do nothing else: by libsndfile where it can, else by ffmpeg."""
    if file.suffix == ".m4a":
        return run([find_ffmpeg(), "-nostdin", "-v", "error", "-threads", "1", "-i", str(file),
                    "-f", "null", "-"])  # fmt: skip
    return run([sys.executable, "-c", _DECODE, str(file)])


def _imports(interpreter: Path, module: str) -> bool:
    command = [str(interpreter), "-I", "-c", f"import {module}"]
    return not subprocess.run(command, check=False, capture_output=True).returncode


def peer(name: str) -> Timed | None:
    """Return what runs a peer as a process, or None where it is not installed."""
    interpreter = python()
    module = name.split(maxsplit=1)[0].lower()
    if interpreter is None or not _imports(interpreter, module):
        return None

    def ask(file: Path) -> Sample:
        question = json.dumps({"peer": name, "path": str(file)}) + "\n"
        return run([str(interpreter), "-I", answer.__file__, "--strict"], given=question)

    return ask
