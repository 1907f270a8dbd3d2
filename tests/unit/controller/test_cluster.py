"""Every answer of the API leaves as a dict or as one of our errors: no foreign error leaks."""

import json
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from kubernetes.aio import config

from controller.cluster import Cluster
from controller.errors import LaunchError, LauncherUnavailable
from tests.support.api import Answer, an_api, refusal

KUBECONFIG = {
    "current-context": "c",
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "http://api.invalid"}}],
    "users": [{"name": "u", "user": {"token": "secret"}}],
}
NOON = 1_700_000_000


async def whole(pages: AsyncIterator[list[Any]]) -> list[Any]:
    """Return the items of all pages."""
    return [item async for page in pages for item in page]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(hang_up=True), id="connection closed"),
        pytest.param(Answer(201, {"metadata": {}}, half=True), id="half a body"),
        pytest.param(Answer(201, b'{"metadata": {'), id="half a document"),
        pytest.param(Answer(201, b"<html>"), id="a proxy's page"),
        pytest.param(Answer(201, b"[1]"), id="another shape"),
        pytest.param(Answer(201, b"[" * 100_000), id="a document that is too deep"),
        pytest.param(Answer(422, {"kind": "Status"}, half=True), id="half a refusal"),
        pytest.param(Answer(hang=True), id="no answer"),
    ],
)
async def test_create_whose_answer_is_lost(answer: Answer) -> None:
    """Whether the Job exists is unknown: the create is repeated, and 409 tells."""
    async with an_api({"*": answer}, timeout_sec=0.2 if answer.hang else 30) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await cluster.create_job({})


async def test_unreadable_credentials() -> None:
    """A plugin of a kubeconfig that fails is no other error either."""
    async with an_api({}) as (cluster, _):

        def broken(_: object) -> None:
            raise KeyError("token")

        configuration: Any = cluster._configuration
        configuration.refresh_api_key_hook = broken
        with pytest.raises(LauncherUnavailable, match="credentials"):
            await cluster.read_job("x")


async def test_requests_carry_credentials() -> None:
    """Every call is made in our namespace and with our token."""
    async with an_api({"*": Answer(body={"items": []})}) as (cluster, calls):
        assert await whole(cluster.jobs("a=b")) == []
    assert calls[0].path == "/apis/batch/v1/namespaces/music/jobs"
    assert calls[0].query == {"labelSelector": "a=b", "limit": "100"}
    assert calls[0].headers["Authorization"] == "bearer secret"


async def test_a_netrc_file_changes_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a user keeps there for other programs must not stand in the token's way."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    async with an_api({"*": Answer(body={})}) as (cluster, calls):
        await cluster.read_job("x")
    assert calls[0].headers["Authorization"] == "bearer secret"


@pytest.mark.parametrize("exception", ["", "api.invalid", "other.invalid"])
async def test_proxy_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exception: str
) -> None:
    """It is used unless NO_PROXY names the API server."""
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(json.dumps(KUBECONFIG))
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    monkeypatch.setattr(config.kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    monkeypatch.setenv("NO_PROXY", exception)
    async with an_api({"*": Answer(body={"metadata": {}})}) as (proxy, calls):
        monkeypatch.setenv("HTTP_PROXY", str(proxy._configuration.host))
        async with Cluster.connect("music") as cluster:
            if exception == "api.invalid":
                with pytest.raises(LauncherUnavailable):
                    await cluster.read_job("x")
            else:
                await cluster.read_job("x")
    assert len(calls) == (exception != "api.invalid")


async def test_metadata_list() -> None:
    """A list of metadata asks for nothing else, in larger pages."""
    async with an_api({"*": Answer(body={"items": [{"metadata": {}}]})}) as (cluster, calls):
        assert await whole(cluster.job_metadata("a=b")) == [{"metadata": {}}]
    accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
    assert calls[0].headers["Accept"] == accept
    assert calls[0].query == {"labelSelector": "a=b", "limit": "100"}


async def test_events_of_one_job() -> None:
    """Events are asked for by the object that they are about."""
    async with an_api({"*": Answer(body={"items": []})}) as (cluster, calls):
        assert await whole(cluster.job_events("offbeat-1")) == []
    assert calls[0].path == "/api/v1/namespaces/music/events"
    fields = "involvedObject.kind=Job,involvedObject.name=offbeat-1"
    assert calls[0].query["fieldSelector"] == fields


def page(*items: int, following: str = "") -> Answer:
    """Make one page of a list."""
    return Answer(body={"items": list(items), "metadata": {"continue": following}})


async def test_list_of_several_pages() -> None:
    """Pages come one by one, each with the token of the one before."""
    async with an_api({"*": [page(1, following="x"), page(2)]}) as (cluster, calls):
        pages = cluster.jobs("a=b")
        assert await anext(pages) == [1]
        assert len(calls) == 1
        assert await whole(pages) == [2]
    assert "continue" not in calls[0].query
    assert calls[1].query["continue"] == "x"


async def test_empty_list_that_is_null() -> None:
    """Go writes a slice that was never filled as null."""
    async with an_api({"*": Answer(body={"items": None, "metadata": None})}) as (cluster, _):
        assert await whole(cluster.jobs("a=b")) == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(500), id="error"),
        pytest.param(refusal(403), id="refused"),
        pytest.param(Answer(hang_up=True), id="connection closed"),
        pytest.param(Answer(body={"items": [1]}, half=True), id="half a body"),
        pytest.param(Answer(body=b"<html>"), id="not JSON"),
        pytest.param(Answer(body={}), id="no items"),
        pytest.param(Answer(body={"items": {}}), id="items of another type"),
    ],
)
@pytest.mark.parametrize("before", [[], [page(1, following="x")]], ids=["first", "second"])
async def test_failed_page_is_not_an_empty_one(answer: Answer, before: list[Answer]) -> None:
    """A list is whole, or it is an error."""
    async with an_api({"*": [*before, answer]}) as (cluster, _):
        with pytest.raises(LaunchError):
            await whole(cluster.jobs("a=b"))


async def test_list_whose_token_has_expired() -> None:
    """The list starts once more from its beginning."""
    pages = [page(1, following="x"), refusal(410), page(1, following="y"), page(2)]
    async with an_api({"*": pages}) as (cluster, calls):
        assert await whole(cluster.jobs("a=b")) == [1, 1, 2]
    assert [call.query.get("continue") for call in calls] == [None, "x", None, "y"]


@pytest.mark.parametrize(
    ("pages", "count"),
    [
        ([page(1, following="x"), refusal(410), page(1, following="x"), refusal(410)], 4),
        ([refusal(410)], 1),
    ],
)
async def test_list_that_expires_again(pages: list[Answer], count: int) -> None:
    """A second 410, or one without a token, is an error."""
    async with an_api({"*": pages}) as (cluster, calls):
        with pytest.raises(LauncherUnavailable):
            await whole(cluster.jobs("a=b"))
    assert len(calls) == count


class Clocks:
    """A monotonic clock and a wall clock that a test sets."""

    def __init__(self) -> None:
        self.monotonic = 50.0
        self.wall = 1.0


def at(time: float | str, *, status: int = 200) -> Answer:
    """Make an answer that says what time it is."""
    date = time if isinstance(time, str) else formatdate(time, usegmt=True)
    return Answer(status, headers={"Date": date})


async def test_time_is_that_of_the_api_server() -> None:
    """It follows the Date of the answers and a monotonic clock; the wall clock is not asked."""
    clocks = Clocks()
    async with an_api(
        {"*": [at(NOON), at(NOON + 100)]},
        monotonic=lambda: clocks.monotonic,
        wall=lambda: clocks.wall,
    ) as (cluster, _):
        assert cluster.now() == 1.0
        await cluster.read_job("x")
        assert cluster.now() == NOON
        clocks.wall = 9e9
        clocks.monotonic += 60
        assert cluster.now() == NOON + 60
        await cluster.read_job("x")
        assert cluster.now() == NOON + 100


@pytest.mark.parametrize(
    "answer", [at(NOON + 900, status=502), at("nonsense"), at("Tue, 99 Foo 99999 0:0:0")]
)
async def test_time_is_not_that_of_a_proxy(answer: Answer) -> None:
    """An error, or a date that cannot be read, changes nothing."""
    async with an_api({"*": [at(NOON), answer]}, monotonic=lambda: 50.0) as (cluster, _):
        await cluster.read_job("x")
        if answer.status == 200:
            await cluster.read_job("x")
        else:
            with pytest.raises(LauncherUnavailable):
                await cluster.read_job("x")
        assert cluster.now() == NOON


async def read_log(cluster: Cluster, *, timeout_sec: float = 30) -> list[str]:
    """Read the log of one pod."""
    return await cluster.pod_log(
        "p", container="analyzer", lines=20, limit_bytes=65536, timeout_sec=timeout_sec
    )


async def test_log_is_bounded_in_size() -> None:
    """The API server sends no more than what is asked for, of the one container."""
    async with an_api({"GET log": Answer(body=b"one\n\xfftwo\n")}) as (cluster, calls):
        assert await read_log(cluster) == ["one", "\ufffdtwo"]
    assert calls[0].path == "/api/v1/namespaces/music/pods/p/log"
    assert calls[0].query == {"container": "analyzer", "tailLines": "20", "limitBytes": "65536"}


async def test_log_is_bounded_in_time() -> None:
    """A kubelet that does not answer costs its own limit, not that of other calls."""
    async with an_api({"GET log": Answer(hang=True)}) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match=r"no answer within 0\.05 s"):
            await read_log(cluster, timeout_sec=0.05)
