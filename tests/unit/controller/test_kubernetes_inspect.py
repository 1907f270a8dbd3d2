"""What the launcher finds out about the Jobs of some runs."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from controller.errors import LaunchError
from offbeat.failure import FailureReason
from offbeat.logs import logger
from tests.support.api import Answer, Call, Told, an_api, refusal
from tests.support.release import NAME, RUN_ID, a_job, a_launcher, a_pod, an_attempt, some

QUOTA = 'Error creating: pods "x" is forbidden: exceeded quota: cpu, requested: cpu=1'
KILLED = {"terminated": {"exitCode": 137}}


@pytest.fixture
def warnings() -> Iterator[list[str]]:
    """Collect what is logged as a warning or worse."""
    lines: list[str] = []
    sink = logger.add(lambda message: lines.append(message.record["message"]), level="WARNING")
    yield lines
    logger.remove(sink)


async def test_inspect_reads_one_list_of_jobs_and_one_of_pods() -> None:
    """Settled Jobs are left to Kubernetes, and runs are asked for by their ids."""
    answers = {"GET jobs": some(a_job(condition="Failed")), "GET pods": some()}
    async with an_api(answers) as (cluster, calls):
        await a_launcher(cluster).inspect({"r2", "r1"})
    runs = "offbeat.io/release=rel,offbeat.io/run in (r1,r2)"
    assert [(call.path.rpartition("/")[2], call.query["labelSelector"]) for call in calls] == [
        ("jobs", f"{runs},!offbeat.io/settled"),
        ("pods", runs),
    ]


async def test_inspect_of_many_runs() -> None:
    """One call never asks for more than fifty runs, and every run is asked for."""
    run_ids = [f"run{number:03}" for number in range(101)]
    async with an_api({"GET jobs": some()}) as (cluster, calls):
        assert await a_launcher(cluster).inspect(run_ids) == []
    asked = [call.query["labelSelector"].partition("(")[2].partition(")")[0] for call in calls]
    assert [len(part.split(",")) for part in asked] == [50, 50, 1]
    assert ",".join(asked).split(",") == run_ids


@pytest.mark.parametrize("run_ids", [[], ["no label", "", "x,y", "a)b", "x" * 64]])
async def test_inspect_of_nothing(run_ids: list[str]) -> None:
    """An id that can be no label has no Job, and spoils no list."""
    async with an_api({}) as (cluster, calls):
        assert await a_launcher(cluster).inspect(run_ids) == []
    assert calls == []


async def test_pods_are_matched_to_their_job() -> None:
    """Only the Pods that a Job owns speak for it."""
    jobs = [a_job(condition="Failed"), a_job("other", run_id="r2")]
    pods = [None, {}, a_pod("q", job="other"), a_pod(state=KILLED), a_pod("s", job="stranger")]
    async with an_api({"GET jobs": some(*jobs), "GET pods": some(*pods)}) as (cluster, _):
        first, second = await a_launcher(cluster).inspect({RUN_ID, "r2"})
    assert first.diagnosis is not None
    assert first.diagnosis.reason is FailureReason.OUT_OF_MEMORY
    assert first.diagnosis.pod == "p"
    assert not first.pending
    assert second == replace(an_attempt(), job_name="other", run_id="r2", pending=True)


async def test_unreadable_job_is_left_out(warnings: list[str]) -> None:
    """The others of the same round are looked at."""
    edited = a_job("edited-in-a-list")
    del edited["metadata"]["labels"]["offbeat.io/attempt"]
    answers = {"GET jobs": some(edited, None, a_job()), "GET pods": some()}
    async with an_api(answers) as (cluster, _):
        launcher = a_launcher(cluster)
        for _ in range(2):
            assert [found.job_name for found in await launcher.inspect({RUN_ID})] == [NAME]
    assert sum("edited-in-a-list" in line for line in warnings) == 1


@pytest.mark.parametrize("kind", ["jobs", "pods", "events"])
@pytest.mark.parametrize(
    "failure",
    [refusal(500), refusal(403), refusal(404), Answer(hang_up=True), Answer(body=b"<html>")],
    ids=["error", "refused", "not found", "no answer", "not JSON"],
)
async def test_failed_list_is_not_an_empty_one(kind: str, failure: Answer) -> None:
    """If anything cannot be read, nothing is concluded."""
    answers: dict[str, Told] = {
        "GET jobs": some(a_job(), age=10),
        "GET pods": some(age=10),
        "GET events": some(),
        f"GET {kind}": failure,
    }
    async with an_api(answers) as (cluster, _):
        with pytest.raises(LaunchError):
            await a_launcher(cluster).inspect({RUN_ID})


async def test_age_is_measured_by_the_api_server() -> None:
    """A clock of this machine that is years ahead makes no pod look old."""
    pods = [some(a_pod()), some(a_pod(), age=901)]
    answers: dict[str, Told] = {"GET jobs": some(a_job()), "GET pods": pods}
    async with an_api(answers, wall=lambda: 9e9) as (cluster, _):
        launcher = a_launcher(cluster)
        (young,) = await launcher.inspect({RUN_ID})
        (old,) = await launcher.inspect({RUN_ID})
    assert young.diagnosis is None
    assert young.pending
    assert old.diagnosis is not None
    assert old.diagnosis.reason is FailureReason.PENDING_TIMEOUT


async def test_job_whose_pods_a_quota_refuses() -> None:
    """It is not pending, and says what Kubernetes said, however old it is."""

    def events(call: Call) -> Answer:
        name = call.query["fieldSelector"].rpartition("=")[2]
        message = QUOTA if name == NAME else "service account not found"
        return some({"reason": "FailedCreate", "message": message})

    answers: dict[str, Told] = {
        "GET jobs": some(a_job(), a_job("other"), a_job("third")),
        "GET pods": some(a_pod(job="third"), age=901),
        "GET events": events,
    }
    async with an_api(answers) as (cluster, calls):
        parked, refused, waiting = await a_launcher(cluster).inspect({RUN_ID})
    assert (parked.quota, parked.pending, parked.diagnosis) == (QUOTA, False, None)
    assert (refused.quota, refused.pending) == (None, True)
    assert refused.diagnosis is not None
    assert refused.diagnosis.detail == "service account not found"
    assert (waiting.quota, waiting.pending) == (None, True)
    assert sum(call.path.endswith("events") for call in calls) == 2


async def test_events_of_young_jobs_are_not_read() -> None:
    """The Job controller needs a moment to create a pod."""
    answers = {"GET jobs": some(a_job()), "GET pods": some(age=4)}
    async with an_api(answers) as (cluster, calls):
        (attempt,) = await a_launcher(cluster).inspect({RUN_ID})
    assert attempt.pending
    assert len(calls) == 2


async def test_suspended_job() -> None:
    """A queue holds it back: it is not pending, however old it is."""
    suspended = a_job() | {"spec": {"suspend": True}}
    answers = {"GET jobs": some(suspended), "GET pods": some(age=99_999)}
    async with an_api(answers) as (cluster, calls):
        assert await a_launcher(cluster).inspect({RUN_ID}) == [an_attempt()]
    assert len(calls) == 2
