"""What an operator does while Jobs run: a quota, a second release, uninstall and install again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from offbeat.keys import LABEL_JOB_ID, LABEL_RELEASE, LABEL_RUN
from offbeat.result import CompletedResult
from offbeat.slug import HELM_TEST_JOB_ID_PREFIX
from tests.e2e.installation import Installation, eventually, run

pytestmark = pytest.mark.e2e

CHART = "charts/offbeat"
VALUES = "tests/e2e/cluster/values.yaml"


def helm(installation: Installation, *arguments: str) -> None:
    """Run helm in the namespace."""
    run("helm", *arguments, "-n", installation.settings.namespace, timeout_sec=300)


def install(installation: Installation, release: str) -> None:
    """Install a release as `tests/e2e/run` does, and wait until it is ready."""
    options = ["-f", VALUES, "--wait", "--timeout", "180s"]
    helm(installation, "upgrade", "--install", release, CHART, *options)


def jobs_of(installation: Installation, prefix: str) -> list[dict[str, Any]]:
    """Return the Jobs, of any release, whose job_id begins with a prefix."""
    return [
        job
        for job in installation.objects("jobs", LABEL_RUN)
        if job["metadata"]["labels"][LABEL_JOB_ID].startswith(prefix)
    ]


def test_a_passing_helm_test_leaves_no_job(installation: Installation) -> None:
    """Its Job failed as it should, and must not alarm anybody."""
    helm(installation, "test", installation.settings.release)
    eventually(
        lambda: not jobs_of(installation, HELM_TEST_JOB_ID_PREFIX),
        timeout_sec=120,
        what="the end of the Job of helm test",
    )


@pytest.fixture
def quota(installation: Installation, tmp_path: Path) -> Iterator[None]:
    """Let the namespace have no more Jobs than it has."""
    count = len(installation.objects("jobs", LABEL_RUN))
    manifest = tmp_path / "quota.json"
    manifest.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "ResourceQuota",
                "metadata": {"name": "no-more-jobs"},
                "spec": {"hard": {"count/jobs.batch": str(count)}},
            }
        )
    )
    installation.kubectl("apply", "-f", str(manifest))

    def counted() -> bool:
        listed = installation.kubectl("get", "resourcequota", "no-more-jobs", "-o", "json")
        return bool(json.loads(listed).get("status", {}).get("used"))

    eventually(counted, timeout_sec=60, what="the quota's first count")
    yield
    installation.kubectl("delete", "resourcequota", "no-more-jobs", "--ignore-not-found")


@pytest.mark.usefixtures("audio", "quota")
def test_a_quota_parks_a_run_until_there_is_room(installation: Installation) -> None:
    """The record says why, and the run goes on by itself."""
    installation.push({"job_id": "parked", "relative_path": "tone-2s.wav"})

    def why() -> bytes | None:
        run_ids = cast("list[bytes]", installation.redis.zrange(installation.keys.inflight, 0, -1))
        for run_id in run_ids:
            record = installation.keys.run(run_id.decode()).record
            fields = cast("dict[bytes, bytes]", installation.redis.hgetall(record))
            if fields.get(b"state") == b"parked":
                return fields[b"parked_reason"]
        return None

    assert b"exceeded quota" in eventually(why, timeout_sec=60, what="a parked run")
    installation.kubectl("delete", "resourcequota", "no-more-jobs")
    result = installation.result("parked", timeout_sec=180)
    assert isinstance(result, CompletedResult)
    assert result.attempt == 1


@pytest.mark.usefixtures("audio")
def test_two_releases_share_a_queue(installation: Installation) -> None:
    """Each message becomes one Job of one of them, and none is touched by the other."""
    install(installation, "second")
    try:
        names = [f"shared-{number}" for number in range(20)]
        installation.push(*({"job_id": n, "relative_path": "tone-2s.wav"} for n in names))
        results = [installation.result(name, timeout_sec=300) for name in names]
        assert {type(result) for result in results} == {CompletedResult}
        labels = [job["metadata"]["labels"] for job in jobs_of(installation, "shared-")]
        assert len(labels) == len(names)
        assert {label[LABEL_RELEASE] for label in labels} == {"second", "offbeat"}
    finally:
        installation.wait_until_idle()
        helm(installation, "uninstall", "second")


@pytest.mark.usefixtures("audio")
def test_jobs_outlive_the_release(installation: Installation) -> None:
    """Those that run and those that wait for their pod settle although the release is gone."""
    names = [f"orphan-{number}" for number in range(6)]
    installation.push(*({"job_id": n, "relative_path": "tone-10s.wav"} for n in names))
    eventually(
        lambda: len(jobs_of(installation, "orphan-")) == len(names),
        timeout_sec=120,
        what="a Job for every message",
    )
    helm(installation, "uninstall", installation.settings.release, "--wait")
    try:
        results = [installation.result(name, timeout_sec=300) for name in names]
        assert {type(result) for result in results} == {CompletedResult}
    finally:
        install(installation, installation.settings.release)
    installation.wait_until_idle()
    installation.push({"job_id": "afterwards", "relative_path": "tone-2s.wav"})
    assert isinstance(installation.result("afterwards"), CompletedResult)
