"""A small Kubernetes API over HTTP on loopback: Jobs, Pods and Events of any one namespace.

It implements what Offbeat's controller, kopf and this suite call, the way the real API server
answers it: selectors, pages with `continue`, watches that resume from a resourceVersion, bookmarks,
409, 410 and 422. It knows no users and validates little.
"""

import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web

from tests.faults.bare.job_controller import JobController
from tests.faults.bare.objects import Change, Item, Objects, Taken
from tests.faults.bare.selectors import Matcher, field_matcher, label_matcher

__all__ = ["BareApi", "a_bare_api"]

_BOOKMARK_SEC = 5.0
_PAGES_KEPT_SEC = 300.0
_KINDS = {"jobs": ("batch/v1", "Job"), "pods": ("v1", "Pod"), "events": ("v1", "Event")}
_CLUSTER_WIDE = {
    "namespaces": ("v1", "Namespace"),
    "customresourcedefinitions": ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
}
"""What kopf looks for before it watches anything; there are none of them."""


class BareApi:
    """The handlers, and the objects behind them."""

    def __init__(self) -> None:
        versions = count(1)
        self._version = 0

        def next_version() -> int:
            self._version = next(versions)
            return self._version

        self._objects = {plural: Objects(next_version) for plural in _KINDS}
        self._controller = JobController(self._objects["jobs"], self._objects["pods"])
        self._pages: dict[str, tuple[float, list[Item], int]] = {}
        self._closing = False

    @property
    def jobs(self) -> Objects:
        """The Jobs."""
        return self._objects["jobs"]

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        in_namespace = "/{prefix:api/v1|apis/batch/v1}/namespaces/{namespace}/{plural}"
        return [
            web.get("/version", self._version_of_server),
            web.get("/api", self._discover),
            web.get("/apis", self._discover),
            web.get("/api/v1", self._discover),
            web.get("/apis/batch/v1", self._discover),
            web.get("/apis/apiextensions.k8s.io/v1", self._discover),
            web.get(in_namespace, self._list),
            web.post(in_namespace, self._create),
            web.get(in_namespace + "/{name}", self._read),
            web.patch(in_namespace + "/{name}", self._patch),
            web.patch(in_namespace + "/{name}/status", self._patch),
            web.delete(in_namespace + "/{name}", self._delete),
            web.get(in_namespace + "/{name}/log", self._log),
        ]

    def close(self) -> None:
        """End the watches."""
        self._closing = True
        self._controller.close()

    async def _version_of_server(self, request: web.Request) -> web.Response:
        return web.json_response({"major": "1", "minor": "34", "gitVersion": "v1.34.4"})

    async def _discover(self, request: web.Request) -> web.Response:
        verbs = ["create", "delete", "get", "list", "patch", "watch"]
        path = request.path
        if path == "/api":
            return web.json_response({"kind": "APIVersions", "versions": ["v1"]})
        if path == "/apis":
            groups = []
            for name in ("batch", "apiextensions.k8s.io"):
                version = {"groupVersion": f"{name}/v1", "version": "v1"}
                groups.append({"name": name, "versions": [version], "preferredVersion": version})
            return web.json_response({"kind": "APIGroupList", "groups": groups})
        group_version = path.partition("/apis/")[2] or "v1"
        resources = [
            {
                "name": plural,
                "singularName": kind.lower(),
                "namespaced": plural not in _CLUSTER_WIDE,
                "kind": kind,
                "verbs": verbs,
            }
            for plural, (version, kind) in (_KINDS | _CLUSTER_WIDE).items()
            if version == group_version
        ]
        return web.json_response(
            {"kind": "APIResourceList", "groupVersion": group_version, "resources": resources}
        )

    async def _create(self, request: web.Request) -> web.Response:
        plural = request.match_info["plural"]
        item = await request.json()
        if plural == "jobs" and not item.get("spec", {}).get("template"):
            return _status(422, "Invalid", "spec.template: Required value")
        item["metadata"]["namespace"] = request.match_info["namespace"]
        try:
            created = self._objects[plural].create(item)
        except Taken as taken:
            return _status(409, "AlreadyExists", f'{plural} "{taken}" already exists')
        return web.json_response(created, status=201)

    async def _read(self, request: web.Request) -> web.Response:
        item = self._objects[request.match_info["plural"]].items.get(request.match_info["name"])
        return _not_found(request) if item is None else web.json_response(item)

    async def _patch(self, request: web.Request) -> web.Response:
        patch = await request.json()
        objects = self._objects[request.match_info["plural"]]
        item = objects.replace(request.match_info["name"], lambda item: _merge(item, patch))
        return _not_found(request) if item is None else web.json_response(item)

    async def _delete(self, request: web.Request) -> web.Response:
        plural, name = request.match_info["plural"], request.match_info["name"]
        data = await request.read()
        options = json.loads(data) if data else {}
        grace = request.query.get("gracePeriodSeconds", options.get("gracePeriodSeconds"))
        if plural == "pods" and str(grace) != "0":
            item = self._controller.delete_pod(name)
        else:
            item = self._objects[plural].delete(name)
        if item is None:
            return _not_found(request)
        return web.json_response({"kind": "Status", "status": "Success"})

    async def _log(self, request: web.Request) -> web.Response:
        if request.match_info["name"] not in self._objects["pods"].items:
            return _not_found(request)
        return web.Response(text="the last line\n")

    async def _list(self, request: web.Request) -> web.StreamResponse:
        plural, query = request.match_info["plural"], request.query
        matches = _matcher(query.get("labelSelector", ""), query.get("fieldSelector", ""))
        if query.get("watch") in {"true", "1"}:
            return await self._watch(request, plural, matches)
        version = self._version
        token = query.get("continue")
        if token:
            if token not in self._pages:
                return _status(410, "Expired", "The provided continue parameter is too old")
            _, found, version = self._pages[token]
        else:
            found = [item for item in self._objects[plural].items.values() if matches(item)]
            found.sort(key=lambda item: str(item["metadata"]["name"]))
        limit = int(query.get("limit", 0)) or len(found)
        page, rest = found[:limit], found[limit:]
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        if rest:
            metadata["continue"] = self._keep(rest, version)
        api_version, kind = _KINDS[plural]
        if "PartialObjectMetadataList" in request.headers.get("Accept", ""):
            api_version, kind = "meta.k8s.io/v1", "PartialObjectMetadata"
            page = [{"metadata": item["metadata"]} for item in page]
        body = {
            "apiVersion": api_version,
            "kind": f"{kind}List",
            "metadata": metadata,
            "items": page,
        }
        return web.json_response(body)

    def _keep(self, rest: list[Item], version: int) -> str:
        now = time.monotonic()
        for token, (kept_at, _, _) in list(self._pages.items()):
            if now - kept_at > _PAGES_KEPT_SEC:
                del self._pages[token]
        token = secrets.token_hex(8)
        self._pages[token] = (now, rest, version)
        return token

    async def _watch(
        self, request: web.Request, plural: str, matches: Matcher
    ) -> web.StreamResponse:
        objects = self._objects[plural]
        seen = int(request.query.get("resourceVersion") or self._version)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        if (
            objects.changes
            and seen + 1 < objects.changes[0].version
            and len(objects.changes) == objects.changes.maxlen
        ):
            gone = {"kind": "Status", "code": 410, "reason": "Expired"}
            await response.write(_line("ERROR", gone))
            return response
        until = time.monotonic() + float(request.query.get("timeoutSeconds", 3600))
        with contextlib.suppress(ConnectionError):
            while not self._closing and time.monotonic() < until:
                lines = []
                for change in _since(objects, seen):
                    seen = change.version
                    lines += [_line(*event) for event in _events(change, matches)]
                if lines:
                    await response.write(b"".join(lines))
                    continue
                await objects.changed(_BOOKMARK_SEC)
                if not objects.changes or objects.changes[-1].version <= seen:
                    api_version, kind = _KINDS[plural]
                    bookmark = {
                        "apiVersion": api_version,
                        "kind": kind,
                        "metadata": {"resourceVersion": str(max(seen, self._version))},
                    }
                    await response.write(_line("BOOKMARK", bookmark))
        return response


@asynccontextmanager
async def a_bare_api() -> AsyncIterator[str]:
    """Serve an empty API and yield its URL."""
    api = BareApi()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.add_routes(api.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        api.close()
        await runner.cleanup()


def _matcher(labels: str, fields: str) -> Matcher:
    by_label, by_field = label_matcher(labels), field_matcher(fields)
    return lambda item: by_label(item) and by_field(item)


def _since(objects: Objects, version: int) -> list[Change]:
    found: list[Change] = []
    for change in reversed(objects.changes):
        if change.version <= version:
            break
        found.append(change)
    return found[::-1]


def _events(change: Change, matches: Callable[[Item], bool]) -> list[tuple[str, Item]]:
    """Return what a watch with a selector tells: what stops matching is deleted for it."""
    before = change.before if change.before is not None and matches(change.before) else None
    after = change.after if change.after is not None and matches(change.after) else None
    if after is not None:
        return [("ADDED" if before is None else "MODIFIED", after)]
    if before is None:
        return []
    item = change.after or before
    metadata = item["metadata"] | {"resourceVersion": str(change.version)}
    return [("DELETED", {**item, "metadata": metadata})]


def _line(kind: str, item: Item) -> bytes:
    return json.dumps({"type": kind, "object": item}).encode() + b"\n"


def _merge(item: Item, patch: Item) -> None:
    for key, value in patch.items():
        if value is None:
            item.pop(key, None)
        elif isinstance(value, dict) and isinstance(item.get(key), dict):
            _merge(item[key], value)
        else:
            item[key] = value


def _status(code: int, reason: str, message: str) -> web.Response:
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": message,
        "code": code,
    }
    return web.json_response(body, status=code)


def _not_found(request: web.Request) -> web.Response:
    info = request.match_info
    return _status(404, "NotFound", f'{info["plural"]} "{info["name"]}" not found')
