"""Which runs the slow comparison of the cluster with Redis finds."""

from typing import cast

from controller.attempt import Attempt, Phase
from controller.audit import suspicious_runs
from offbeat.runs import OwnedRuns, RunState
from tests.support.launcher import MemoryCluster
from tests.support.runs import MemoryRuns


async def test_suspicious_runs() -> None:
    """Runs of Jobs that Redis does not know, or knows as ended; each is named once."""
    runs = MemoryRuns()
    cluster = MemoryCluster(cast("OwnedRuns", runs))

    def add(run_id: str, number: int = 1, *, cleanup_scheduled: bool = False) -> None:
        name = f"{run_id}-{number}"
        cluster.jobs[name] = Attempt(
            job_name=name,
            uid=name,
            run_id=run_id,
            number=number,
            phase=Phase.ACTIVE,
            cleanup_scheduled=cleanup_scheduled,
        )

    for state in RunState:
        runs.know(state.value, state.value)
        add(state.value)
    add("unknown")
    add("unknown", 2)
    add("left to Kubernetes", cleanup_scheduled=True)
    for end in ("completed", "failed", "cancelled"):
        runs.know(end, end)
        add(end)
        add(f"{end}, and left to Kubernetes", cleanup_scheduled=True)
    assert await suspicious_runs(cast("OwnedRuns", runs), cluster) == [
        "unknown",
        "completed",
        "failed",
        "cancelled",
    ]


async def test_no_jobs() -> None:
    """There is nothing to compare."""
    runs = cast("OwnedRuns", MemoryRuns())
    assert await suspicious_runs(runs, MemoryCluster(runs)) == []
