"""The installation under test, as a producer, a consumer and an operator see it."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import redis
from pydantic_settings import BaseSettings, SettingsConfigDict

from offbeat.keys import LABEL_RELEASE, LABEL_RUN, QueueKeys
from offbeat.result import CancelledResult, CompletedResult, FailedResult, parse_result

T = TypeVar("T")
AnyResult = CompletedResult | FailedResult | CancelledResult


class E2ESettings(BaseSettings):
    """Where the cluster is; `tests/e2e/run` says so."""

    model_config = SettingsConfigDict(env_prefix="OFFBEAT_E2E_", frozen=True)

    redis_url: str
    audio: Path
    output: Path
    node: str
    namespace: str
    release: str
    version: str


class Installation:
    """Redis through its NodePort, Kubernetes through kubectl."""

    def __init__(self, settings: E2ESettings) -> None:
        self.settings = settings
        self.keys = QueueKeys()
        self.redis = redis.from_url(settings.redis_url, socket_timeout=30)
        self.selector = f"{LABEL_RELEASE}={settings.release},{LABEL_RUN}"
        self._results: list[AnyResult] = []

    def kubectl(self, *arguments: str, timeout_sec: float = 60) -> str:
        """Run kubectl in the namespace and return its output."""
        return run("kubectl", "-n", self.settings.namespace, *arguments, timeout_sec=timeout_sec)

    def objects(self, kind: str, selector: str | None = None) -> list[dict[str, Any]]:
        """List Jobs or Pods of the analyzer."""
        listed = self.kubectl("get", kind, "-l", selector or self.selector, "-o", "json")
        items: list[dict[str, Any]] = json.loads(listed)["items"]
        return items

    def push(self, *messages: bytes | dict[str, Any]) -> None:
        """Push all messages in one command."""
        raws = [item if isinstance(item, bytes) else json.dumps(item).encode() for item in messages]
        self.redis.lpush(self.keys.queue, *raws)

    def result(self, job_id: int | str, *, timeout_sec: float = 120) -> AnyResult:
        """Wait for the next result of a job."""

        def found() -> list[AnyResult]:
            self._results += self.pop_all()
            return [item for item in self._results if item.job_id == job_id][:1]

        (answer,) = eventually(found, timeout_sec=timeout_sec, what=f"a result of {job_id!r}")
        self._results.remove(answer)
        return answer

    def pop_all(self) -> list[AnyResult]:
        """Take everything off the results queue."""
        popped: list[AnyResult] = []
        while (raw := self.redis.rpop(self.keys.results)) is not None:
            assert isinstance(raw, bytes)
            popped.append(parse_result(raw))
        return popped

    def counters(self) -> dict[str, int]:
        """Read the counters that only grow."""
        fields: dict[bytes, bytes] = self.redis.hgetall(self.keys.stats)  # type: ignore[assignment]
        return {name.decode(): int(value) for name, value in fields.items()}

    def under_way(self) -> int:
        """Count what is queued, in flight or finishing."""
        keys = self.keys
        pipeline = self.redis.pipeline()
        pipeline.llen(keys.queue)
        pipeline.zcard(keys.inflight)
        pipeline.zcard(keys.finishing)
        return sum(int(count) for count in pipeline.execute())

    def wait_until_idle(self, *, timeout_sec: float = 120) -> None:
        """Wait until nothing is queued, in flight or finishing."""
        eventually(
            lambda: self.under_way() == 0, timeout_sec=timeout_sec, what="an idle installation"
        )


def run(*command: str, timeout_sec: float = 60) -> str:
    """Run a program and return its output; fail with what it said."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_sec)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def eventually(
    probe: Callable[[], T | None], *, timeout_sec: float, what: str, every_sec: float = 0.2
) -> T:
    """Ask until there is a truthy answer, and return it."""
    give_up = time.monotonic() + timeout_sec
    while time.monotonic() < give_up:
        if answer := probe():
            return answer
        time.sleep(every_sec)
    raise AssertionError(f"waited {timeout_sec:g} s in vain for {what}")
