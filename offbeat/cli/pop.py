"""`offbeat pop`: take results, as tables for people and as JSON lines for pipes."""

import os
import sys
from typing import Annotated

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit, Fault

__all__ = ["pop"]


def pop(
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Take one after another.")] = False,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds to wait for a result. Default: take what is there; with --follow, wait.",
            show_default=False,
        ),
    ] = None,
    redis_url: RedisUrl = None,
) -> None:
    """Take the oldest result off its queue.

    It is printed as a table on a terminal, else as a line of JSON.
    """
    settings = settings_for(redis_url)
    patience = timeout if timeout is not None or follow else 0.0

    async def work() -> int:
        taken = 0
        async with connected(settings) as client:
            while follow or not taken:
                raw = await client.pop_raw(patience)
                if raw is None:
                    break
                try:
                    _show(raw)
                except OSError as error:  # nobody reads us: the result must not be lost
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                    await client.store.give_back(raw)
                    raise Fault("the reader is gone; its result is back in the queue") from error
                taken += 1
        return taken

    if not running(work):
        raise Fault(f"no result in {settings.results_queue}", Exit.NOTHING_THERE)


def _show(raw: bytes) -> None:
    if not sys.stdout.isatty():
        sys.stdout.buffer.write(raw + b"\n")
        sys.stdout.buffer.flush()
        return
    from pydantic import ValidationError

    from offbeat.cli.report import print_result
    from offbeat.result import parse_result

    try:
        print_result(parse_result(raw))
    except ValidationError:  # a stranger's message: show it as it is
        typer.echo(raw)
