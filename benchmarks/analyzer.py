"""How fast, how large and how quickly under way the analyzer is, against what is promised.

It is run as Kubernetes runs it: one process for one file, on one core. Run it with
`python -m benchmarks.analyzer`; `--hours 6` measures a file of another length. A Redis of its own
takes the results; the clock starts before the process does.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from offbeat import keys
from offbeat.embedded import EmbeddedRedis
from tests.support.audio import write_long

TARGET_SPEED, TARGET_PEAK_MIB, TARGET_FIRST_BLOCK_SEC, TARGET_SHORT_SEC = 300, 200, 0.5, 0.8

DECODE = """
import sys, numpy, soundfile
with soundfile.SoundFile(sys.argv[1]) as file:
    block = numpy.empty((10 * file.samplerate, file.channels), numpy.float32)
    while file.buffer_read_into(block.data, "float32"): pass
"""


@dataclass(frozen=True)
class Sample:
    """One run of a process: seconds, seconds to its first decoded block, and its peak in MiB."""

    seconds: float
    first_block_sec: float
    peak_mib: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--hours", type=float, default=1.0, help="length of the MP3")
    arguments.add_argument("--runs", type=int, default=5)
    given = arguments.parse_args()
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    with (
        tempfile.TemporaryDirectory(prefix="offbeat-bench-") as folder,
        EmbeddedRedis(Path(folder) / "redis", port=0) as redis,
    ):
        bench(Path(folder), redis.url, seconds=round(given.hours * 3600), runs=given.runs)


def bench(folder: Path, url: str, *, seconds: int, runs: int) -> None:
    # A child's peak begins with its parent's size: what makes the files must be gone by then.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        long = pool.submit(write_long, folder / "long.mp3", seconds).result()
        short = pool.submit(write_long, folder / "short.wav", 10).result()
    samples = [analyse(folder, url, long) for _ in range(runs)]
    shorts = [analyse(folder, url, short) for _ in range(max(runs, 9))]
    decode_sec = statistics.median(decode(long) for _ in range(runs))
    took = statistics.median(sample.seconds for sample in samples)
    peak = max(sample.peak_mib for sample in samples)
    first = statistics.median(sample.first_block_sec for sample in shorts)
    first_long = statistics.median(sample.first_block_sec for sample in samples)
    short_sec = statistics.median(sample.seconds for sample in shorts)
    minutes = seconds / 60
    print(f"{minutes:g}-min MP3, 44.1 kHz stereo, one core, {runs} runs, the whole process")
    verdict("speed", seconds / took, "x real time", target=f"≥ {TARGET_SPEED}",
            ok=seconds / took >= TARGET_SPEED)  # fmt: skip
    print(f"  {'time':<28} {took:10.2f} s")
    print(
        f"  {'÷ bare decoding':<28} {took / decode_sec:10.2f} (decoding alone: {decode_sec:.2f} s)"
    )
    verdict("peak memory", peak, "MiB", target=f"≤ {TARGET_PEAK_MIB}", ok=peak <= TARGET_PEAK_MIB)
    verdict("first decoded block", first_long, "s", target=f"≤ {TARGET_FIRST_BLOCK_SEC}",
            ok=first_long <= TARGET_FIRST_BLOCK_SEC)  # fmt: skip
    print(f"10-s WAV, {len(shorts)} runs, the whole process")
    verdict("first decoded block", first, "s", target=f"≤ {TARGET_FIRST_BLOCK_SEC}",
            ok=first <= TARGET_FIRST_BLOCK_SEC)  # fmt: skip
    verdict("time", short_sec, "s", target=f"≤ {TARGET_SHORT_SEC}",
            ok=short_sec <= TARGET_SHORT_SEC)  # fmt: skip


def verdict(name: str, figure: float, unit: str, *, target: str, ok: bool) -> None:
    print(f"  {name:<28} {figure:10.2f} {unit:<12} target {target:<8} {'ok' if ok else 'MISSED'}")


def analyse(folder: Path, url: str, file: Path) -> Sample:
    """Run one analyzer on one file, as its Job would."""
    payload = folder / "payload"
    payload.write_text(json.dumps({"job_id": file.name, "relative_path": file.name}))
    environment = dict(os.environ) | {
        keys.ENV_REDIS_URL: url,
        keys.ENV_PAYLOAD_FILE: str(payload),
        keys.ENV_SHARED_MOUNT_PATH: str(folder),
        keys.ENV_RUN_ID: f"bench-{time.time_ns()}",
    }
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "analyzer"], env=environment, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    first_block = None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if first_block is None and '"decoding' in line:
            first_block = time.perf_counter() - started
    _, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "".join(lines)
    assert first_block is not None
    return Sample(took, first_block, usage.ru_maxrss / 1024)


def decode(file: Path) -> float:
    """Return how long a process takes that only decodes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", DECODE, str(file)], check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
