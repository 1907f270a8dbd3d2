"""The installation under test, its controller's process, and raw Jobs beside it as a floor."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.procfs import Usage, parse
from controller.attempt import LaunchSpec
from controller.cluster import Cluster
from controller.manifest import build_job
from controller.settings import ControllerSettings, JobsConfig
from offbeat import keys
from offbeat.job import parse_job
from tests.e2e.installation import Installation, eventually, run

__all__ = ["CONNECTIONS", "NOWHERE", "Site"]

CONNECTIONS = 32
NOWHERE = "nowhere"
"""Profile of the end-to-end tests whose pods find no node: Jobs that cost the machine little."""

_FLOOR_RELEASE = "bench-floor"
_CONTROLLER = "app.kubernetes.io/component=controller"
_FIND = (
    "for p in /proc/[0-9]*; do if tr '\\0' ' ' <$p/cmdline 2>/dev/null |"
    " grep -q '^/opt/venv/bin/python -m controller'; then"
    " echo '@@@'; cat $p/stat; echo '@@'; cat $p/status; fi; done; echo '@@@'; cat /proc/uptime"
)


@dataclass(frozen=True)
class _Process:
    pid: int
    usage: Usage


class Site:
    """What the benchmark asks of the installation and does to it."""

    def __init__(self, installation: Installation, cluster: Cluster) -> None:
        self.installation = installation
        self.cluster = cluster
        self._deployment = f"deploy/{installation.settings.release}"
        self._numbers = itertools.count()
        self._stamp = f"{time.time():.0f}"
        configmap = installation.kubectl(
            "get", "configmap", f"{installation.settings.release}-jobs", "-o", "json"
        )
        self._config = JobsConfig.model_validate_json(json.loads(configmap)["data"]["jobs.json"])
        self._settings = ControllerSettings(release=_FLOOR_RELEASE, _env_file=None)

    @property
    def environment(self) -> dict[str, str]:
        """The plain variables of the controller."""
        deployment = json.loads(self.installation.kubectl("get", self._deployment, "-o", "json"))
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        return {entry["name"]: entry["value"] for entry in container["env"] if "value" in entry}

    def set_environment(self, **variables: str) -> None:
        """Give the controller other variables, which starts a new one."""
        pairs = [f"{name}={value}" for name, value in variables.items()]
        self.installation.kubectl("set", "env", self._deployment, *pairs)
        self._await_controller()

    def message(self, profile: str = "default", name: str = "bench") -> bytes:
        """Write a message that differs from all before it."""
        job = {
            "job_id": f"{name}-{self._stamp}-{next(self._numbers)}",
            "relative_path": "tone-2s.wav",
            "cue_tracks": [{"title": f"Track {n}", "start_time_sec": n / 8} for n in range(8)],
            "profile": profile,
        }
        return json.dumps(job).encode()

    def process(self) -> _Process:
        """Return the controller's process as its node sees it."""
        said = run("docker", "exec", self.installation.settings.node, "sh", "-c", _FIND)
        *found, uptime = said.split("@@@\n")[1:]
        assert len(found) == 1, f"{len(found)} controllers run"
        stat, status = found[0].split("@@\n")
        return _Process(int(stat.split(maxsplit=1)[0]), parse(stat, status, uptime))

    def kill(self) -> int:
        """Send SIGKILL to the controller's process, from the node; return its process id."""
        pid = self.process().pid
        run("docker", "exec", self.installation.settings.node, "kill", "-9", str(pid))
        return pid

    def next_process(self, killed: int) -> _Process:
        """Wait for the process that follows one that was killed."""

        def found() -> _Process | None:
            with suppress(AssertionError):
                process = self.process()
                return process if process.pid != killed else None
            return None

        return eventually(found, timeout_sec=120, what="another controller")

    def start_of_imports_sec(self) -> float:
        """Time in the controller's container how old Python is when all modules are imported."""
        code = (
            "import os, controller.serve; "
            "born = int(open('/proc/self/stat').read().rpartition(')')[2].split()[19]); "
            "now = float(open('/proc/uptime').read().split()[0]); "
            "print(now - born / os.sysconf('SC_CLK_TCK'))"
        )
        return float(
            self.installation.kubectl(
                "exec", self._deployment, "--", "/opt/venv/bin/python", "-c", code
            )
        )

    def launched_at(self, messages: Sequence[bytes]) -> list[float]:
        """Wait until each message has its Job, and return when Redis learnt of it (Unix time)."""
        names = [self.installation.keys.job(parse_job(raw).job_id) for raw in messages]
        redis = self.installation.redis
        eventually(
            lambda: redis.exists(*names) == len(names),
            timeout_sec=120,
            what=f"{len(names)} Jobs",
            every_sec=0.1,
        )
        pipeline = redis.pipeline(transaction=False)
        run_ids: Any = redis.mget(names)
        for run_id in run_ids:
            pipeline.hget(self.installation.keys.run(run_id.decode()).record, "launched_at")
        return [float(when) for when in pipeline.execute()]

    def raw_job(self) -> dict[str, Any]:
        """Build the Job of a message as the controller does, under a release of nobody."""
        raw = self.message(NOWHERE, name="floor")
        run_id = f"floor{self._stamp}{next(self._numbers):06}"
        spec = LaunchSpec(run_id=run_id, number=1, job=parse_job(raw), raw=raw)
        return build_job(spec, self._config, self._settings)

    async def create_raw(self, count: int) -> float:
        """Create so many Jobs over all connections, and return how many a second that is."""
        manifests = [self.raw_job() for _ in range(count)]

        async def work() -> None:
            while manifests:
                await self.cluster.create_job(manifests.pop())

        begun = time.perf_counter()
        await _all([work for _ in range(CONNECTIONS)])
        return count / (time.perf_counter() - begun)

    def delete_raw(self) -> None:
        """Delete the Jobs of `create_raw`."""
        self._delete_jobs(f"{keys.LABEL_RELEASE}={_FLOOR_RELEASE}")

    def clear(self) -> None:
        """Forget all runs of Jobs that never start, and delete these Jobs; nothing else may run."""
        self.installation.kubectl("scale", self._deployment, "--replicas=0")
        self.installation.kubectl("wait", "--for=delete", "pod", "-l", _CONTROLLER, "--timeout=60s")
        self._delete_jobs(f"{keys.LABEL_PROFILE}={NOWHERE}")
        redis, names = self.installation.redis, self.installation.keys
        redis.delete(names.queue, names.results)
        for key in redis.scan_iter(match=f"{names.prefix}*", count=1000):
            redis.delete(key)
        self.installation.kubectl("scale", self._deployment, "--replicas=1")
        self._await_controller()

    def add_tone(self, write: Callable[[Path], None]) -> None:
        """Put the file that messages name where Jobs see it."""
        write(self.installation.settings.audio / "tone-2s.wav")

    def _delete_jobs(self, selector: str) -> None:
        """Delete Jobs with their pods in two requests, however many they are."""
        namespace = self.installation.settings.namespace
        query = f"labelSelector={selector}&propagationPolicy=Background&gracePeriodSeconds=0"
        for path in ("/apis/batch/v1", "/api/v1"):
            kind = "jobs" if "batch" in path else "pods"
            uri = f"{path}/namespaces/{namespace}/{kind}?{query.replace('/', '%2F')}"
            run("kubectl", "delete", "--raw", uri, timeout_sec=120)

    def _await_controller(self) -> None:
        self.installation.kubectl("rollout", "status", self._deployment, "--timeout=120s",
                                  timeout_sec=130)  # fmt: skip

        def alone() -> bool:
            return len(self.installation.objects("pods", _CONTROLLER)) == 1

        eventually(alone, timeout_sec=60, what="the end of the controller before")


async def _all(workers: Sequence[Callable[[], Awaitable[None]]]) -> None:
    await asyncio.gather(*(worker() for worker in workers))
