"""What the launcher asks of the Kubernetes API, and what it makes of the answers."""

from typing import Any

import pytest

from controller.attempt import Attempt, Diagnosis, Launch, Phase
from controller.cluster import Cluster
from controller.errors import LauncherUnavailable, LaunchRejected
from controller.launcher.kubernetes import KubernetesLauncher, observe
from controller.settings import ControllerSettings, JobsConfig, Profile
from offbeat.failure import FailureReason
from offbeat.job import parse_job
from tests.support.api import Answer, an_api

RAW = b'{"job_id": 1, "relative_path": "a.wav"}'
NAME = "offbeat-1-0123456789-1"
RUN = "0123456789abcdef"


def a_launcher(cluster: Cluster) -> KubernetesLauncher:
    """Make a launcher with one profile."""
    config = JobsConfig(profiles={"default": Profile(image="i")})
    settings = ControllerSettings(_env_file=None, release="rel", job_ttl_sec=60)
    return KubernetesLauncher(cluster, config, settings, clock=lambda: 1_700_000_000.0)


def a_launch() -> Launch:
    """Make the first attempt of a run."""
    return Launch(run=RUN, attempt=1, job=parse_job(RAW), raw=RAW)


def a_job(*, run: str = RUN, condition: str | None = None, settled: bool = False) -> dict[str, Any]:
    """Make a Job as the API returns it."""
    labels = {"offbeat.io/run": run, "offbeat.io/attempt": "1"}
    if settled:
        labels["offbeat.io/settled"] = "true"
    template = {"metadata": {"annotations": {"offbeat.io/payload": RAW.decode()}}}
    conditions = [{"type": condition, "status": "True"}] if condition else []
    return {
        "metadata": {"name": NAME, "uid": "u", "labels": labels},
        "spec": {"template": template},
        "status": {"conditions": conditions},
    }


async def test_conflict_means_that_an_earlier_try_worked() -> None:
    """409 for a Job of the same run is success."""
    answers = {"POST jobs": Answer(409), f"GET {NAME}": Answer(body=a_job())}
    async with an_api(answers) as (cluster, _):
        assert await a_launcher(cluster).create(a_launch()) == NAME


async def test_conflict_with_another_run() -> None:
    """409 for a Job of another run can never succeed."""
    answers = {"POST jobs": Answer(409), f"GET {NAME}": Answer(body=a_job(run="other"))}
    async with an_api(answers) as (cluster, _):
        with pytest.raises(LaunchRejected, match="another run"):
            await a_launcher(cluster).create(a_launch())


async def test_missing_namespace() -> None:
    """A namespace that is not there may come."""
    async with an_api({"POST jobs": Answer(404)}) as (cluster, _):
        with pytest.raises(LauncherUnavailable, match="create the namespace"):
            await a_launcher(cluster).create(a_launch())


async def test_only_jobs_that_still_need_care_are_listed() -> None:
    """Collected Jobs are left to Kubernetes, and a few runs are asked for by name."""
    async with an_api({"GET jobs": Answer(body={"items": [a_job()]})}) as (cluster, calls):
        launcher = a_launcher(cluster)
        (attempt,) = await launcher.attempts()
        await launcher.attempts({"r2", "r1"})
    assert attempt.raw == RAW
    selectors = [call.query["labelSelector"] for call in calls]
    assert selectors == [
        "offbeat.io/release=rel,offbeat.io/run,!offbeat.io/settled",
        "offbeat.io/release=rel,offbeat.io/run in (r1,r2),!offbeat.io/settled",
    ]


@pytest.mark.parametrize(
    ("condition", "phase"),
    [(None, Phase.ACTIVE), ("Complete", Phase.SUCCEEDED), ("Failed", Phase.FAILED)],
)
def test_phase(condition: str | None, phase: Phase) -> None:
    """A Job's conditions say how far it is."""
    assert observe(a_job(condition=condition)).phase is phase


def test_settled_label() -> None:
    """The label says that nothing is left to do."""
    assert observe(a_job(settled=True)).collected
    assert not observe(a_job()).collected


async def test_collect_gives_a_ttl() -> None:
    """A settled Job is labelled, and only then may Kubernetes delete it."""
    async with an_api({"*": Answer(body={})}) as (cluster, calls):
        await a_launcher(cluster).collect(observe(a_job()), FailureReason.EVICTED)
    assert (calls[0].method, calls[0].path.rpartition("/")[2]) == ("PATCH", NAME)
    assert calls[0].body == {
        "metadata": {"labels": {"offbeat.io/settled": "true", "offbeat.io/reason": "evicted"}},
        "spec": {"ttlSecondsAfterFinished": 60},
    }


async def test_stop_ends_a_job_by_its_deadline() -> None:
    """The Job stays, so that its label can say why it was stopped."""
    async with an_api({"*": Answer(body={})}) as (cluster, calls):
        await a_launcher(cluster).stop(NAME)
    assert [call.body for call in calls] == [{"spec": {"activeDeadlineSeconds": 1}}]


async def test_stop_deletes_what_cannot_be_patched() -> None:
    """Where the API refuses, the Job is deleted, and its Pods after it."""
    answers = {f"PATCH {NAME}": Answer(422), f"DELETE {NAME}": Answer(body={})}
    async with an_api(answers) as (cluster, calls):
        await a_launcher(cluster).stop(NAME)
    assert calls[1].method == "DELETE"
    assert calls[1].body["propagationPolicy"] == "Background"


async def test_gone_jobs_are_no_error() -> None:
    """To stop or collect what is gone is done already."""
    async with an_api({"*": Answer(404)}) as (cluster, _):
        launcher = a_launcher(cluster)
        await launcher.stop(NAME)
        await launcher.collect(observe(a_job()), None)


async def test_pods_are_matched_to_their_job() -> None:
    """Only the Pods that a Job owns speak for it."""
    pod = {
        "metadata": {"name": "p", "ownerReferences": [{"name": NAME}]},
        "status": {
            "phase": "Failed",
            "containerStatuses": [
                {"name": "analyzer", "state": {"terminated": {"exitCode": 137}}},
            ],
        },
    }
    stranger = {"metadata": {"name": "q", "ownerReferences": [{"name": "other"}]}}
    job = a_job(condition="Failed")
    answers = {
        "GET jobs": Answer(body={"items": [job]}),
        "GET pods": Answer(body={"items": [stranger, pod]}),
    }
    async with an_api(answers) as (cluster, _):
        found = await a_launcher(cluster).troubled([observe(job)])
    assert found[NAME].reason is FailureReason.OUT_OF_MEMORY
    assert found[NAME].pod == "p"


async def test_log_that_cannot_be_read() -> None:
    """A diagnosis does not wait for a log."""
    diagnosis = Diagnosis(reason=FailureReason.IMAGE_ERROR, summary="s", pod="p")
    async with an_api({"GET log": Answer(400)}) as (cluster, _):
        assert await a_launcher(cluster).log_tail(NAME, diagnosis) == []
    async with an_api({"GET log": Answer(body=b"one\ntwo\n")}) as (cluster, calls):
        assert await a_launcher(cluster).log_tail(NAME, diagnosis) == ["one", "two"]
    assert calls[0].query == {"tailLines": "20"}


async def test_event() -> None:
    """An Event on the Job tells the operator, and its failure stops nothing."""
    attempt: Attempt = observe(a_job())
    async with an_api({"POST events": Answer(body={})}) as (cluster, calls):
        await a_launcher(cluster).announce(attempt, "AnalysisFailed", "why")
    assert calls[0].body["involvedObject"]["uid"] == "u"
    assert calls[0].body["lastTimestamp"] == "2023-11-14T22:13:20Z"
    async with an_api({"POST events": Answer(500)}) as (cluster, _):
        await a_launcher(cluster).announce(attempt, "AnalysisFailed", "why")
