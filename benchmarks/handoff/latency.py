"""How long after LPUSH the Job exists, and the result."""

import asyncio
import json
import time
from typing import Any

from benchmarks.figure import Figure, figure_table, percentile
from benchmarks.handoff.site import NOWHERE, Site
from benchmarks.handoff.watch import watched_jobs
from benchmarks.tables import Table
from offbeat.result import CompletedResult, parse_result

__all__ = ["created", "results"]

_P50_MS, _MOST_MS, _RESULT_MS = 8.0, 50.0, 3_000.0
_INTERVALS = 3.2
_WARM_UP = 3


async def created(site: Site, pushes: int) -> list[Table]:
    """Push at an even pace over three reconcile intervals; between two pushes, POST a raw Job."""
    interval_sec = float(site.environment["OFFBEAT_RECONCILE_INTERVAL_SEC"])
    pause_sec = _INTERVALS * interval_sec / pushes / 2
    messages: list[bytes] = []
    pushed: list[float] = []
    posts: list[float] = []
    with watched_jobs(site.installation.settings.namespace) as seen:
        await asyncio.sleep(1)
        for _ in range(_WARM_UP + pushes):
            await asyncio.sleep(pause_sec)
            messages.append(site.message(NOWHERE, name="created"))
            pushed.append(time.time())
            site.installation.redis.lpush(site.installation.keys.queue, messages[-1])
            await asyncio.sleep(pause_sec)
            manifest, begun = site.raw_job(), time.perf_counter()
            await site.cluster.create_job(manifest)
            posts.append(time.perf_counter() - begun)
        launched = site.launched_at(messages)
        names = [json.loads(raw)["job_id"] for raw in messages]
    timed = list(zip(pushed, launched, names, strict=True))[_WARM_UP:]
    ours = [(end - start) * 1e3 for start, end, _ in timed]
    own_watch = [(seen[name] - start) * 1e3 for start, _, name in timed]
    floor = [seconds * 1e3 for seconds in posts[_WARM_UP:]]
    figures = [
        Figure(
            name=f"{what}, {word}",
            value=percentile(values, share),
            unit="ms",
            target=target if values is own_watch else None,
            floor=percentile(floor, share),
        )
        for what, values in (("LPUSH → Job created", own_watch), ("LPUSH → noted in Redis", ours))
        for word, share, target in (
            ("p50", 0.5, _P50_MS),
            ("p99", 0.99, _MOST_MS),
            ("max", 1.0, _MOST_MS),
        )
    ]
    note = (
        f"{pushes} pushes over {_INTERVALS * interval_sec:.0f} s, Jobs whose pods find no node. "
        "Created: when a watch of this benchmark is told of it; the controller notes it later. "
        "Floor: POST of such a Job by the same client from this machine, between the pushes."
    )
    return [figure_table("From LPUSH to a Job", figures, note)]


async def results(site: Site, jobs: int) -> list[Table]:
    """Send one job after another through an idle installation, with real pods."""
    installation = site.installation
    installation.wait_until_idle()
    installation.pop_all()
    times = []
    for _ in range(jobs):
        raw = site.message(name="result")
        pushed = time.time()
        installation.redis.lpush(installation.keys.queue, raw)
        popped: Any = installation.redis.brpop([installation.keys.results], timeout=25)
        received = time.time()
        assert popped is not None, "no result within 25 s"
        result = parse_result(popped[1])
        assert isinstance(result, CompletedResult), result
        assert result.job_id == json.loads(raw)["job_id"], "someone else's: is it in use?"
        times.append((received - pushed) * 1e3)
        installation.wait_until_idle()
    figures = [
        Figure(
            name="LPUSH → result popped, p50",
            value=percentile(times, 0.5),
            unit="ms",
            target=_RESULT_MS,
        ),
        Figure(name="the slowest", value=max(times), unit="ms"),
    ]
    return [figure_table("From LPUSH to a result", figures, f"{jobs} files of 2 s, one at a time.")]
