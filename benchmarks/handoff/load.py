"""What bursts cost the controller, how fast it creates Jobs, and how fast it is back."""

import asyncio
import time
from typing import cast

from benchmarks.figure import Figure, figure_table, percentile
from benchmarks.handoff.site import CONNECTIONS, NOWHERE, Site
from benchmarks.tables import Table
from offbeat.result import CompletedResult
from tests.e2e.installation import AnyResult, eventually

__all__ = ["burst", "cost", "restart"]

_CPU_SEC, _GROWTH_MIB, _JOBS_PER_SEC, _CLAIM_SEC = 1.5, 5.0, 400.0, 2.0
_REST_SEC = 20.0


async def cost(site: Site, jobs: int, kept: int) -> list[Table]:
    """Put a burst and then many more real Jobs through; read CPU time and memory."""
    begun_cpu = time.process_time()
    await site.create_raw(jobs)
    floor_cpu = time.process_time() - begun_cpu
    site.delete_raw()
    site.installation.wait_until_idle()
    at_rest = await _rest(site)
    before, begun = site.process().usage, time.monotonic()
    _work_off(site, jobs)
    after, took = site.process().usage, time.monotonic() - begun
    _work_off(site, kept)
    last = site.process().usage
    figures = [
        Figure(
            name=f"CPU of the controller for {jobs} jobs at once",
            value=after.cpu_sec - before.cpu_sec,
            unit="s",
            target=_CPU_SEC,
            floor=floor_cpu,
        ),
        Figure(name="of it, what it takes at rest", value=at_rest * took, unit="s"),
        Figure(name="they took", value=took, unit="s"),
        Figure(name="memory before", value=before.rss_mib, unit="MiB"),
        Figure(name="memory after them", value=after.rss_mib, unit="MiB"),
        Figure(
            name=f"growth by {kept} more Jobs, finished and kept",
            value=last.rss_mib - after.rss_mib,
            unit="MiB",
            target=_GROWTH_MIB,
        ),
        Figure(name="peak", value=last.peak_mib, unit="MiB"),
    ]
    note = f"Real pods. Floor: CPU of this process for creating {jobs} Jobs and nothing else."
    return [figure_table("Cost", figures, note)]


async def _rest(site: Site) -> float:
    """Return the CPU seconds a second while nothing is under way."""
    before, begun = site.process().usage.cpu_sec, time.monotonic()
    await asyncio.sleep(_REST_SEC)
    return (site.process().usage.cpu_sec - before) / (time.monotonic() - begun)


def _work_off(site: Site, jobs: int) -> None:
    if not jobs:
        return
    installation = site.installation
    installation.push(*(site.message(name="cost") for _ in range(jobs)))
    results: list[AnyResult] = []

    def done() -> bool:
        results.extend(installation.pop_all())
        return installation.under_way() == 0

    eventually(done, timeout_sec=60 + 5 * jobs, what=f"{jobs} results", every_sec=0.5)
    results += installation.pop_all()
    assert sum(isinstance(each, CompletedResult) for each in results) == jobs, results


async def restart(site: Site, times: int) -> list[Table]:
    """Kill the controller; time how long after its start the next one claims."""
    installation = site.installation
    inflight = installation.keys.inflight
    waits = []
    for _ in range(times):
        installation.wait_until_idle()
        installation.pop_all()
        killed = site.kill()
        installation.push(site.message(name="restart"))
        started_at = site.next_process(killed).usage.started_at
        (run_id,) = eventually(
            lambda: cast("list[bytes]", installation.redis.zrange(inflight, 0, 0)),
            timeout_sec=60,
            what="a claim",
            every_sec=0.02,
        )
        record = installation.keys.run(run_id.decode()).record
        claimed = installation.redis.hget(record, "claimed_at")
        assert isinstance(claimed, bytes)
        waits.append(float(claimed) - started_at)
        await asyncio.sleep(1)
    installation.wait_until_idle()
    installation.pop_all()
    figures = [
        Figure(
            name="start of the process → first claim, worst",
            value=max(waits),
            unit="s",
            target=_CLAIM_SEC,
            floor=site.start_of_imports_sec(),
        )
    ]
    note = f"{times} times SIGKILL. Floor: Python imports the controller, in its container."
    return [figure_table("After a crash", figures, note)]


async def burst(site: Site, jobs: int) -> list[Table]:
    """Push many messages at once and see how fast their Jobs are created."""
    floors = [await site.create_raw(jobs)]
    installation = site.installation
    before = site.process().usage.cpu_sec
    messages = [site.message(NOWHERE, name="burst") for _ in range(jobs)]
    pushed = time.time()
    installation.push(*messages)
    launched = site.launched_at(messages)
    spent = site.process().usage.cpu_sec - before
    floors.append(await site.create_raw(jobs))
    figures = [
        Figure(
            name=f"Jobs created, {jobs} at once",
            value=jobs / (max(launched) - pushed),
            unit="1/s",
            target=_JOBS_PER_SEC,
            at_least=True,
            floor=max(floors),
        ),
        Figure(
            name="half of them after",
            value=percentile([when - pushed for when in launched], 0.5),
            unit="s",
        ),
        Figure(name="CPU of the controller for them", value=spent, unit="s"),
    ]
    note = (
        f"From LPUSH to the last launched_at in Redis. Floor: raw creation over {CONNECTIONS} "
        "connections with the same manifests, the better of one try before and one after."
    )
    return [figure_table("Burst", figures, note)]
