"""What this suite itself asks of the Kubernetes API: past the proxy that breaks it for others."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp

__all__ = ["Api", "ApiRefused", "Item"]

Item = dict[str, Any]

_TIMEOUT = aiohttp.ClientTimeout(total=60)
_PAUSE_SEC = 0.2


class ApiRefused(Exception):
    """The answer was not a success."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text[:500]}")
        self.status = status


class Api:
    """Jobs and Pods of one namespace."""

    def __init__(self, session: aiohttp.ClientSession, url: str, namespace: str) -> None:
        self._session = session
        self.url = url
        self.namespace = namespace

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, url: str, namespace: str, *, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[Self]:
        """Open a session; `tls` carries the client certificate."""
        connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True)
        async with aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as session:
            yield cls(session, url, namespace)

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
    ) -> Item:
        """Make one request.

        Raises:
            ApiRefused: The answer is not a success.

        """
        headers = {"Accept": "application/json"}
        if body is not None:
            kind = "merge-patch+json" if method == "PATCH" else "json"
            headers["Content-Type"] = f"application/{kind}"
        async with self._session.request(
            method,
            self.url + path,
            data=None if body is None else json.dumps(body),
            params=query,
            headers=headers,
        ) as response:
            text = await response.text()
            if response.status >= 300:
                raise ApiRefused(response.status, text)
            answer: Item = json.loads(text)
            return answer

    def path(self, plural: str, name: str = "", *, subresource: str = "") -> str:
        """Return the path of a collection or of one object."""
        prefix = "/apis/batch/v1" if plural == "jobs" else "/api/v1"
        path = f"{prefix}/namespaces/{self.namespace}/{plural}"
        return path + (f"/{name}" if name else "") + (f"/{subresource}" if subresource else "")

    async def follow(self, plural: str, labels: str, on_event: Callable[[str, Item], None]) -> None:
        """Call `on_event` with every change of the objects, without a gap, until cancelled.

        What exists at the start comes as `ADDED`. After a 410 what is there comes as `MODIFIED`,
        and what went unseen as `DELETED`.
        """
        known: dict[str, Item] = {}

        def tell(kind: str, item: Item) -> None:
            name = item["metadata"]["name"]
            if kind == "DELETED":
                known.pop(name, None)
            else:
                known[name] = item
            on_event(kind, item)

        while True:
            listed = await self._list(plural, labels)
            items = {item["metadata"]["name"]: item for item in listed["items"]}
            for name in known.keys() - items.keys():
                tell("DELETED", known[name])
            for name, item in items.items():
                tell("MODIFIED" if name in known else "ADDED", item)
            version = listed["metadata"]["resourceVersion"]
            while version is not None:
                version = await self._watch(plural, labels, version, tell)

    async def _list(self, plural: str, labels: str) -> Item:
        while True:
            try:
                return await self.call("GET", self.path(plural), query={"labelSelector": labels})
            except (aiohttp.ClientError, OSError, ApiRefused):
                await asyncio.sleep(_PAUSE_SEC)

    async def _watch(
        self, plural: str, labels: str, version: str, tell: Callable[[str, Item], None]
    ) -> str | None:
        """Watch until the connection ends; return from where to go on, None to list again."""
        query = {
            "watch": "true",
            "labelSelector": labels,
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
        }
        try:
            async with self._session.get(
                self.url + self.path(plural),
                params=query,
                timeout=aiohttp.ClientTimeout(total=None, sock_read=300),
            ) as response:
                if response.status != 200:
                    await asyncio.sleep(_PAUSE_SEC)
                    return None
                buffer = b""
                async for chunk, _ in response.content.iter_chunks():
                    *lines, buffer = (buffer + chunk).split(b"\n")
                    for line in lines:
                        event = json.loads(line)
                        if event["type"] == "ERROR":
                            return None
                        version = event["object"]["metadata"]["resourceVersion"]
                        if event["type"] != "BOOKMARK":
                            tell(event["type"], event["object"])
        except (aiohttp.ClientError, OSError, TimeoutError):
            await asyncio.sleep(_PAUSE_SEC)
        return version
