"""Attempts as Kubernetes Jobs: the thin side of `manifest` and `outcome`."""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from controller.attempt import Attempt, Diagnosis, Launch, Phase
from controller.cluster import Cluster, Conflict, NotFound
from controller.errors import LaunchError, LauncherUnavailable, LaunchRejected
from controller.manifest import build_job
from controller.outcome import Patience, diagnose
from controller.settings import ControllerSettings, JobsConfig
from offbeat import keys
from offbeat.failure import FailureReason
from offbeat.logs import logger

__all__ = ["KubernetesLauncher", "observe"]

_LOG_LINES = 20
_MANY = 50


class KubernetesLauncher:
    """Jobs of one release in one namespace."""

    def __init__(
        self,
        cluster: Cluster,
        config: JobsConfig,
        settings: ControllerSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._cluster = cluster
        self._config = config
        self._settings = settings
        self._clock = clock
        self._selector = f"{keys.LABEL_RELEASE}={settings.release},{keys.LABEL_RUN}"
        self._patience = Patience(
            image_sec=settings.image_grace_sec, pending_sec=settings.pending_timeout_sec
        )

    async def create(self, launch: Launch) -> str:
        """Create the Job of an attempt. That it exists already means that an earlier try worked."""
        manifest = build_job(launch, self._config, self._settings)
        name = str(manifest["metadata"]["name"])
        try:
            await self._cluster.create_job(manifest)
        except Conflict as error:
            existing = await self._cluster.read_job(name)
            if existing["metadata"].get("labels", {}).get(keys.LABEL_RUN) != launch.run:
                raise LaunchRejected(f"a Job {name} of another run exists") from error
        except NotFound as error:
            raise LauncherUnavailable(f"{error}: create the namespace") from error
        return name

    async def attempts(self, runs: Collection[str] | None = None) -> list[Attempt]:
        """List the Jobs of this release, or those of some runs, that were not collected."""
        selector = f"{self._select(runs)},!{keys.LABEL_SETTLED}"
        return [observe(job) for job in await self._cluster.list_jobs(selector)]

    async def troubled(self, attempts: list[Attempt]) -> Mapping[str, Diagnosis]:
        """Read Jobs and Pods now, before anything cleans them away, and diagnose them."""
        if not attempts:
            return {}
        names = {attempt.name for attempt in attempts}
        selector = self._select({attempt.run for attempt in attempts})
        jobs = await self._cluster.list_jobs(selector)
        pods = defaultdict(list)
        for pod in await self._cluster.list_pods(selector):
            for owner in pod["metadata"].get("ownerReferences", []):
                pods[owner["name"]].append(pod)
        now = self._clock()
        found = {
            job["metadata"]["name"]: diagnose(
                job, pods[job["metadata"]["name"]], now=now, patience=self._patience
            )
            for job in jobs
            if job["metadata"]["name"] in names
        }
        return {name: diagnosis for name, diagnosis in found.items() if diagnosis is not None}

    async def log_tail(self, name: str, diagnosis: Diagnosis) -> list[str]:
        """Read the last lines of the pod that the diagnosis is about."""
        if diagnosis.pod is None:
            return []
        try:
            return await self._cluster.pod_log(diagnosis.pod, lines=_LOG_LINES)
        except LaunchError as error:
            logger.info("the log of pod {} cannot be read: {}", diagnosis.pod, error, job=name)
            return []

    async def stop(self, name: str) -> None:
        """Let Kubernetes end the Job at once by its deadline, so that it stays to be looked at.

        Where that is refused, the Job is deleted.
        """
        try:
            await self._cluster.patch_job(name, {"spec": {"activeDeadlineSeconds": 1}})
        except NotFound:
            return
        except LaunchRejected as error:
            logger.warning("{} is deleted, for it cannot be stopped: {}", name, error)
            with contextlib.suppress(NotFound):
                await self._cluster.delete_job(name)

    async def collect(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Let Kubernetes clean the Job away after its TTL; only settled Jobs are ever given one."""
        labels = {keys.LABEL_SETTLED: "true"}
        if reason is not None:
            labels[keys.LABEL_REASON] = reason.value
        patch = {
            "metadata": {"labels": labels},
            "spec": {"ttlSecondsAfterFinished": self._settings.job_ttl_sec},
        }
        try:
            await self._cluster.patch_job(attempt.name, patch)
        except NotFound:
            return

    async def announce(self, attempt: Attempt, reason: str, message: str) -> None:
        """Post a Kubernetes Event on the Job."""
        now = (
            datetime.fromtimestamp(self._clock(), UTC)
            .isoformat(timespec="seconds")
            .replace("+00:00", "Z")
        )
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": f"{attempt.name}-", "namespace": self._cluster.namespace},
            "involvedObject": {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": attempt.name,
                "namespace": self._cluster.namespace,
                "uid": attempt.uid,
            },
            "type": "Warning",
            "reason": reason,
            "message": message[:1000],
            "source": {"component": "offbeat-controller"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            await self._cluster.create_event(event)
        except LaunchError as error:
            logger.info("no Event could be posted: {}", error, job=attempt.name)

    def _select(self, runs: Collection[str] | None) -> str:
        """Write the label selector of some runs; of many, that of all is cheaper to ask for."""
        if runs is None or len(runs) > _MANY:
            return self._selector
        return f"{self._selector} in ({','.join(sorted(runs))})"


def observe(job: Mapping[str, Any]) -> Attempt:
    """Read one Job of ours."""
    metadata = job["metadata"]
    labels = metadata["labels"]
    finished = {
        condition["type"]
        for condition in job.get("status", {}).get("conditions") or []
        if condition["status"] == "True"
    }
    phase = Phase.ACTIVE
    if "Complete" in finished:
        phase = Phase.SUCCEEDED
    elif "Failed" in finished:
        phase = Phase.FAILED
    annotations = job["spec"]["template"]["metadata"].get("annotations", {})
    return Attempt(
        name=metadata["name"],
        uid=metadata["uid"],
        run=labels[keys.LABEL_RUN],
        attempt=int(labels[keys.LABEL_ATTEMPT]),
        phase=phase,
        raw=annotations.get(keys.ANNOTATION_PAYLOAD, "").encode(),
        collected=labels.get(keys.LABEL_SETTLED) == "true",
    )
