"""How long from LPUSH to a Job, and to its result: one job at a time, through the chart, on kind.

Run it with `make bench-handoff`, which makes the cluster. Three times are taken of every job, all
on one clock, since a kind node shares that of its machine:

* *created*: `launched_at` of the run, which the controller reads when the API server has answered
  201. (A Job's own creationTimestamp has a resolution of one second.)
* *seen*: when this script's own watch shows the new Job. The event and the answer to the controller
  leave the API server at the same moment, so the two must agree: that keeps the first one honest.
* *result*: when BRPOP returns the result.
"""

import argparse
import json
import math
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import Any

from offbeat.keys import LABEL_JOB_ID
from offbeat.result import CompletedResult, parse_result
from tests.e2e.conftest import write_tone
from tests.e2e.installation import E2ESettings, Installation

CREATED_TARGET_MS, RESULT_TARGET_MS = 15.0, 3_000.0


@dataclass(frozen=True)
class Sample:
    """Milliseconds after LPUSH was called."""

    created: float
    seen: float
    result: float


class Watch:
    """Notes when each Job first shows in the API's stream of events."""

    def __init__(self, installation: Installation) -> None:
        namespace = installation.settings.namespace
        path = f"/apis/batch/v1/namespaces/{namespace}/jobs?watch=1"
        self._process = subprocess.Popen(
            ["kubectl", "get", "--raw", path], stdout=subprocess.PIPE, text=True
        )
        self.seen: dict[str, float] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def close(self) -> None:
        """End the stream."""
        self._process.terminate()
        self._process.wait(timeout=10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            now = time.time()
            labels: dict[str, str] = json.loads(line)["object"]["metadata"].get("labels", {})
            self.seen.setdefault(labels.get(LABEL_JOB_ID, ""), now)


def measure(installation: Installation, watch: Watch, job_id: str) -> Sample:
    """Send one job through an idle installation."""
    message = json.dumps({"job_id": job_id, "relative_path": "bench-10s.wav"})
    pushed = time.time()
    installation.redis.lpush(installation.keys.queue, message)
    popped: Any = installation.redis.brpop([installation.keys.results], timeout=20)
    received = time.time()
    assert popped is not None, f"{job_id}: no result within 20 s"
    result = parse_result(popped[1])
    assert isinstance(result, CompletedResult), result
    assert result.job_id == job_id, "someone else's result: is the installation in use?"
    launched: Any = installation.redis.hget(installation.keys.run(result.run_id).record, "launched_at")
    installation.wait_until_idle()
    milliseconds = [
        (when - pushed) * 1e3 for when in (float(launched), watch.seen[job_id], received)
    ]
    return Sample(*milliseconds)


def percentile(values: list[float], share: float) -> float:
    """Return the value by nearest rank."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def report(samples: list[Sample]) -> None:
    print(f"\n{len(samples)} jobs, one at a time; milliseconds after LPUSH")
    print(f"{'':34}{'p50':>9}{'p99':>9}{'target p50':>12}{'p50/target':>12}")
    rows = [
        ("Job created (controller's 201)", [s.created for s in samples], CREATED_TARGET_MS),
        ("Job seen by an own watch", [s.seen for s in samples], None),
        ("result popped", [s.result for s in samples], RESULT_TARGET_MS),
    ]
    for name, values, target in rows:
        p50, p99 = percentile(values, 0.5), percentile(values, 0.99)
        goal = f"{target:>12.0f}{p50 / target:>12.2f}" if target else ""
        print(f"{name:34}{p50:>9.1f}{p99:>9.1f}{goal}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    jobs = parser.parse_args().jobs
    installation = Installation(E2ESettings())
    write_tone(installation.settings.audio / "bench-10s.wav", seconds=10)
    installation.wait_until_idle()
    installation.pop_all()
    watch = Watch(installation)
    stamp = f"{time.time():.0f}"
    try:
        for number in range(3):
            measure(installation, watch, f"warm-{stamp}-{number}")
        report([measure(installation, watch, f"bench-{stamp}-{n}") for n in range(jobs)])
    finally:
        watch.close()


if __name__ == "__main__":
    main()
