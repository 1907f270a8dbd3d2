"""Every answer of the API leaves as a dict or as one of our errors: no foreign error leaks."""

import pytest

from controller.cluster import Conflict, NotFound
from controller.errors import LaunchError, LauncherUnavailable, LaunchRejected, QuotaExceeded
from tests.support.api import Answer, an_api


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, LaunchRejected),
        (401, LauncherUnavailable),
        (403, QuotaExceeded),
        (404, NotFound),
        (409, Conflict),
        (422, LaunchRejected),
        (429, LauncherUnavailable),
        (500, LauncherUnavailable),
        (503, LauncherUnavailable),
    ],
)
async def test_status_becomes_an_error(status: int, expected: type[LaunchError]) -> None:
    """Each status means: never, not now, or there is one."""
    async with an_api({"*": Answer(status, {"message": "so says the API"})}) as (cluster, _):
        with pytest.raises(LaunchError, match="so says the API") as caught:
            await cluster.create_job({"metadata": {"name": "x"}})
        assert type(caught.value) is expected


async def test_patience_is_taken_from_the_answer() -> None:
    """Retry-After of a throttled call is kept."""
    async with an_api({"*": Answer(429, b"slow down")}) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match="slow down") as caught:
            await cluster.create_job({})
        assert caught.value.retry_after_sec == 7


async def test_broken_connection() -> None:
    """A connection that breaks is no answer."""
    async with an_api({"*": Answer(hang_up=True)}) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await cluster.list_jobs("a=b")


async def test_answer_that_is_not_json() -> None:
    """A proxy's page is no answer either."""
    async with an_api({"*": Answer(body=b"<html>")}) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match="not JSON"):
            await cluster.list_jobs("a=b")


async def test_requests_carry_credentials() -> None:
    """Every call is made in our namespace and with our token."""
    async with an_api({"*": Answer(body={"items": []})}) as (cluster, calls):
        assert await cluster.list_jobs("a=b") == []
    assert calls[0].path == "/apis/batch/v1/namespaces/music/jobs"
    assert calls[0].query["labelSelector"] == "a=b"
    assert calls[0].headers["Authorization"] == "bearer secret"


async def test_list_of_several_pages() -> None:
    """A list is whole, or it is an error: a page that is missing is not an empty one."""
    pages = [
        Answer(body={"items": [{"n": 1}], "metadata": {"continue": "x"}}),
        Answer(body={"items": [{"n": 2}], "metadata": {}}),
    ]
    async with an_api({"GET jobs": pages}) as (cluster, calls):
        assert await cluster.list_jobs("a=b") == [{"n": 1}, {"n": 2}]
    assert calls[1].query["continue"] == "x"
    async with an_api({"GET jobs": [pages[0], Answer(410)]}) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await cluster.list_jobs("a=b")
