"""`offbeat adopt`: give the runs of an owner that is gone to another."""

from typing import Annotated

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit, Fault

__all__ = ["adopt"]


def adopt(
    owner: Annotated[str, typer.Argument(help="Whose runs: `offbeat doctor` lists the owners.")],
    *,
    to: Annotated[
        str | None,
        typer.Option(
            help="Who takes them over. Default: the only owner whose controller is at work.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Although a controller of OWNER is at work.")
    ] = False,
    redis_url: RedisUrl = None,
) -> None:
    """Give all runs of OWNER to another owner.

    Runs whose Jobs the new owner's controller cannot see are started again; each still gets one
    result.
    """
    from offbeat.doctor import OWNER_SILENCE_SEC

    settings = settings_for(redis_url)

    async def work() -> tuple[int, str]:
        async with connected(settings) as client:
            silences = await client.store.owner_silences()
            alive = [name for name, sec in silences.items() if sec <= OWNER_SILENCE_SEC]
            if owner not in silences and not await client.store.slots(owner):
                raise Fault(f"no owner {owner!r} is known", Exit.NOTHING_THERE)
            if owner in alive and not force:
                raise Fault(f"a controller of {owner} is at work: stop it first, or give --force")
            others = [name for name in alive if name != owner]
            if to is None and len(others) != 1:
                known = ", ".join(others) or "none is at work"
                raise Fault(f"give --to: who is to take them over ({known})")
            heir = to if to is not None else others[0]
            return await client.store.adopt(owner, heir), heir

    count, heir = running(work)
    typer.echo(f"{count} runs of {owner} now belong to {heir}")
