"""A kind cluster for one run: real API server, scheduler and Job controller, and one played node.

The node has no kubelet: its heartbeat is written here, and its pods are the player's.
"""

import asyncio
import base64
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from tests.faults.kube import Api, ApiRefused
from tests.faults.scenario import NODE_LABEL
from tests.faults.sites import NAMESPACE, Site

__all__ = ["a_kind_site"]

_CLUSTER = "offbeat-faults"
_CONFIG = Path(__file__).with_name("kind.yaml")
_NODE = "played"
_HEARTBEAT_SEC = 8.0
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


@asynccontextmanager
async def a_kind_site(folder: Path, *, image: str) -> AsyncIterator[Site]:
    """Make a cluster, and delete it at the end of the block.

    Args:
        folder: Where its kubeconfig is kept.
        image: The node image; kind's own if empty.

    """
    kubeconfig = folder / "kind-kubeconfig"
    command = ["kind", "create", "cluster", "--name", _CLUSTER, "--config", str(_CONFIG)]
    command += ["--kubeconfig", str(kubeconfig), "--wait", "180s"]
    await _call([*command, *(["--image", image] if image else [])])
    try:
        config = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
        url = str(config["clusters"][0]["cluster"]["server"])
        tls = _tls(config, folder)
        async with Api.connect(url, NAMESPACE, tls=tls) as api:
            await _prepare(api)
            heartbeat = asyncio.create_task(_beat(api))
            try:
                yield Site(url=url, api=api, tls=tls)
            finally:
                heartbeat.cancel()
    finally:
        await _call(["kind", "delete", "cluster", "--name", _CLUSTER])


async def _call(command: list[str]) -> None:
    done = await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, check=False, timeout=400
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:3])}: {done.stderr[-1000:]}")


def _tls(config: dict[str, Any], folder: Path) -> ssl.SSLContext:
    user = config["users"][0]["user"]
    ca = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
    certificate, key = folder / "client.crt", folder / "client.key"
    certificate.write_bytes(base64.b64decode(user["client-certificate-data"]))
    key.write_bytes(base64.b64decode(user["client-key-data"]))
    context = ssl.create_default_context(cadata=ca.decode("ascii"))
    context.load_cert_chain(certificate, key)
    return context


async def _prepare(api: Api) -> None:
    """Make the namespace and the node."""
    await api.call("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    taint = {"key": NODE_LABEL, "value": "played", "effect": "NoSchedule"}
    node = {
        "metadata": {"name": _NODE, "labels": {NODE_LABEL: "played"}},
        "spec": {"taints": [taint]},
    }
    await api.call("POST", "/api/v1/nodes", node)
    room = {"cpu": "10k", "memory": "100Ti", "ephemeral-storage": "100Ti", "pods": "100k"}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Played",
        "message": "",
        "lastHeartbeatTime": _now(),
        "lastTransitionTime": _now(),
    }
    status = {"capacity": room, "allocatable": room, "conditions": [ready]}
    await api.call("PATCH", f"/api/v1/nodes/{_NODE}/status", {"status": status})
    lease = {
        "metadata": {"name": _NODE},
        "spec": {"holderIdentity": _NODE, "leaseDurationSeconds": 40, "renewTime": _now_micro()},
    }
    await api.call("POST", _LEASES, lease)
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    async with asyncio.timeout(60):
        while True:  # no pod can be created before it exists
            with contextlib.suppress(ApiRefused):
                await api.call("GET", path)
                return
            await asyncio.sleep(0.2)


async def _beat(api: Api) -> None:
    """Say that the node is alive, until cancelled."""
    while True:
        await asyncio.sleep(_HEARTBEAT_SEC)
        with contextlib.suppress(ApiRefused, aiohttp.ClientError, OSError):
            spec = {"renewTime": _now_micro(), "leaseDurationSeconds": 40}
            await api.call("PATCH", f"{_LEASES}/{_NODE}", {"spec": spec})


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now_micro() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
