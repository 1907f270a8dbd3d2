"""The slow comparison of the cluster with Redis: the runs of Jobs that Redis does not explain.

It reads names and labels only, a page at a time, so that tens of thousands of Jobs cost little
memory; what it finds is looked at like any other run.
"""

from controller.attempt import Launcher
from offbeat.runs import OwnedRuns, RunState

__all__ = ["suspicious_runs"]


async def suspicious_runs(runs: OwnedRuns, launcher: Launcher) -> list[str]:
    """Return the runs of Jobs that Redis does not know, or knows as ended.

    Raises:
        LaunchError: The Jobs cannot be listed.
        RedisUnreachable: Redis does not answer.

    """
    found: dict[str, None] = {}
    async for attempts in launcher.pages():
        run_ids = list({attempt.run_id for attempt in attempts if not attempt.cleanup_scheduled})
        records = await runs.store.records(run_ids)
        for run_id in run_ids:
            record = records.get(run_id)
            if record is None or record.state not in set(RunState):
                found[run_id] = None
    return list(found)
