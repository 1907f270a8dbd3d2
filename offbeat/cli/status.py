"""`offbeat status`: where one job is."""

import json
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit, Fault

if TYPE_CHECKING:
    from offbeat.submission import Progress

__all__ = ["status"]


def status(
    job_id: Annotated[str, typer.Argument(help="The job_id.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    redis_url: RedisUrl = None,
) -> None:
    """Show where the latest job of that name is. Runs are remembered for a day."""
    settings = settings_for(redis_url)

    async def work() -> "Progress | None":
        async with connected(settings) as client:
            return await client.status(job_id)

    found = running(work)
    if found is None:
        raise Fault(f"nothing is known of job {job_id}", Exit.NOTHING_THERE)
    typer.echo(_json(found) if as_json else _text(found, time.time()))
    if found.state in {"failed", "cancelled"}:
        raise typer.Exit(Exit.FAILED_JOB)


def _json(found: "Progress") -> str:
    record = asdict(found.record) if found.record else {}
    record.pop("raw", None)
    known = asdict(found) | {"record": record}
    return json.dumps({name: value for name, value in known.items() if value is not None})


def _text(found: "Progress", now: float) -> str:
    from offbeat.cli.progress import describe

    lines = [f"{found.job_id}: {describe(found)}"]
    record = found.record
    if record is not None:
        times = (
            ("claimed", record.claimed_at),
            ("launched", record.launched_at),
            ("ended", record.settled_at),
        )
        facts = {
            "run": record.run_id,
            "owner": record.owner,
            "attempt": str(record.attempt) if record.attempt else None,
            "job": record.job_name,
            **{name: f"{now - at:,.1f} s ago" for name, at in times if at is not None},
            "parked": record.parked_reason,
            "reason": record.reason,
            "error": record.error,
        }
        lines += [f"  {name:<9}{value}" for name, value in facts.items() if value]
    return "\n".join(lines)
