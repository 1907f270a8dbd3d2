"""Jobs that somebody makes by hand, with labels that look like Offbeat's and are not: pure."""

from typing import Any

__all__ = ["broken_job"]

_LABELS: tuple[dict[str, str], ...] = (
    {"offbeat.io/run": "0123456789abcdef"},
    {"offbeat.io/run": "0123456789abcdef", "offbeat.io/attempt": "first"},
    {"offbeat.io/run": "0123456789abcdef", "offbeat.io/attempt": "0"},
    {"offbeat.io/run": "", "offbeat.io/attempt": "1"},
    {"offbeat.io/run": "UPPER_case.run", "offbeat.io/attempt": "1"},
    {"offbeat.io/run": "fedcba9876543210", "offbeat.io/attempt": "1", "offbeat.io/job-id": "7"},
)


def broken_job(release: str, number: int, variation: int) -> dict[str, Any]:
    """Return a Job of a release that runs nothing and carries no message."""
    labels = {"offbeat.io/release": release} | _LABELS[variation % len(_LABELS)]
    container = {"name": "analyzer", "image": "nothing"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"handmade-{number}", "labels": labels},
        "spec": {
            "suspend": True,
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": labels, "annotations": {}},
                "spec": {"restartPolicy": "Never", "containers": [container]},
            },
        },
    }
