"""One release with one profile: its launcher, and its Jobs and Pods as the API lists them."""

from email.utils import formatdate
from typing import Any

from controller.attempt import Attempt, LaunchSpec
from controller.cluster import Cluster
from controller.launcher import KubernetesLauncher, observe
from controller.settings import ControllerSettings, JobsConfig, Profile
from offbeat.job import parse_job
from tests.support.api import Answer

__all__ = [
    "NAME",
    "RAW",
    "RUN_ID",
    "a_job",
    "a_launcher",
    "a_pod",
    "a_spec",
    "an_attempt",
    "some",
]

RAW = b'{"job_id": 1, "relative_path": "a.wav", "title": "\xc3\x84"}'
RUN_ID = "0123456789abcdef0123456789abcdef"
NAME = "offbeat-1-0123456789abcdef-1"
CREATED = 1_700_000_000


def a_launcher(cluster: Cluster) -> KubernetesLauncher:
    """Make a launcher with one profile."""
    config = JobsConfig(profiles={"default": Profile(image="i")})
    settings = ControllerSettings(
        _env_file=None, release="rel", job_ttl_sec=60, pending_timeout_sec=900
    )
    return KubernetesLauncher(cluster, config, settings)


def a_spec() -> LaunchSpec:
    """Make the first attempt of a run."""
    return LaunchSpec(run_id=RUN_ID, number=1, job=parse_job(RAW), raw=RAW)


def a_job(
    name: str = NAME, *, run_id: str = RUN_ID, condition: str | None = None, settled: bool = False
) -> dict[str, Any]:
    """Make a Job as the API returns it."""
    labels = {"offbeat.io/run": run_id, "offbeat.io/attempt": "1", "offbeat.io/job-id": "1"}
    if settled:
        labels["offbeat.io/settled"] = "true"
    template = {"metadata": {"annotations": {"offbeat.io/payload": RAW.decode()}}}
    conditions = [{"type": condition, "status": "True"}] if condition else []
    created = "2023-11-14T22:13:20Z"
    return {
        "metadata": {"name": name, "uid": "u", "labels": labels, "creationTimestamp": created},
        "spec": {"template": template},
        "status": {"conditions": conditions},
    }


def a_pod(name: str = "p", *, job: str = NAME, state: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
    """Make a Pod of a Job as the API returns it."""
    return {
        "metadata": {
            "name": name,
            "ownerReferences": [{"name": job}],
            "creationTimestamp": "2023-11-14T22:13:20Z",
        },
        "status": {
            "phase": "Failed" if state else "Pending",
            "containerStatuses": [{"name": "analyzer", "state": state}] if state else None,
        },
    }


def some(*items: object, age: float = 0) -> Answer:
    """Make a list, at a time when everything above is `age` seconds old."""
    date = formatdate(CREATED + age, usegmt=True)
    return Answer(body={"items": list(items)}, headers={"Date": date})


def an_attempt() -> Attempt:
    """Make what is seen of a Job."""
    attempt = observe(a_job())
    assert attempt is not None
    return attempt
