"""`offbeat check`: is Redis there, can Offbeat work on it, and what waits in it."""

import time

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit, Fault

__all__ = ["check"]


def check(redis_url: RedisUrl = None) -> None:
    """Check that Offbeat can work on this Redis, and show what waits there."""
    from offbeat.doctor import (
        Finding,
        Level,
        examine_persistence,
        examine_rights,
        find_obstacles,
    )
    from offbeat.settings import without_password
    from offbeat.store import QueueDepths

    settings = settings_for(redis_url)
    url = settings.redis_url.get_secret_value() if settings.redis_url else ""

    async def look() -> tuple[QueueDepths, float, list[Finding]]:
        async with connected(settings) as client:
            begun = time.monotonic()
            await client.store.ping()
            took_sec = time.monotonic() - begun
            obstacles = await client.store.inspected(find_obstacles)
            if obstacles:
                raise Fault("; ".join(obstacles), Exit.FAILED_JOB)
            findings = await client.store.inspected(examine_persistence)
            findings += await client.store.inspected(examine_rights)
            return await client.store.depths(), took_sec, findings

    depths, took_sec, findings = running(look)
    typer.echo(f"Redis OK at {without_password(url)} ({took_sec * 1000:.0f} ms)")
    lines = {
        f"waiting in {settings.analysis_queue}": depths.queue,
        "in flight": depths.inflight,
        f"results in {settings.results_queue}": depths.results,
        "dead letters": depths.dead,
    }
    width = max(map(len, lines))
    for name, depth in lines.items():
        typer.echo(f"  {name:<{width}}  {depth:>7,}")
    for finding in findings:
        if finding.level != Level.OK:
            typer.echo(f"warning: {finding.text}", err=True)
    typer.echo("offbeat doctor looks closer: rights, persistence, names, owners")
