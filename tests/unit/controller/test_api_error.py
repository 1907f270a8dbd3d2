"""What is not a success becomes one of our errors, and each asks for something else."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.api_error import Conflict, NotFound, error_for
from controller.errors import (
    LaunchError,
    LauncherUnavailable,
    LaunchRejected,
    PermissionMissing,
    QuotaExceeded,
)
from tests.support.api import Answer, an_api, refusal

NOON = 1_700_000_000
ACCOUNT = 'User "system:serviceaccount:music:offbeat"'
MAY_NOT_PATCH = (
    f'jobs.batch "offbeat-1" is forbidden: {ACCOUNT} cannot patch resource "jobs" in API group '
    '"batch" in the namespace "music": RBAC: role "x" not found'
)
MAY_NOT_READ_LOGS = (
    f'pods "p" is forbidden: {ACCOUNT} cannot get resource "pods/log" in API group "" in the '
    'namespace "music"'
)
MAY_NOT_CREATE = (
    f'jobs.batch is forbidden: {ACCOUNT} cannot create resource "jobs" in API group "batch" '
    'in the namespace "music"'
)
OVER_QUOTA = (
    'jobs.batch "offbeat-1" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1, '
    "used: count/jobs.batch=10, limited: count/jobs.batch=10"
)
WEBHOOK = 'admission webhook "validate.kyverno.svc" denied the request: '
TERMINATING = [{"reason": "NamespaceTerminating", "message": "namespace music is being terminated"}]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(refusal(400), LaunchRejected, id="bad request"),
        pytest.param(refusal(413), LaunchRejected, id="too large"),
        pytest.param(refusal(415), LaunchRejected, id="unknown media type"),
        pytest.param(refusal(422), LaunchRejected, id="not valid"),
        pytest.param(refusal(401), PermissionMissing, id="the token is not accepted"),
        pytest.param(refusal(404), NotFound, id="no such namespace"),
        pytest.param(refusal(409), Conflict, id="it exists"),
        pytest.param(refusal(429), LauncherUnavailable, id="throttled"),
        pytest.param(refusal(500), LauncherUnavailable, id="internal error"),
        pytest.param(
            refusal(500, 'Internal error occurred: failed calling webhook "x": timeout'),
            LauncherUnavailable,
            id="an admission webhook that is away",
        ),
        pytest.param(refusal(503), LauncherUnavailable, id="overloaded"),
        pytest.param(refusal(504), LauncherUnavailable, id="timeout"),
        pytest.param(refusal(418), LauncherUnavailable, id="a status that nobody expects"),
        pytest.param(refusal(403, OVER_QUOTA), QuotaExceeded, id="quota"),
        pytest.param(
            refusal(403, 'jobs.batch "x" is forbidden: status unknown for quota: q'),
            QuotaExceeded,
            id="a quota whose use is not counted yet",
        ),
        pytest.param(
            refusal(403, f'{WEBHOOK}exceeded hierarchical quota in namespace "music"'),
            QuotaExceeded,
            id="the quota of a webhook",
        ),
        pytest.param(refusal(403, MAY_NOT_CREATE), PermissionMissing, id="no right"),
        pytest.param(refusal(403, f"{WEBHOOK}images must be signed"), LaunchRejected, id="webhook"),
        pytest.param(
            refusal(403, f"{WEBHOOK}{MAY_NOT_CREATE}"),
            LaunchRejected,
            id="a webhook that quotes somebody else's missing right",
        ),
        pytest.param(
            refusal(
                401,
                "jobs.batch \"x\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' "
                "denied request: not today",
            ),
            LaunchRejected,
            id="a policy that answers 401",
        ),
        pytest.param(refusal(404, f"{WEBHOOK}no team"), LaunchRejected, id="a webhook's 404"),
        pytest.param(
            refusal(403, 'jobs.batch "x" is forbidden: not allowed here'),
            LaunchRejected,
            id="any other admission plugin",
        ),
        pytest.param(
            refusal(
                403,
                'jobs.batch "x" is forbidden: unable to create new content in namespace music '
                "because it is being terminated",
            ),
            LauncherUnavailable,
            id="the namespace is being deleted, says the message",
        ),
        pytest.param(
            refusal(403, "forbidden", causes=TERMINATING),
            LauncherUnavailable,
            id="the namespace is being deleted, says the cause",
        ),
    ],
)
async def test_refused_create(answer: Answer, expected: type[LaunchError]) -> None:
    """Each refusal means exactly one thing, and keeps what the API said."""
    async with an_api({"*": answer}) as (cluster, _):
        with pytest.raises(LaunchError) as caught:
            await cluster.create_job({"metadata": {"name": "x"}})
    assert type(caught.value) is expected
    assert isinstance(answer.body, dict)
    assert answer.body["message"] in str(caught.value)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (MAY_NOT_CREATE, "may not create jobs.batch: check its Role"),
        (MAY_NOT_PATCH, "may not patch jobs.batch: check its Role"),
        (MAY_NOT_READ_LOGS, "may not get pods/log: check its Role"),
        (f'forbidden: {ACCOUNT} cannot get path "/apis"', "may not get /apis: check its Role"),
    ],
)
async def test_missing_right_is_named(message: str, words: str) -> None:
    """The operator reads the verb and the resource, and where to look."""
    async with an_api({"*": refusal(403, message)}) as (cluster, _):
        with pytest.raises(PermissionMissing, match=words):
            await cluster.patch_job("x", {})


async def test_refused_token_is_named() -> None:
    """The operator reads that the account is the problem, and not the message."""
    async with an_api({"*": Answer(401, b"Unauthorized")}) as (cluster, _):
        with pytest.raises(PermissionMissing, match="token is not accepted"):
            await cluster.read_job("x")


async def test_refused_read_is_a_missing_right() -> None:
    """No admission policy sees a read, whatever the authorizer's text is."""
    async with an_api({"*": refusal(403, "no, says the authorizer")}) as (cluster, _):
        with pytest.raises(PermissionMissing, match="may not read"):
            await anext(cluster.jobs("a=b"))


@pytest.mark.parametrize("method", ["patch", "delete"])
async def test_conflict_of_a_change_may_be_repeated(method: str) -> None:
    """Only a create can meet an object that exists; a change meets another change."""
    async with an_api({"*": refusal(409)}) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await (cluster.patch_job("x", {}) if method == "patch" else cluster.delete_job("x"))


@pytest.mark.parametrize("status", [403, 404, 409, 500])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>nginx</html>",
        b'{"kind": "Status", "mess',
        b"[1]",
        b"null",
        b'"forbidden"',
        b'{"message": ["x"]}',
        b'{"message": "not found"}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_answer_of_a_stranger_decides_nothing(status: int, body: bytes) -> None:
    """What the API server did not write is no reason to fail a run or to call a Job gone."""
    error = error_for("PATCH", "/x", status=status, data=body, headers={})
    assert isinstance(error, LauncherUnavailable)


@given(
    st.integers(300, 599),
    st.binary(max_size=50)
    | st.sampled_from(
        [
            b'{"kind": "Status", "details": 1}',
            b'{"kind": "Status", "details": {"causes": [null, {"reason": 1}]}}',
            b'{"kind": "Status", "details": {"causes": "x"}, "message": {}}',
        ]
    ),
    st.text(max_size=20),
)
def test_no_answer_raises_anything_else(status: int, data: bytes, retry_after: str) -> None:
    """Any status, body and header becomes one of our errors."""
    headers = {"Retry-After": retry_after, "Date": retry_after}
    assert isinstance(
        error_for("POST", "/x", status=status, data=data, headers=headers), LaunchError
    )


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("retry_after", "sec"),
    [
        ("7", 7),
        ("0", 0),
        ("99999999", 600),
        (formatdate(NOON + 90, usegmt=True), 90),
        (formatdate(NOON - 90, usegmt=True), 0),
        ("soon", None),
        ("²", None),
        ("-1", None),
        ("1e400", None),
        ("", None),
    ],
)
async def test_retry_after(status: int, retry_after: str, sec: float | None) -> None:
    """The pause that is asked for is kept: seconds, or a date by the clock of the answer."""
    headers = {"Date": formatdate(NOON, usegmt=True)}
    answer = error_for(
        "POST", "/x", status=status, data=b"", headers=headers | {"Retry-After": retry_after}
    )
    assert isinstance(answer, LauncherUnavailable)
    assert answer.retry_after_sec == sec


async def test_retry_after_is_read_from_the_answer() -> None:
    """A throttled call says when to come again."""
    async with an_api({"*": refusal(429, headers={"Retry-After": "7"})}) as (cluster, _):
        with pytest.raises(LauncherUnavailable) as caught:
            await cluster.create_job({})
    assert caught.value.retry_after_sec == 7
