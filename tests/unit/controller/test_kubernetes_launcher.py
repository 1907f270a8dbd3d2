"""What the launcher asks of the Kubernetes API, and what it makes of the answers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from controller import launcher
from controller.attempt import Attempt, Diagnosis, Phase
from controller.errors import (
    LaunchError,
    LauncherUnavailable,
    LaunchRejected,
    PermissionMissing,
    QuotaExceeded,
)
from controller.launcher import observe
from offbeat.failure import FailureReason
from offbeat.logs import logger
from tests.support.api import Answer, Told, an_api, refusal
from tests.support.release import NAME, RAW, RUN_ID, a_job, a_launcher, a_spec, an_attempt, some


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """Collect what is logged as a warning or worse."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(message.record["message"]), level="WARNING")
    yield lines
    logger.remove(sink)


async def test_create() -> None:
    """The name of the Job is returned, which is a function of the attempt."""
    async with an_api({"POST jobs": Answer(201, a_job())}) as (cluster, calls):
        assert await a_launcher(cluster).create(a_spec()) == NAME
    assert calls[0].body["metadata"]["name"] == NAME
    assert calls[0].body["metadata"]["labels"]["offbeat.io/run"] == RUN_ID


async def test_conflict_means_that_an_earlier_try_worked() -> None:
    """409 for a Job of the same run is success."""
    answers = {"POST jobs": refusal(409), f"GET {NAME}": Answer(body=a_job())}
    async with an_api(answers) as (cluster, _):
        assert await a_launcher(cluster).create(a_spec()) == NAME


@pytest.mark.parametrize(
    ("create", "read", "expected"),
    [
        pytest.param(
            refusal(409),
            Answer(body=a_job(run_id="f" * 32)),
            LaunchRejected,
            id="a Job of another run has the name",
        ),
        pytest.param(
            refusal(409),
            Answer(body={"metadata": {"labels": None}}),
            LaunchRejected,
            id="a Job that is not ours has the name",
        ),
        pytest.param(
            refusal(409, "the resource quota has been modified"),
            refusal(404),
            LauncherUnavailable,
            id="no such Job: the same name is tried again",
        ),
        pytest.param(refusal(409), refusal(503), LauncherUnavailable, id="nobody knows"),
        pytest.param(refusal(404), None, LauncherUnavailable, id="the namespace is missing"),
        pytest.param(refusal(403, "exceeded quota: q"), None, QuotaExceeded, id="quota"),
        pytest.param(refusal(401), None, PermissionMissing, id="no right"),
        pytest.param(refusal(422), None, LaunchRejected, id="not valid"),
        pytest.param(Answer(hang_up=True), None, LauncherUnavailable, id="no answer"),
    ],
)
async def test_create_that_fails(
    create: Answer, read: Answer | None, expected: type[LaunchError]
) -> None:
    """Each failure is one of the errors that the protocol names."""
    answers = {"POST jobs": create, f"GET {NAME}": read or refusal(500)}
    async with an_api(answers) as (cluster, _):
        with pytest.raises(LaunchError) as caught:
            await a_launcher(cluster).create(a_spec())
    assert isinstance(caught.value, expected)


async def test_create_whose_answer_was_lost_is_repeated() -> None:
    """Half an answer is none: the second try meets the Job of the first."""
    answers: dict[str, Told] = {
        "POST jobs": [Answer(201, a_job(), half=True), refusal(409)],
        f"GET {NAME}": Answer(body=a_job()),
    }
    async with an_api(answers) as (cluster, _):
        launcher = a_launcher(cluster)
        with pytest.raises(LauncherUnavailable):
            await launcher.create(a_spec())
        assert await launcher.create(a_spec()) == NAME


@pytest.mark.parametrize(
    ("condition", "phase"),
    [
        (None, Phase.ACTIVE),
        ("Complete", Phase.SUCCEEDED),
        ("Failed", Phase.FAILED),
        ("FailureTarget", Phase.ACTIVE),
    ],
)
def test_phase(condition: str | None, phase: Phase) -> None:
    """A Job's conditions say how far it is."""
    attempt = observe(a_job(condition=condition))
    assert attempt == Attempt(
        job_name=NAME, uid="u", run_id=RUN_ID, number=1, phase=phase, job_label="1"
    )


def test_settled_label() -> None:
    """The label says that nothing is left to do."""
    attempt = observe(a_job(settled=True))
    assert attempt is not None
    assert attempt.cleanup_scheduled


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param({"labels": {"offbeat.io/run": "r"}}, id="no attempt"),
        pytest.param({"labels": {"offbeat.io/attempt": "1"}}, id="no run"),
        pytest.param(
            {"labels": {"offbeat.io/run": "r", "offbeat.io/attempt": "first"}}, id="no number"
        ),
        pytest.param({"labels": {"offbeat.io/run": "r", "offbeat.io/attempt": "0"}}, id="zero"),
        pytest.param({"labels": {"offbeat.io/run": "r", "offbeat.io/attempt": "²"}}, id="a power"),
        pytest.param({"labels": {"offbeat.io/run": "r", "offbeat.io/attempt": 1}}, id="no text"),
        pytest.param({"labels": None}, id="no labels"),
        pytest.param({"labels": ["x"]}, id="labels of another type"),
        pytest.param({"uid": None}, id="no uid"),
    ],
)
def test_unreadable_job_is_one_warning(
    edit: dict[str, Any], warnings: list[str], request: pytest.FixtureRequest
) -> None:
    """Somebody has edited it: it is named once, however often it is seen."""
    name = f"edited-{request.node.callspec.id}"
    job = a_job()
    job["metadata"] |= edit | {"name": name}
    assert observe(job) is None
    assert observe(job) is None
    assert [name in line for line in warnings] == [True]


@pytest.mark.parametrize("job", [None, [], "x", {}, {"metadata": None}, {"metadata": {"name": 1}}])
def test_job_that_is_none(job: Any) -> None:  # noqa: ANN401
    """Nothing that the API may list raises."""
    assert observe(job) is None


async def test_pages() -> None:
    """The audit reads metadata alone, page by page, and no settled Jobs."""
    metadata = [{"metadata": a_job(name)["metadata"]} for name in "ab"]
    answers = [
        Answer(body={"items": metadata[:1], "metadata": {"continue": "x"}}),
        Answer(body={"items": [*metadata[1:], {}]}),
    ]
    async with an_api({"GET jobs": answers}) as (cluster, calls):
        pages = [page async for page in a_launcher(cluster).pages()]
    assert [[found.job_name for found in page] for page in pages] == [["a"], ["b"]]
    assert pages[0][0].phase is Phase.ACTIVE
    selector = "offbeat.io/release=rel,offbeat.io/run,!offbeat.io/settled"
    assert calls[0].query["labelSelector"] == selector
    assert "PartialObjectMetadataList" in calls[0].headers["Accept"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param(Answer(body=a_job(NAME, settled=True)), True, id="settled"),
        pytest.param(Answer(body=a_job(NAME)), False, id="not yet"),
        pytest.param(refusal(404), False, id="gone"),
        pytest.param(Answer(body=a_job(NAME, run_id="other", settled=True)), False, id="other"),
    ],
)
async def test_is_settled(answer: Answer, expected: bool) -> None:
    """The label of the Job says it, where the Job is of this run."""
    async with an_api({f"GET {NAME}": answer}) as (cluster, _):
        assert await a_launcher(cluster).is_settled(a_spec()) is expected


async def test_read_message() -> None:
    """The very bytes that the run was launched with come back."""
    async with an_api({f"GET {NAME}": Answer(body=a_job())}) as (cluster, _):
        assert await a_launcher(cluster).read_message(NAME) == RAW


@pytest.mark.parametrize(
    "answer",
    [refusal(404), Answer(body={}), Answer(body={"spec": {"template": None}})],
    ids=["no Job", "no spec", "no template"],
)
async def test_no_message(answer: Answer) -> None:
    """A Job that is gone, or that carries none, has no message."""
    async with an_api({f"GET {NAME}": answer}) as (cluster, _):
        assert await a_launcher(cluster).read_message(NAME) is None


async def test_message_that_cannot_be_read_now() -> None:
    """No answer is not an answer."""
    async with an_api({f"GET {NAME}": Answer(404, b"<html>")}) as (cluster, _):
        with pytest.raises(LauncherUnavailable):
            await a_launcher(cluster).read_message(NAME)


@pytest.mark.parametrize(
    ("reason", "job_label", "labels", "ttl"),
    [
        (None, "1", {}, 60),
        (FailureReason.EVICTED, "1", {"offbeat.io/reason": "evicted"}, 60),
        (FailureReason.FILE_NOT_FOUND, "helm-test-x", {"offbeat.io/reason": "file_not_found"}, 0),
        (None, "my-helm-test-x", {}, 60),
    ],
)
async def test_schedule_cleanup(
    reason: FailureReason | None, job_label: str, labels: dict[str, str], ttl: int
) -> None:
    """A settled Job is labelled and given a TTL, which is nothing after `helm test`."""
    attempt = replace(an_attempt(), job_label=job_label)
    async with an_api({"*": Answer()}) as (cluster, calls):
        await a_launcher(cluster).schedule_cleanup(attempt, reason)
    assert (calls[0].method, calls[0].path.rpartition("/")[2]) == ("PATCH", NAME)
    assert calls[0].body == {
        "metadata": {"labels": {"offbeat.io/settled": "true"} | labels},
        "spec": {"ttlSecondsAfterFinished": ttl},
    }


async def test_stop_ends_a_job_by_its_deadline() -> None:
    """The Job stays, so that its label can say why it was stopped."""
    async with an_api({"*": Answer(body=a_job())}) as (cluster, calls):
        await a_launcher(cluster).stop(NAME)
    assert [call.body for call in calls] == [{"spec": {"activeDeadlineSeconds": 1}}]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(422), id="the API refuses"),
        pytest.param(Answer(body=a_job() | {"spec": {"suspend": True}}), id="suspended"),
        pytest.param(Answer(body=a_job(condition="Suspended")), id="suspended a moment ago"),
    ],
)
async def test_stop_deletes_what_does_not_end(answer: Answer) -> None:
    """Where a deadline has no effect, the Job is deleted, and its Pods after it."""
    answers = {f"PATCH {NAME}": answer, f"DELETE {NAME}": Answer()}
    async with an_api(answers) as (cluster, calls):
        await a_launcher(cluster).stop(NAME)
    assert calls[1].method == "DELETE"
    assert calls[1].body["propagationPolicy"] == "Background"


@pytest.mark.parametrize("answer", [refusal(409), refusal(403), refusal(503), refusal(401)])
async def test_stop_that_may_work_later_deletes_nothing(answer: Answer) -> None:
    """Only a refusal for good, or none at all, leads to a deletion."""
    answers = {f"PATCH {NAME}": answer, f"DELETE {NAME}": Answer()}
    if answer.status == 403:
        text = 'jobs.batch "x" is forbidden: User "u" cannot patch resource "jobs"'
        answers[f"PATCH {NAME}"] = refusal(403, text)
    async with an_api(answers) as (cluster, calls):
        with pytest.raises(LaunchError):
            await a_launcher(cluster).stop(NAME)
    assert [call.method for call in calls] == ["PATCH"]


async def test_gone_jobs_are_no_error() -> None:
    """To stop or clean up what is gone is done already."""
    async with an_api({"*": refusal(404)}) as (cluster, calls):
        launcher = a_launcher(cluster)
        await launcher.stop(NAME)
        await launcher.schedule_cleanup(an_attempt(), None)
    assert [call.method for call in calls] == ["PATCH", "PATCH"]
    answers = {f"PATCH {NAME}": refusal(422), f"DELETE {NAME}": refusal(404)}
    async with an_api(answers) as (cluster, _):
        await a_launcher(cluster).stop(NAME)


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        pytest.param(Answer(body=b"one\ntwo\n"), ["one", "two"], id="read"),
        pytest.param(refusal(400), [], id="the container has not started"),
        pytest.param(refusal(403), [], id="no right"),
        pytest.param(Answer(hang_up=True), [], id="connection closed"),
        pytest.param(Answer(hang=True), [], id="the node does not answer"),
    ],
)
async def test_log_tail(
    answer: Answer, lines: list[str], monkeypatch: pytest.MonkeyPatch, warnings: list[str]
) -> None:
    """A diagnosis does not wait for a log, and a log that fails alarms nobody."""
    assert launcher._LOG_TIMEOUT_SEC == 5
    if answer.hang:
        monkeypatch.setattr(launcher, "_LOG_TIMEOUT_SEC", 0.05)
    diagnosis = Diagnosis(reason=FailureReason.IMAGE_ERROR, summary="s", pod="p")
    async with an_api({"GET log": answer}) as (cluster, calls):
        assert await a_launcher(cluster).log_tail(NAME, diagnosis) == lines
    assert calls[0].query == {"container": "analyzer", "tailLines": "20", "limitBytes": "65536"}
    assert warnings == []


async def test_no_pod_has_no_log() -> None:
    """A Job whose pod is gone is not asked about."""
    diagnosis = Diagnosis(reason=FailureReason.DISRUPTED, summary="s")
    async with an_api({}) as (cluster, calls):
        assert await a_launcher(cluster).log_tail(NAME, diagnosis) == []
    assert calls == []


async def test_event() -> None:
    """An Event on the Job tells the operator, by the API server's time."""
    async with an_api({"GET jobs": some(), "*": Answer()}, wall=lambda: 9e9) as (cluster, calls):
        launcher = a_launcher(cluster)
        await launcher.inspect({RUN_ID})
        await launcher.record_event(an_attempt(), "AnalysisFailed", "why" * 1000)
    event = calls[1].body
    assert event["involvedObject"]["uid"] == "u"
    assert event["lastTimestamp"] in {"2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"}
    assert len(event["message"]) == 1000


@pytest.mark.parametrize("answer", [refusal(500), refusal(403), Answer(hang_up=True)])
async def test_event_that_fails_stops_nothing(answer: Answer) -> None:
    """What was decided is done, whether the operator is told or not."""
    async with an_api({"POST events": answer}) as (cluster, _):
        await a_launcher(cluster).record_event(an_attempt(), "AnalysisFailed", "why")
