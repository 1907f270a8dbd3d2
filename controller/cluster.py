"""Raw JSON to and from the Kubernetes API.

`kubernetes.aio` brings what is hard: credentials, their refresh, TLS and the connection pool. Its
model objects are left out, because they decode 30 times slower than JSON. Every answer leaves as a
dict or as one of our errors.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from controller.api_error import Expired, error_for, http_time
from controller.errors import ConfigurationInvalid, LauncherUnavailable
from controller.resource import Resource, text

__all__ = ["Cluster"]

_SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT_SEC = 30.0
_CONNECTIONS = 32
_JSON = "application/json, */*"
_METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
_METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
_PAGE = 100
"""Objects read at once: one page must not keep the probes waiting."""


class Cluster:
    """One namespace of one cluster."""

    def __init__(
        self,
        configuration: Configuration,
        namespace: str,
        *,
        timeout_sec: float = _TIMEOUT_SEC,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.namespace = namespace
        self._configuration = configuration
        # Else aiohttp reads ~/.netrc and the environment before every request, each in a thread.
        configuration.client_session_kwargs = {"trust_env": False}
        self._rest = RESTClientObject(configuration)
        self._timeout_sec = timeout_sec
        self._monotonic = monotonic
        self._wall = wall
        self._offset: float | None = None

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
        configuration.proxy = configuration.proxy or _proxy_of_environment(configuration.host)
        cluster = cls(configuration, namespace or "default")
        try:
            yield cluster
        finally:
            await cluster.close()

    def authority(self) -> bytes | str:
        """Return what tells this cluster from others: the PEM file of its CA, else its URL."""
        ca_file = self._configuration.ssl_ca_cert
        return Path(ca_file).read_bytes() if ca_file else str(self._configuration.host)

    async def close(self) -> None:
        """Close the connections."""
        await self._rest.close()

    def now(self) -> float:
        """Return the API server's time as Unix time in seconds.

        The ages of Jobs and Pods are measured by it, because their times are the API server's too:
        a clock of this machine that is wrong or is being set makes no pod look old. Between two
        answers it goes on with a monotonic clock; it lags behind by a second at most plus the time
        that an answer took. Before the first answer it is the time of this machine.
        """
        if self._offset is None:
            return self._wall()
        return self._offset + self._monotonic()

    async def create_job(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Create a Job and return its `metadata`: what else it holds is known.

        Raises:
            Conflict: A Job of this name exists.
            LaunchRejected: The Job is not valid, or an admission policy refuses it.
            QuotaExceeded: A quota refuses it for now.
            PermissionMissing: The controller may not create Jobs.
            LauncherUnavailable: There is no whole answer; the Job may exist now.

        """
        return await self._json("POST", self._jobs(), body=manifest, accept=_METADATA)

    async def read_job(self, name: str) -> dict[str, Any]:
        """Return one Job.

        Raises:
            NotFound: There is none.

        """
        return await self._json("GET", self._jobs(name))

    def jobs(self, selector: str) -> AsyncIterator[list[Any]]:
        """Yield pages of the Jobs that match a label selector, as the API server has them now."""
        return self._list(self._jobs(), {"labelSelector": selector})

    def job_metadata(self, selector: str) -> AsyncIterator[list[Any]]:
        """Yield pages of these Jobs with nothing but their `metadata`."""
        return self._list(self._jobs(), {"labelSelector": selector}, accept=_METADATA_LIST)

    def pods(self, selector: str) -> AsyncIterator[list[Any]]:
        """Yield pages of the Pods that match a label selector."""
        return self._list(self._core("pods"), {"labelSelector": selector})

    def job_events(self, job_name: str) -> AsyncIterator[list[Any]]:
        """Yield pages of the Events about a Job."""
        fields = f"involvedObject.kind=Job,involvedObject.name={job_name}"
        return self._list(self._core("events"), {"fieldSelector": fields})

    async def patch_job(self, name: str, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a patch into a Job and return what it is now.

        Raises:
            NotFound: There is none.

        """
        return await self._json(
            "PATCH", self._jobs(name), body=patch, content="application/merge-patch+json"
        )

    async def delete_job(self, name: str) -> None:
        """Delete a Job, and its Pods after it.

        Raises:
            NotFound: There is none.

        """
        await self._json(
            "DELETE",
            self._jobs(name),
            body={"kind": "DeleteOptions", "propagationPolicy": "Background"},
        )

    async def pod_log(
        self, pod: str, *, container: str, lines: int, limit_bytes: int, timeout_sec: float
    ) -> list[str]:
        """Return the last lines of a container's log, as many as fit into the limits."""
        query: dict[str, str | int] = {
            "container": container,
            "tailLines": lines,
            "limitBytes": limit_bytes,
        }
        data = await self._request(
            "GET", self._core(f"pods/{quote(pod)}/log"), query=query, timeout_sec=timeout_sec
        )
        return data.decode("utf-8", "replace").splitlines()

    async def create_event(self, event: Mapping[str, Any]) -> None:
        """Create an Event."""
        await self._json("POST", self._core("events"), body=event)

    def _jobs(self, name: str = "") -> str:
        path = f"/apis/batch/v1/namespaces/{self.namespace}/jobs"
        return f"{path}/{quote(name)}" if name else path

    def _core(self, path: str) -> str:
        return f"/api/v1/namespaces/{self.namespace}/{path}"

    async def _list(
        self, path: str, query: Mapping[str, str], *, accept: str = _JSON
    ) -> AsyncIterator[list[Any]]:
        """Yield a list page by page, so that nobody holds all of it.

        A page that cannot be read raises, and is never an empty one. The token of a page expires
        after some minutes (410): the list then starts once more from its beginning, so an object
        may be yielded twice; a second 410 is raised.
        """
        following = ""
        restarted = False
        while True:
            part: dict[str, str | int] = {**query, "limit": _PAGE}
            if following:
                part["continue"] = following
            try:
                page = await self._json("GET", path, query=part, accept=accept)
            except Expired:
                if restarted or not following:
                    raise
                following, restarted = "", True
                continue
            yield _items(path, page)
            following = text(page, "metadata", "continue")
            if not following:
                return

    async def _json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = _JSON,
    ) -> dict[str, Any]:
        data = await self._request(
            method, path, query=query, body=body, content=content, accept=accept
        )
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise LauncherUnavailable(
                f"Kubernetes API: {method} {path}: the answer is not JSON: {error}"
            ) from error
        if not isinstance(answer, dict):
            raise LauncherUnavailable(
                f"Kubernetes API: {method} {path}: the answer is not an object: {data[:200]!r}"
            )
        return answer

    async def _request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
        content: str = "application/json",
        accept: str = _JSON,
        timeout_sec: float | None = None,
    ) -> bytes:
        timeout_sec = timeout_sec or self._timeout_sec
        url = self._configuration.host + path + (f"?{urlencode(query)}" if query else "")
        try:
            async with asyncio.timeout(timeout_sec):
                headers = {
                    "Content-Type": content,
                    "Accept": accept,
                    "Accept-Encoding": "identity",  # else the API server compresses long lists
                    **await self._credentials(),
                }
                response = await self._rest.request(
                    method, url, headers=headers, body=body, _request_timeout=timeout_sec
                )
                answered_at = self._monotonic()
                data: bytes = await response.read()
        except TimeoutError as error:
            raise LauncherUnavailable(
                f"Kubernetes API: {method} {path}: no answer within {timeout_sec:g} s"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise LauncherUnavailable(
                f"Kubernetes API: {method} {path}: {type(error).__name__}: {error}"
            ) from error
        if 200 <= response.status < 300:
            self._set_clock(response.headers.get("Date"), answered_at)
            return data
        raise error_for(method, path, status=response.status, data=data, headers=response.headers)

    async def _credentials(self) -> dict[str, str]:
        try:
            token = await self._configuration.get_api_key_with_prefix("BearerToken")
        except Exception as error:  # a plugin of the user's kubeconfig raises what it likes
            raise LauncherUnavailable(
                f"the credentials for Kubernetes cannot be read: {type(error).__name__}: {error}"
            ) from error
        return {"Authorization": token} if token else {}

    def _set_clock(self, date: str | None, answered_at: float) -> None:
        """Take the time from a successful answer; an error may come from a proxy with its own."""
        server_time = http_time(date)
        if server_time is not None:
            self._offset = server_time - answered_at


def _proxy_of_environment(url: str) -> str | None:
    """Return the proxy for a URL that HTTPS_PROXY and NO_PROXY name; None for none."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)


def _items(path: str, page: Resource) -> list[Any]:
    """Return the items of a list; some servers write an empty one as null."""
    items = page.get("items", "absent")
    if items is None:
        return []
    if not isinstance(items, list):
        raise LauncherUnavailable(f"Kubernetes API: GET {path}: the answer is not a list")
    return items
