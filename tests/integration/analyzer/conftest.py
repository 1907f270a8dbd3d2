"""The analyzer as Kubernetes runs it: a process of its own, with a real Redis behind it."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from offbeat import keys
from offbeat.result import CompletedResult, FailedResult, parse_result
from offbeat.settings import Settings

_TIMEOUT_SEC = 300


@dataclass(frozen=True)
class Ended:
    """How one process ended."""

    code: int
    log: str
    last_words: str

    @property
    def lines(self) -> list[dict[str, object]]:
        """The log's JSON lines."""
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


@dataclass
class Pod:
    """Where analyzers are started: a mount, a queue of its own, and a termination log."""

    settings: Settings
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def mount(self) -> Path:
        """The shared mount."""
        return self.settings.shared_mount_path

    @property
    def redis(self) -> "redis.Redis":
        """A connection for the test itself."""
        assert self.settings.redis_url is not None
        return redis.Redis.from_url(self.settings.redis_url.get_secret_value())

    def start(
        self,
        message: Mapping[str, object] | bytes,
        *,
        run: str | None = None,
        preexec: Callable[[], None] | None = None,
    ) -> "subprocess.Popen[str]":
        """Start an analyzer on a message."""
        raw = message if isinstance(message, bytes) else json.dumps(message).encode()
        (self.folder / "payload").write_bytes(raw)
        (self.folder / "termination-log").write_bytes(b"")
        assert self.settings.redis_url is not None
        own = {
            keys.ENV_REDIS_URL: self.settings.redis_url.get_secret_value(),
            keys.ENV_ANALYSIS_QUEUE: self.settings.analysis_queue,
            keys.ENV_RESULTS_QUEUE: self.settings.results_queue,
            keys.ENV_SHARED_MOUNT_PATH: str(self.mount),
            keys.ENV_PAYLOAD_FILE: str(self.folder / "payload"),
            keys.ENV_TERMINATION_LOG: str(self.folder / "termination-log"),
            keys.ENV_RUN_ID: run or uuid.uuid4().hex[:16],
        }
        return subprocess.Popen(
            [sys.executable, "-m", "analyzer"],
            env=dict(os.environ) | own | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=preexec,  # noqa: PLW1509 - sets the cores of the child
        )

    def end(self, process: "subprocess.Popen[str]") -> Ended:
        """Wait until an analyzer has ended."""
        try:
            _, log = process.communicate(timeout=_TIMEOUT_SEC)
        finally:
            process.kill()
            process.wait()
        return Ended(process.returncode, log, (self.folder / "termination-log").read_text())

    def run(
        self,
        message: Mapping[str, object] | bytes,
        *,
        run: str | None = None,
        preexec: Callable[[], None] | None = None,
    ) -> Ended:
        """Run an analyzer on a message to its end."""
        return self.end(self.start(message, run=run, preexec=preexec))

    def results(self) -> list[bytes]:
        """Take all results off the queue, oldest first."""
        with self.redis as client:
            found = client.lrange(self.settings.results_queue, 0, -1)
            client.delete(self.settings.results_queue)
        return list(reversed(found))

    def completed(self) -> CompletedResult:
        """Take the one result, which must be a success."""
        (raw,) = self.results()
        result = parse_result(raw)
        assert isinstance(result, CompletedResult), result
        return result

    def failed(self) -> FailedResult:
        """Take the one result, which must be a failure."""
        (raw,) = self.results()
        result = parse_result(raw)
        assert isinstance(result, FailedResult), result
        return result


@pytest.fixture
def pod(settings: Settings, tmp_path: Path) -> Pod:
    """Give a place to start analyzers in."""
    return Pod(settings, tmp_path, {keys.ENV_LOG_FORMAT: "json"})
