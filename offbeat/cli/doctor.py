"""`offbeat doctor`: everything about this Redis that can cost messages or stop Offbeat."""

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit

__all__ = ["doctor"]


def doctor(redis_url: RedisUrl = None) -> None:
    """Examine Redis: rights, persistence, eviction, clock, names of queues, owners of runs.

    Exit code 1 if something must be changed.
    """
    from offbeat.doctor import Finding, Level, examine

    settings = settings_for(redis_url)

    async def look() -> list[Finding]:
        async with connected(settings) as client:
            return await client.store.inspected(examine)

    findings = running(look)
    for finding in findings:
        typer.echo(f"{finding.level:<8} {finding.text}")
    if any(finding.level == Level.PROBLEM for finding in findings):
        raise typer.Exit(Exit.FAILED_JOB)
