"""A process that analyses inputs one after another, and looks at what each leaves behind.

It reads a seed per line and writes a JSON line per input. Whoever started it sees a crash or a hang
by the line that does not come.
"""

import contextlib
import hashlib
import json
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from analyzer.cores import limit_blas_threads
from tests.fuzz.inputs import Maker

__all__ = ["Verdict", "examine"]

_ADDRESS_SPACE_BYTES = 2 << 30
_MAX_DURATION_SEC = 600.0
_NEEDS_FFMPEG = "needs_ffmpeg"
"""An outcome of runs without ffmpeg: there, nobody looks at the file any further."""

_REPEATED = 25
"""One input in so many is analysed again, in blocks of another size, and must give the same."""


@dataclass(frozen=True)
class Verdict:
    """What became of one input.

    Attributes:
        seed: What makes the input again.
        kind: What it was made from.
        outcome: `completed`, a reason of the contract, or `broken`.
        complaint: What is wrong, where it is broken.
        seconds: What it took.
        rss_mib: The process's resident memory after it; its peak so far.
        child_rss_mib: The peak of all ffmpeg children so far.

    """

    seed: str
    kind: str
    outcome: str
    complaint: str
    seconds: float
    rss_mib: float
    child_rss_mib: float


def examine(path: Path, seed: str) -> tuple[str, str]:
    """Analyse a file; return its outcome, and what is wrong with that."""
    from analyzer.errors import AnalysisRefused, DecoderMissing
    from analyzer.options import Options
    from analyzer.pipeline import analyse
    from offbeat.analysis import Results

    def once(block_frames: int | None = None) -> str:
        options = Options(max_duration_sec=_MAX_DURATION_SEC)
        results = analyse(path, options=options, shown="x", block_frames=block_frames)
        text = results.model_dump_json(by_alias=True)
        if Results.model_validate_json(text) != results:
            raise AssertionError("the JSON reads back as something else")
        return text

    again = int(hashlib.sha256(seed.encode()).hexdigest(), 16) % _REPEATED == 0
    handles = _open_files()
    try:
        first = once()
        if again and once(997) != first:
            return "broken", "another block size gives another result"
        outcome = "completed"
    except AnalysisRefused as error:
        outcome = error.reason.value
        if not str(error).startswith("x: "):
            return "broken", f"the sentence does not name the file: {error}"
    except DecoderMissing:
        return _NEEDS_FFMPEG, ""
    except Exception:  # noqa: BLE001  # that is what is looked for
        return "broken", traceback.format_exc(limit=-6)
    if _open_files() > handles:
        return "broken", "a file was left open"
    if any(_children()):
        return "broken", "a child was left behind"
    return outcome, ""


def _hide_ffmpeg() -> None:
    """Make the analyzer do with libsndfile alone, which is ten times as fast."""
    from analyzer.errors import DecoderMissing
    from analyzer.input import ffmpeg

    def find() -> str:
        raise DecoderMissing("hidden by the fuzzer")

    ffmpeg.find_ffmpeg = find


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - its own handle counts both times


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            yield (task / "children").read_text().strip()


def _memory_mib(field: str) -> float:
    status = Path("/proc/self/status").read_text()
    return round(int(status.partition(field)[2].split()[0]) / 1024, 1)


def main() -> None:
    """Answer every seed on standard input."""
    limit_blas_threads()
    warnings.simplefilter("error", RuntimeWarning)  # numpy's word for a division that made NaN
    if sys.argv[1] == "0":
        _hide_ffmpeg()
    maker = Maker(ffmpeg=int(sys.argv[1]), signals=int(sys.argv[2]))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x")
        for line in sys.stdin:
            made = maker.make(line.strip())
            path.write_bytes(made.data)
            began = time.monotonic()
            outcome, complaint = examine(path, made.seed)
            verdict = Verdict(
                seed=made.seed,
                kind=made.kind,
                outcome=outcome,
                complaint=complaint,
                seconds=round(time.monotonic() - began, 4),
                rss_mib=_memory_mib("VmRSS:"),
                child_rss_mib=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
            )
            sys.stdout.write(json.dumps(asdict(verdict)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
