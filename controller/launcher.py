"""Attempts as Kubernetes Jobs: the thin side of `manifest` and `outcome`."""

import asyncio
import contextlib
import functools
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from controller.api_error import Conflict, NotFound
from controller.attempt import Attempt, Diagnosis, LaunchSpec, Phase
from controller.cluster import Cluster
from controller.errors import LaunchError, LauncherUnavailable, LaunchRejected
from controller.manifest import CONTAINER, build_job
from controller.outcome import (
    diagnose,
    ignores_its_deadline,
    is_pending,
    is_without_pod,
    quota_refusal,
)
from controller.pod import Patience
from controller.resource import Resource, condition, mapping, mappings, name_of, text
from controller.settings import ControllerSettings, JobsConfig
from offbeat import keys
from offbeat.failure import FailureReason
from offbeat.logs import logger
from offbeat.slug import HELM_TEST_JOB_ID_PREFIX, job_name

__all__ = ["KubernetesLauncher", "observe"]

_BATCH = 50
_LOG_LINES = 20
_LOG_BYTES = 64 * 1024
_LOG_TIMEOUT_SEC = 5.0
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._]{0,61}[A-Za-z0-9])?")
_ATTEMPT_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class KubernetesLauncher:
    """Jobs of one release in one namespace."""

    def __init__(self, cluster: Cluster, config: JobsConfig, settings: ControllerSettings) -> None:
        self._cluster = cluster
        self._config = config
        self._settings = settings
        self._selector = f"{keys.LABEL_RELEASE}={settings.release},{keys.LABEL_RUN}"
        self._patience = Patience(
            image_sec=settings.image_grace_sec, pending_sec=settings.pending_timeout_sec
        )

    async def create(self, spec: LaunchSpec) -> str:
        """Create the Job of an attempt. That it exists already means that an earlier try worked.

        A name is a function of its attempt, so a Job of this name that is not ours cannot be
        avoided by another name: it is a rejection. Names hold 60 random bits of the run, so the
        owner of such a Job has copied ours.
        """
        manifest = build_job(spec, self._config, self._settings)
        name = str(manifest["metadata"]["name"])
        try:
            await self._cluster.create_job(manifest)
        except Conflict as conflict:
            await self._require_own(name, spec, conflict)
        except NotFound as error:
            raise LauncherUnavailable(f"create the namespace ({error})") from error
        return name

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        """Read the Jobs of these runs and their Pods, and diagnose each.

        Jobs whose cleanup is scheduled are left to Kubernetes. If any list cannot be read, nothing
        is returned: a list that failed is not an empty one.
        """
        # An id that is no label value has no Job, and the API server would refuse all of the list.
        wanted = sorted({run_id for run_id in run_ids if _LABEL_VALUE.fullmatch(run_id)})
        found: list[Attempt] = []
        for start in range(0, len(wanted), _BATCH):
            found += await self._inspect(wanted[start : start + _BATCH])
        return found

    async def pages(self) -> AsyncIterator[list[Attempt]]:
        """Yield the Jobs of this release from their metadata alone; the phase is `ACTIVE` for all.

        A Job may be yielded twice if the list takes minutes.
        """
        async for page in self._cluster.job_metadata(f"{self._selector},!{keys.LABEL_SETTLED}"):
            yield [attempt for attempt in map(observe, page) if attempt is not None]

    async def is_settled(self, spec: LaunchSpec) -> bool:
        """Read the label of the Job."""
        try:
            job = await self._cluster.read_job(job_name(spec.job.job_id, spec.run_id, spec.number))
        except NotFound:
            return False
        labels = mapping(job, "metadata", "labels")
        is_own = text(labels, keys.LABEL_RUN) == spec.run_id
        return is_own and text(labels, keys.LABEL_SETTLED) == "true"

    async def read_message(self, job_name: str) -> bytes | None:
        """Return the message that a Job carries; None if there is no Job, or none in it."""
        try:
            job = await self._cluster.read_job(job_name)
        except NotFound:
            return None
        annotations = mapping(job, "spec", "template", "metadata", "annotations")
        message = annotations.get(keys.ANNOTATION_PAYLOAD)
        return message.encode("utf-8", "replace") if isinstance(message, str) else None

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        """Read the last lines of the pod that the diagnosis is about, within 5 s and 64 KiB."""
        if diagnosis.pod is None:
            return []
        try:
            return await self._cluster.pod_log(
                diagnosis.pod,
                container=CONTAINER,
                lines=_LOG_LINES,
                limit_bytes=_LOG_BYTES,
                timeout_sec=_LOG_TIMEOUT_SEC,
            )
        except LaunchError as error:
            logger.info("the log of pod {} cannot be read: {}", diagnosis.pod, error, job=job_name)
            return []

    async def stop(self, job_name: str) -> None:
        """Let Kubernetes end the Job at once by its deadline, so that it stays to be looked at.

        Where that is refused or has no effect, the Job is deleted.
        """
        try:
            job = await self._cluster.patch_job(job_name, {"spec": {"activeDeadlineSeconds": 1}})
        except NotFound:
            return
        except LaunchRejected as error:
            logger.warning("{} cannot be stopped and is deleted: {}", job_name, error)
        else:
            if not ignores_its_deadline(job, now=self._cluster.now()):
                return
            logger.warning("{} is suspended or its node does not answer: it is deleted", job_name)
        with contextlib.suppress(NotFound):
            await self._cluster.delete_job(job_name)

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Let Kubernetes delete the Job after its TTL; only settled Jobs are ever given one.

        A Job of `helm test` is deleted at once: its failure is what the test expects, and should
        not alarm anybody.
        """
        labels = {keys.LABEL_SETTLED: "true"}
        if reason is not None:
            labels[keys.LABEL_REASON] = reason.value
        is_test = attempt.job_label.startswith(HELM_TEST_JOB_ID_PREFIX)
        patch = {
            "metadata": {"labels": labels},
            "spec": {"ttlSecondsAfterFinished": 0 if is_test else self._settings.job_ttl_sec},
        }
        with contextlib.suppress(NotFound):
            await self._cluster.patch_job(attempt.job_name, patch)

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        """Create a Kubernetes Event on the Job."""
        now = datetime.fromtimestamp(self._cluster.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "generateName": f"{attempt.job_name}-",
                "namespace": self._cluster.namespace,
            },
            "involvedObject": {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "name": attempt.job_name,
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
            logger.info("the Event cannot be created: {}", error, job=attempt.job_name)

    async def _require_own(self, name: str, spec: LaunchSpec, conflict: Conflict) -> None:
        """Accept the Job that exists if it is the one that was to be created.

        Raises:
            LaunchRejected: It is another's.
            LauncherUnavailable: It is gone, or never was: a quota that is being updated answers
                409, too.

        """
        try:
            existing = await self._cluster.read_job(name)
        except NotFound:
            raise LauncherUnavailable(f"no Job {name} exists any more ({conflict})") from conflict
        if text(existing, "metadata", "labels", keys.LABEL_RUN) != spec.run_id:
            raise LaunchRejected(
                f"a Job {name} of another run exists: delete it and push the message again"
            ) from conflict

    async def _inspect(self, run_ids: list[str]) -> list[Attempt]:
        selector = f"{self._selector} in ({','.join(run_ids)})"
        attempts: dict[str, Attempt] = {}
        jobs: dict[str, Resource] = {}
        async for page in self._cluster.jobs(f"{selector},!{keys.LABEL_SETTLED}"):
            for job in page:
                attempt = observe(job)
                if attempt is not None:
                    attempts[attempt.job_name] = attempt
                    jobs[attempt.job_name] = job
        if not jobs:
            return []
        pods = await self._pods(selector)
        await asyncio.sleep(0)  # the probes must not wait for all of it
        now = self._cluster.now()
        orphans = [name for name, job in jobs.items() if is_without_pod(job, pods[name], now=now)]
        lists = await asyncio.gather(*map(self._events, orphans))
        events = dict(zip(orphans, lists, strict=True))
        return [
            self._assess(attempt, jobs[name], pods[name], events.get(name, []), now=now)
            for name, attempt in attempts.items()
        ]

    async def _pods(self, selector: str) -> defaultdict[str, list[Resource]]:
        """Return the Pods of each Job, by its name."""
        pods: defaultdict[str, dict[str, Resource]] = defaultdict(dict)
        async for page in self._cluster.pods(selector):
            for pod in page:
                for owner in mappings(pod, "metadata", "ownerReferences"):
                    pods[text(owner, "name")][name_of(pod)] = pod
        return defaultdict(list, {name: list(owned.values()) for name, owned in pods.items()})

    async def _events(self, job_name: str) -> list[Resource]:
        return [event async for page in self._cluster.job_events(job_name) for event in page]

    def _assess(
        self,
        attempt: Attempt,
        job: Resource,
        pods: list[Resource],
        events: list[Resource],
        *,
        now: float,
    ) -> Attempt:
        quota = quota_refusal(job, pods, events, now=now)
        return replace(
            attempt,
            quota=quota,
            pending=quota is None and is_pending(job, pods),
            diagnosis=diagnose(job, pods, now=now, patience=self._patience, events=events),
        )


def observe(job: Mapping[str, Any]) -> Attempt | None:
    """Read one Job of ours, as far as it tells of itself; None, and a warning, for one that cannot
    be read.
    """
    labels = mapping(job, "metadata", "labels")
    name, uid = name_of(job), text(job, "metadata", "uid")
    run_id, number = text(labels, keys.LABEL_RUN), text(labels, keys.LABEL_ATTEMPT)
    if not (name and uid and run_id and _ATTEMPT_NUMBER.fullmatch(number)):
        _warn_unreadable(name or repr(job)[:100])
        return None
    phase = Phase.ACTIVE
    if condition(job, "Complete") is not None:
        phase = Phase.SUCCEEDED
    elif condition(job, "Failed") is not None:
        phase = Phase.FAILED
    return Attempt(
        job_name=name,
        uid=uid,
        run_id=run_id,
        number=int(number),
        phase=phase,
        cleanup_scheduled=text(labels, keys.LABEL_SETTLED) == "true",
        job_label=text(labels, keys.LABEL_JOB_ID),
    )


@functools.lru_cache(maxsize=1024)  # every look at the Job comes here: one line for each is enough
def _warn_unreadable(name: str) -> None:
    logger.warning(
        "Job {} is ignored because its name, uid, {} or {} cannot be read: "
        "restore its labels or delete it",
        name,
        keys.LABEL_RUN,
        keys.LABEL_ATTEMPT,
    )
