"""The controller under load, and what is pushed at it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from benchmarks.local_controller import LocalController, local_controller
from benchmarks.scale.cluster import NAMESPACE
from offbeat.settings import Settings
from tests.e2e.installation import eventually

__all__ = ["Bench", "Run", "imports_sec"]

_OWNER = "bench/scale"
_MESSAGE_BYTES = 1_700
_PAGE = 500
_SPARE_SLOTS = 100


@dataclass(frozen=True)
class Run:
    """A run that has its Job."""

    run_id: str
    job_name: str
    job_id: str
    raw: bytes


@dataclass(frozen=True)
class Bench:
    """A Redis that nobody else uses, a cluster, and how much is to be measured."""

    folder: Path
    kubeconfig: Path
    settings: Settings
    redis: redis.Redis
    port: int
    jobs: int
    changes: int
    idle_sec: float

    @contextmanager
    def controller(self) -> Iterator[LocalController]:
        """Run a controller until the end of the block."""
        file = self.folder / "jobs.json"
        profile = {"image": "kwok", "nodeSelector": {"type": "kwok"}}
        file.write_text(json.dumps({"profiles": {"default": profile}}))
        environment = {
            "KUBECONFIG": str(self.kubeconfig),
            "OFFBEAT_NAMESPACE": NAMESPACE,
            "OFFBEAT_RELEASE": "bench-scale",
            "OFFBEAT_OWNER": _OWNER,
            "OFFBEAT_JOBS_FILE": str(file),
            "OFFBEAT_MAX_CONCURRENT_JOBS": str(self.jobs + _SPARE_SLOTS),
            "OFFBEAT_PENDING_TIMEOUT_SEC": "7200",
        }
        log = self.folder / "controller.log"
        with local_controller(self.redis_url, environment, log=log, port=self.port) as running:
            yield running

    @property
    def redis_url(self) -> str:
        """Where Redis is."""
        assert self.settings.redis_url is not None
        return self.settings.redis_url.get_secret_value()

    def push(self, first: int, count: int) -> list[str]:
        """Push so many messages, and return their job_ids."""
        names = [f"scale-{number}" for number in range(first, first + count)]
        for start in range(0, count, _PAGE):
            page = [_message(name) for name in names[start : start + _PAGE]]
            self.redis.lpush(self.settings.keys.queue, *page)
        return names

    def await_launched(self, names: list[str], *, timeout_sec: float) -> None:
        """Wait until all jobs have their Job."""
        keys = [self.settings.keys.job(name) for name in names]

        def launched() -> bool:
            parts = (keys[start : start + _PAGE] for start in range(0, len(keys), _PAGE))
            return sum(self.redis.exists(*part) for part in parts) == len(keys)

        eventually(launched, timeout_sec=timeout_sec, what=f"{len(names)} Jobs")

    def run_of(self, name: str) -> Run:
        """Return the run of a job."""
        keys = self.settings.keys
        run_id: Any = self.redis.get(keys.job(name))
        fields: Any = self.redis.hmget(keys.run(run_id.decode()).record, ["job", "raw"])
        return Run(run_id.decode(), fields[0].decode(), name, fields[1])

    def claimed_at(self, name: str) -> float:
        """Wait until a job has its Job, and return when it was claimed (Unix time)."""
        self.await_launched([name], timeout_sec=120)
        record = self.settings.keys.run(self.run_of(name).run_id).record
        claimed: Any = self.redis.hget(record, "claimed_at")
        return float(claimed)

    def slot_free_after(self, run: Run, begun: float, *, timeout_sec: float = 60.0) -> float:
        """Wait until a run holds no slot; return how long after `begun` (perf_counter) that was."""
        due = self.settings.keys.due(_OWNER)
        while self.redis.zscore(due, run.run_id) is not None:
            assert time.perf_counter() - begun < timeout_sec, f"{run} holds its slot"
            time.sleep(0.002)
        return time.perf_counter() - begun

    def slots(self) -> int:
        """Count the runs that hold a slot."""
        return int(self.redis.zcard(self.settings.keys.due(_OWNER)))


def imports_sec() -> float:
    """Time a Python that imports the controller and ends."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import controller.serve"], check=True, timeout=60)
    return time.perf_counter() - begun


def _message(name: str) -> bytes:
    job: dict[str, Any] = {"job_id": name, "relative_path": f"mixes/{name}.mp3", "cue_tracks": []}
    while len(json.dumps(job)) < _MESSAGE_BYTES:
        number = len(job["cue_tracks"])
        cue = {"title": f"Track {number} (Extended Mix)", "start_time_sec": 312.5 * number}
        job["cue_tracks"].append(cue)
    return json.dumps(job).encode()
