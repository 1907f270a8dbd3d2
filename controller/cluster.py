"""Raw JSON to and from the Kubernetes API.

`kubernetes.aio` brings what is hard: credentials, their refresh, TLS and the connection pool. Its
model objects are left out, because they decode 30 times slower than JSON. Every answer leaves as a
dict or as one of our errors.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from controller.errors import (
    ConfigurationInvalid,
    LauncherUnavailable,
    LaunchRejected,
    QuotaExceeded,
)

__all__ = ["Cluster", "Conflict", "NotFound"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_SEC = 30
_CONNECTIONS = 32
_PAGE = 500


class NotFound(LaunchRejected):
    """There is no such object."""


class Conflict(LaunchRejected):
    """An object of this name exists already."""


class Cluster:
    """One namespace of one cluster."""

    def __init__(self, configuration: Configuration, namespace: str) -> None:
        self.namespace = namespace
        self._configuration = configuration
        self._rest = RESTClientObject(configuration)

    @classmethod
    @asynccontextmanager
    async def connect(cls, namespace: str | None) -> AsyncIterator[Self]:
        """Connect with the pod's service account, or else with the user's kubeconfig.

        Raises:
            ConfigurationInvalid: There is neither.

        """
        configuration = Configuration()
        try:
            if (_SERVICE_ACCOUNT / "token").exists():
                config.load_incluster_config(client_configuration=configuration)
                namespace = namespace or (_SERVICE_ACCOUNT / "namespace").read_text().strip()
            else:
                await config.load_kube_config(client_configuration=configuration)
        except (config.ConfigException, OSError) as error:
            raise ConfigurationInvalid(
                f"no Kubernetes cluster is configured ({error}): run in a pod with a "
                "service account, or set KUBECONFIG"
            ) from error
        configuration.connection_pool_maxsize = _CONNECTIONS
        cluster = cls(configuration, namespace or "default")
        try:
            yield cluster
        finally:
            await cluster.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._rest.close()

    async def create_job(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Create a Job.

        Raises:
            Conflict: A Job of this name exists.
            LaunchRejected: The Job is not valid.
            QuotaExceeded: The quota, or a missing permission, forbids it.

        """
        return await self._json("POST", self._jobs(), body=manifest)

    async def read_job(self, name: str) -> dict[str, Any]:
        """Return one Job.

        Raises:
            NotFound: There is none.

        """
        return await self._json("GET", self._jobs(name))

    async def list_jobs(self, selector: str) -> list[dict[str, Any]]:
        """Return the Jobs that match a label selector, as the API server's store has them now."""
        return await self._list(self._jobs(), selector)

    async def list_pods(self, selector: str) -> list[dict[str, Any]]:
        """Return the Pods that match a label selector."""
        return await self._list(f"/api/v1/namespaces/{self.namespace}/pods", selector)

    async def patch_job(self, name: str, patch: Mapping[str, Any]) -> None:
        """Merge a patch into a Job."""
        await self._json(
            "PATCH", self._jobs(name), body=patch, content="application/merge-patch+json"
        )

    async def delete_job(self, name: str) -> None:
        """Delete a Job, and its Pods after it."""
        await self._json(
            "DELETE",
            self._jobs(name),
            body={"kind": "DeleteOptions", "propagationPolicy": "Background"},
        )

    async def pod_log(self, pod: str, *, lines: int) -> list[str]:
        """Return the last lines of a pod's log."""
        query = urlencode({"tailLines": lines})
        text = await self._request(
            "GET", f"/api/v1/namespaces/{self.namespace}/pods/{quote(pod)}/log?{query}"
        )
        return text.decode("utf-8", "replace").splitlines()

    async def create_event(self, event: Mapping[str, Any]) -> None:
        """Create an Event."""
        await self._json("POST", f"/api/v1/namespaces/{self.namespace}/events", body=event)

    def _jobs(self, name: str = "") -> str:
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        return f"{path}/{quote(name)}" if name else path

    async def _list(self, path: str, selector: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        query = {"labelSelector": selector, "limit": str(_PAGE)}
        while True:
            page = await self._json("GET", f"{path}?{urlencode(query)}")
            items += page["items"]
            following = page.get("metadata", {}).get("continue")
            if not following:
                return items
            query["continue"] = following

    async def _json(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
    ) -> dict[str, Any]:
        data = await self._request(method, path, body=body, content=content)
        try:
            answer: dict[str, Any] = json.loads(data)
        except ValueError as error:
            raise LauncherUnavailable(f"Kubernetes API: the answer is not JSON: {error}") from error
        return answer

    async def _request(
        self,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
    ) -> bytes:
        headers = {"Content-Type": content, "Accept": "application/json, */*"}
        try:
            token = await self._configuration.get_api_key_with_prefix("BearerToken")
            if token:
                headers["Authorization"] = token
            response = await self._rest.request(
                method,
                self._configuration.host + path,
                headers=headers,
                body=body,
                _request_timeout=_TIMEOUT_SEC,
            )
            data: bytes = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise LauncherUnavailable(f"Kubernetes API: {type(error).__name__}: {error}") from error
        if 200 <= response.status < 300:
            return data
        raise _error(response.status, data, response.headers.get("Retry-After"))


def _error(status: int, data: bytes, retry_after: str | None) -> Exception:
    """Translate an answer that is not a success."""
    try:
        message = str(json.loads(data).get("message"))
    except (ValueError, AttributeError):
        message = data.decode("utf-8", "replace")[:500]
    text = f"Kubernetes API: {status}: {message}"
    match status:
        case 403:
            return QuotaExceeded(text)
        case 404:
            return NotFound(text)
        case 409:
            return Conflict(text)
        case 400 | 413 | 415 | 422:
            return LaunchRejected(text)
    patience = float(retry_after) if retry_after and retry_after.isdigit() else None
    return LauncherUnavailable(text, retry_after_sec=patience)
