"""The controller as its users start it, with real analyzers as its children."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import redis
import soundfile

from offbeat.settings import Settings

GIVE_UP_SEC = 240
"""Nothing is timed: this only ends a test that would never end."""


@pytest.fixture
def queue(settings: Settings) -> Iterator["redis.Redis"]:
    """Connect as a producer in any language does."""
    assert settings.redis_url is not None
    client = redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=GIVE_UP_SEC + 60)
    yield client
    client.close()


@contextmanager
def a_controller(settings: Settings, **extra: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run `python -m local`."""
    assert settings.redis_url is not None
    environment = {
        "OFFBEAT_REDIS_URL": settings.redis_url.get_secret_value(),
        "OFFBEAT_ANALYSIS_QUEUE": settings.analysis_queue,
        "OFFBEAT_RESULTS_QUEUE": settings.results_queue,
        "OFFBEAT_SHARED_MOUNT_PATH": str(settings.shared_mount_path),
        "OFFBEAT_HEALTH_PORT": "0",
        "OFFBEAT_RECONCILE_INTERVAL_SEC": "1",
        "XDG_STATE_HOME": str(settings.shared_mount_path.parent / "state"),
        **extra,
    }
    command = [sys.executable, "-m", "local"]
    process = subprocess.Popen(command, env=os.environ | environment)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(GIVE_UP_SEC)


def push(queue: "redis.Redis", settings: Settings, **job: object) -> None:
    """Push one job."""
    queue.lpush(settings.analysis_queue, json.dumps(job))


def pop(queue: "redis.Redis", settings: Settings) -> dict[str, Any]:
    """Take one result."""
    item = queue.brpop([settings.results_queue], timeout=GIVE_UP_SEC)
    assert isinstance(item, list | tuple), "no result came"
    result: dict[str, Any] = json.loads(item[1])
    return result


def write_tone(settings: Settings, name: str, seconds: float) -> None:
    """Write a file that starts at once."""
    time_sec = np.arange(int(44_100 * seconds)) / 44_100
    samples = 0.5 * np.cos(2 * np.pi * 440 * time_sec)
    soundfile.write(settings.shared_mount_path / name, samples, 44_100)


def is_idle(queue: "redis.Redis", settings: Settings) -> bool:
    """Return whether nothing is in flight and no slot is held."""
    keys = settings.keys
    owners = cast("list[bytes]", queue.hkeys(keys.owners))
    held = [keys.inflight, keys.finishing, *(keys.due(owner.decode()) for owner in owners)]
    return not any(queue.zcard(key) for key in held)


def until_idle(queue: "redis.Redis", settings: Settings) -> None:
    """Wait until all slots are free."""
    give_up = time.monotonic() + GIVE_UP_SEC
    while not is_idle(queue, settings):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_plain_redis_and_json(queue: "redis.Redis", settings: Settings) -> None:
    """LPUSH and BRPOP are all that a producer needs."""
    write_tone(settings, "tone.wav", 2)
    with a_controller(settings):
        push(queue, settings, job_id=42, relative_path="tone.wav")
        result = pop(queue, settings)
        until_idle(queue, settings)
    assert result["job_id"] == 42
    assert result["status"] == "completed"
    assert result["attempt"] == 1
    assert result["results"]["global"]["duration_sec"] == 2.0
    assert result["results"]["global"]["trimmed_start_sec"] == 0.0


def test_failures_have_their_own_reasons(queue: "redis.Redis", settings: Settings) -> None:
    """What is wrong with the message or the file is said in the result."""
    (settings.shared_mount_path / "text.mp3").write_text("not music\n" * 100)
    with a_controller(settings):
        push(queue, settings, job_id="missing", relative_path="none.wav")
        push(queue, settings, job_id="text", relative_path="text.mp3")
        push(queue, settings, job_id="outside", file_path="/etc/passwd")
        queue.lpush(settings.analysis_queue, "{")
        results = {r["job_id"]: r for r in (pop(queue, settings) for _ in range(4))}
        until_idle(queue, settings)
    assert results["missing"]["reason"] == "file_not_found"
    assert results["missing"]["error"].startswith("none.wav: ")
    assert results["text"]["reason"] == "unsupported_format"
    assert results["outside"]["reason"] == "path_not_allowed"
    assert results[None]["reason"] == "invalid_job"
    assert queue.llen(settings.keys.dead) == 4


def test_controller_killed_in_the_middle(queue: "redis.Redis", settings: Settings) -> None:
    """After kill -9 and a restart, under the same name, every job has exactly one result."""
    write_tone(settings, "tone.wav", 30)
    jobs = 12
    with a_controller(settings) as process:
        for number in range(jobs):
            push(queue, settings, job_id=number, relative_path="tone.wav")
        first = pop(queue, settings)
        process.send_signal(signal.SIGKILL)
        process.wait()
    with a_controller(settings):
        results = [first, *(pop(queue, settings) for _ in range(jobs - 1))]
        until_idle(queue, settings)
    assert sorted(result["job_id"] for result in results) == list(range(jobs))
    assert len({result["run_id"] for result in results}) == jobs
    assert queue.llen(settings.results_queue) == 0
    assert queue.hlen(settings.keys.owners) == 1


def profiles(tmp_path: Path, **default: object) -> str:
    """Write an operator's file with one profile; return its path."""
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps({"profiles": {"default": {"image": "local", **default}}}))
    return str(path)


def test_run_deadline(queue: "redis.Redis", settings: Settings, tmp_path: Path) -> None:
    """An analysis that takes too long is ended and settled."""
    write_tone(settings, "long.wav", 60)
    jobs_file = profiles(tmp_path, runDeadlineSec=1)
    with a_controller(settings, OFFBEAT_JOBS_FILE=jobs_file) as process:
        push(queue, settings, job_id=1, relative_path="long.wav")
        os.kill(child_of(process), signal.SIGSTOP)  # so that it outlives any deadline
        result = pop(queue, settings)
        until_idle(queue, settings)
    assert result["reason"] == "deadline_exceeded"
    assert result["retryable"] is True


def test_killed_analyzer(queue: "redis.Redis", settings: Settings) -> None:
    """An analyzer that somebody kills is started again: it was not out of memory."""
    write_tone(settings, "tone.wav", 10)
    with a_controller(settings) as process:
        push(queue, settings, job_id=1, relative_path="tone.wav")
        os.kill(child_of(process), signal.SIGKILL)
        result = pop(queue, settings)
        until_idle(queue, settings)
    assert result["status"] == "completed"
    assert result["attempt"] == 1


def test_analyzer_that_is_killed_again_and_again(
    queue: "redis.Redis", settings: Settings, tmp_path: Path
) -> None:
    """When no try is left, the run is answered."""
    write_tone(settings, "tone.wav", 10)
    jobs_file = profiles(tmp_path, backoffLimit=0)
    with a_controller(settings, OFFBEAT_JOBS_FILE=jobs_file) as process:
        push(queue, settings, job_id=1, relative_path="tone.wav")
        os.kill(child_of(process), signal.SIGKILL)
        result = pop(queue, settings)
        until_idle(queue, settings)
    assert (result["status"], result["reason"]) == ("failed", "internal_error")


def test_sigterm_leaves_the_runs_to_the_next_controller(
    queue: "redis.Redis", settings: Settings
) -> None:
    """What it could not finish is neither lost nor failed."""
    write_tone(settings, "tone.wav", 10)
    with a_controller(settings) as process:
        push(queue, settings, job_id=1, relative_path="tone.wav")
        os.kill(child_of(process), signal.SIGSTOP)  # so that it cannot finish
        process.terminate()
        assert process.wait(GIVE_UP_SEC) == 0
    assert queue.llen(settings.results_queue) == 0
    with a_controller(settings):
        result = pop(queue, settings)
        until_idle(queue, settings)
    assert (result["status"], result["attempt"]) == ("completed", 2)


def child_of(process: "subprocess.Popen[bytes]") -> int:
    """Wait for the controller's analyzer and return its process id."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    give_up = time.monotonic() + GIVE_UP_SEC
    while True:
        for child in children.read_text().split():
            # Between fork and exec the controller waits for it: a child stopped there stops both.
            if b"\0analyzer\0" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        assert time.monotonic() < give_up
        time.sleep(0.01)
