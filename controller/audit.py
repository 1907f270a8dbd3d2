"""The slow comparison of the cluster with Redis: the runs of Jobs that Redis does not explain.

It reads names and labels only, a page at a time, so that tens of thousands of Jobs cost little
memory; what it finds is looked at like any other run.
"""

from controller.attempt import Launcher
from offbeat.runs import OwnedRuns

__all__ = ["suspicious_runs"]


async def suspicious_runs(runs: OwnedRuns, launcher: Launcher) -> list[str]:
    """Return the runs of Jobs that Redis does not know, or knows as ended.

    Raises:
        LaunchError: The Jobs cannot be listed.
        RedisUnreachable: Redis does not answer.

    """
    found: dict[str, None] = {}
    async for attempts in launcher.pages():
        run_ids = dict.fromkeys(attempt.run_id for attempt in attempts)
        found |= dict.fromkeys(await runs.store.not_in_flight(run_ids))
    return list(found)
