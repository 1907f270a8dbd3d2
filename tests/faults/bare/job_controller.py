"""What kube-controller-manager does with Jobs, as far as a Job of Offbeat can tell: pods, the pod
failure policy, `backoffLimit`, deadlines and the TTL.

Pauses are shorter than the real ones. One Job has one pod at a time.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from tests.faults.bare.objects import Change, Item, Objects, stamp

__all__ = ["JobController"]

_POD_PAUSE_SEC = 0.01
_BACKOFF_SEC = 0.2
_SYNC_SEC = 0.03
_SECOND = 1.0


class JobController:
    """Follows Jobs and their pods."""

    def __init__(self, jobs: Objects, pods: Objects) -> None:
        self._jobs = jobs
        self._pods = pods
        self._failures: dict[str, int] = {}
        self._owned: defaultdict[str, set[str]] = defaultdict(set)
        self._timers: set[asyncio.TimerHandle] = set()
        jobs.listeners.append(self._on_job)
        pods.listeners.append(self._on_pod)

    def close(self) -> None:
        """Do nothing more."""
        for timer in self._timers:
            timer.cancel()

    def delete_pod(self, name: str) -> Item | None:
        """Ask for the end of a pod: who plays the kubelet ends it, then it goes."""

        def ask(pod: Item) -> None:
            pod["metadata"].setdefault("deletionTimestamp", stamp(after_sec=_SECOND))

        pod = self._pods.items.get(name)
        if pod is not None and _phase(pod) in {"Succeeded", "Failed"}:
            return self._pods.delete(name)
        return self._pods.replace(name, ask)

    def _on_job(self, change: Change) -> None:
        if change.after is None:
            assert change.before is not None
            name = change.before["metadata"]["name"]
            self._failures.pop(name, None)
            for pod in self._pods_of(name):
                self.delete_pod(pod["metadata"]["name"])
            return
        name, spec = change.after["metadata"]["name"], change.after["spec"]
        if change.before is None:
            self._later(_POD_PAUSE_SEC, self._start, name)
        deadline = spec.get("activeDeadlineSeconds")
        before = change.before["spec"].get("activeDeadlineSeconds") if change.before else None
        if deadline is not None and deadline != before:
            self._later(float(deadline), self._out_of_time, name)
        ttl = spec.get("ttlSecondsAfterFinished")
        if ttl is not None and _is_over(change.after):
            self._later(float(ttl), self._jobs.delete, name)

    def _on_pod(self, change: Change) -> None:
        pod = change.after or change.before
        assert pod is not None
        owners = pod["metadata"].get("ownerReferences") or []
        if not owners:
            return
        name = owners[0]["name"]
        if change.after is None:
            self._owned[name].discard(pod["metadata"]["name"])
            if not self._owned[name]:
                del self._owned[name]
        else:
            self._owned[name].add(pod["metadata"]["name"])
        was = _phase(change.before) if change.before else ""
        ended = {"Succeeded", "Failed"}
        if change.after is None:
            if was not in ended:
                self._later(_SYNC_SEC, self._pod_failed, name, pod)
        elif _phase(pod) in ended and was not in ended:
            if _phase(pod) == "Succeeded":
                self._later(_SYNC_SEC, self._finish, name, "Complete", "CompletionsReached")
            else:
                self._later(_SYNC_SEC, self._pod_failed, name, pod)

    def _start(self, name: str) -> None:
        job = self._jobs.items.get(name)
        if job is None or _is_over(job) or self._pods_of(name, running=True):
            return
        if job["spec"].get("suspend"):
            return
        template = job["spec"]["template"]
        self._pods.create(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "generateName": f"{name}-",
                    "labels": {**template["metadata"]["labels"], "job-name": name},
                    "annotations": template["metadata"]["annotations"],
                    "ownerReferences": [
                        {"kind": "Job", "name": name, "uid": job["metadata"]["uid"]}
                    ],
                },
                "spec": template["spec"],
                "status": {"phase": "Pending"},
            }
        )

        def started(job: Item) -> None:
            job.setdefault("status", {})["active"] = 1
            job["status"].setdefault("startTime", stamp())

        self._jobs.replace(name, started)

    def _pod_failed(self, name: str, pod: Item) -> None:
        job = self._jobs.items.get(name)
        if job is None or _is_over(job):
            return
        action = _action(job, pod)
        if _has(job, "FailureTarget"):
            self._finish(name, "Failed", _reason(job, "FailureTarget"))
        elif action == "FailJob":
            self._finish(name, "Failed", "PodFailurePolicy")
        elif action == "Ignore":
            self._later(_POD_PAUSE_SEC, self._start, name)
        else:
            failures = self._failures[name] = self._failures.get(name, 0) + 1
            if failures > job["spec"]["backoffLimit"]:
                self._finish(name, "Failed", "BackoffLimitExceeded")
            else:
                self._later(_BACKOFF_SEC, self._start, name)

    def _out_of_time(self, name: str) -> None:
        job = self._jobs.items.get(name)
        if job is None or _is_over(job):
            return
        running = self._pods_of(name, running=True)
        if not running:
            self._finish(name, "Failed", "DeadlineExceeded")
            return
        self._jobs.replace(name, _adding("FailureTarget", "DeadlineExceeded"))
        for pod in running:
            self.delete_pod(pod["metadata"]["name"])

    def _finish(self, name: str, condition: str, reason: str) -> None:
        job = self._jobs.items.get(name)
        if job is None or _is_over(job):
            return

        def finish(job: Item) -> None:
            _adding(condition, reason)(job)
            job["status"]["active"] = 0
            if condition == "Complete":
                job["status"] |= {"succeeded": 1, "completionTime": stamp()}
            else:
                job["status"]["failed"] = self._failures.get(name, 0) or 1

        self._jobs.replace(name, finish)

    def _pods_of(self, name: str, *, running: bool = False) -> list[Item]:
        pods = [self._pods.items[pod] for pod in sorted(self._owned.get(name, ()))]
        return [pod for pod in pods if not (running and _phase(pod) in {"Succeeded", "Failed"})]

    def _later(self, delay_sec: float, call: Callable[..., object], *arguments: object) -> None:
        def due() -> None:
            self._timers.discard(timer)
            call(*arguments)

        timer = asyncio.get_running_loop().call_later(delay_sec, due)
        self._timers.add(timer)


def _phase(pod: Item) -> str:
    return str(pod.get("status", {}).get("phase", ""))


def _conditions(item: Item) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = item.get("status", {}).get("conditions", [])
    return found


def _has(item: Item, kind: str) -> bool:
    return any(found["type"] == kind and found["status"] == "True" for found in _conditions(item))


def _reason(job: Item, kind: str) -> str:
    return next((found["reason"] for found in _conditions(job) if found["type"] == kind), "")


def _is_over(job: Item) -> bool:
    return _has(job, "Complete") or _has(job, "Failed")


def _adding(kind: str, reason: str) -> Callable[[Item], None]:
    def add(job: Item) -> None:
        status = job.setdefault("status", {})
        status.setdefault("conditions", []).append(
            {
                "type": kind,
                "status": "True",
                "reason": reason,
                "message": reason,
                "lastTransitionTime": stamp(),
            }
        )

    return add


def _action(job: Item, pod: Item) -> str:
    """Apply the pod failure policy; the first rule that matches counts."""
    code = None
    for status in pod.get("status", {}).get("containerStatuses", []):
        code = status.get("state", {}).get("terminated", {}).get("exitCode")
    for rule in job["spec"].get("podFailurePolicy", {}).get("rules", []):
        if any(_has(pod, found["type"]) for found in rule.get("onPodConditions", [])):
            return str(rule["action"])
        codes = rule.get("onExitCodes")
        if codes and code in codes["values"]:
            return str(rule["action"])
    return "Count"
