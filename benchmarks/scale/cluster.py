"""A kind cluster with pods that kwok plays, and what is done to Jobs from outside."""

import json
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from kubernetes.aio.client import BatchV1Api
from kubernetes.aio.config import new_client_from_config

from tests.e2e.installation import eventually, run

__all__ = ["NAMESPACE", "JobPatcher", "cluster", "running_pods"]

NAMESPACE = "bench-scale"

_HERE = Path(__file__).parent
_NAME = "offbeat-bench-scale"
_NODE_SELECTOR = "kwok.x-k8s.io/node=fake"
_REQUEST_SEC = 30.0


@contextmanager
def cluster(folder: Path, *, kubeconfig: Path | None, node_image: str) -> Iterator[Path]:
    """Make a cluster, or use one that is there; yield its kubeconfig, and clear away at the end."""
    if kubeconfig is not None:
        kubectl = ("kubectl", "--kubeconfig", str(kubeconfig))
        with _played(kubeconfig, folder):
            try:
                yield kubeconfig
            finally:
                # Its pods first: when kwok and its nodes are gone, nobody ends them.
                run(*kubectl, "delete", "namespace", NAMESPACE, timeout_sec=600)
                run(*kubectl, "delete", "node", "-l", "type=kwok")
        return
    made = folder / "kubeconfig"
    image = ["--image", node_image] if node_image else []
    there = run("kind", "get", "clusters").split()
    assert _NAME not in there, f"is it someone's? kind delete cluster --name {_NAME}"
    options = ["--config", str(_HERE / "kind.yaml"), "--kubeconfig", str(made), "--wait", "180s"]
    try:
        run("kind", "create", "cluster", "--name", _NAME, *options, *image, timeout_sec=300)
        with _played(made, folder):
            yield made
    finally:
        run("kind", "delete", "cluster", "--name", _NAME, timeout_sec=120)


@contextmanager
def _played(kubeconfig: Path, folder: Path) -> Iterator[None]:
    """Let kwok play nodes and their pods."""
    kubectl = ("kubectl", "--kubeconfig", str(kubeconfig))
    run(*kubectl, "apply", "-f", str(_HERE / "nodes.yaml"))
    with (
        (folder / "kwok.log").open("wb") as log,
        subprocess.Popen(
            [
                "kwok",
                *("--kubeconfig", str(kubeconfig)),
                *("--manage-nodes-with-annotation-selector", _NODE_SELECTOR),
                *("--config", str(_HERE / "kwok.yaml")),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as kwok,
    ):
        try:
            run(*kubectl, "wait", "--for=condition=Ready", "node", "-l", "type=kwok",
                "--timeout=60s", timeout_sec=70)  # fmt: skip
            # Jobs that are created before their namespace has this get no pods for a while.
            eventually(
                lambda: run(*kubectl, "-n", NAMESPACE, "get", "serviceaccounts", "-o", "name"),
                timeout_sec=60,
                what="the service account of the namespace",
            )
            yield
        finally:
            kwok.terminate()


def running_pods(kubeconfig: Path) -> int:
    """Count the pods that run."""
    listed = run(
        *("kubectl", "--kubeconfig", str(kubeconfig), "-n", NAMESPACE, "get", "pods"),
        *("--field-selector", "status.phase=Running", "--no-headers"),
        timeout_sec=120,
    )
    return listed.count("\n")


class JobPatcher:
    """Ends Jobs the way Kubernetes' Job controller does, at a moment that is known."""

    def __init__(self, api: BatchV1Api) -> None:
        self._api = api

    @classmethod
    @asynccontextmanager
    async def connect(cls, kubeconfig: Path) -> "AsyncIterator[JobPatcher]":
        """Connect with a kubeconfig."""
        client = await new_client_from_config(str(kubeconfig))
        try:
            yield cls(BatchV1Api(client))
        finally:
            await client.close()

    async def complete(self, name: str) -> float:
        """Mark a Job as complete; return the seconds that the request took."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = [
            {
                "type": kind,
                "status": "True",
                "reason": "CompletionsReached",
                "lastProbeTime": now,
                "lastTransitionTime": now,
            }
            for kind in ("SuccessCriteriaMet", "Complete")
        ]
        status = {
            "conditions": conditions,
            "completionTime": now,
            "succeeded": 1,
            "active": None,
            "ready": 0,
            "terminating": 0,
        }
        begun = time.perf_counter()
        answer = await self._api.patch_namespaced_job_status_without_preload_content(
            name,
            NAMESPACE,
            {"status": status},
            _content_type="application/merge-patch+json",
            _request_timeout=_REQUEST_SEC,
        )
        data = await answer.read()
        assert answer.status == 200, f"{name}: {json.loads(data).get('message')}"
        return time.perf_counter() - begun
