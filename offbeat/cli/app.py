"""The table of commands, and the one place where errors become a line and an exit code."""

from typing import Annotated

import typer

from offbeat import errors
from offbeat.cli import (
    adopt,
    analyze,
    check,
    demo,
    dev,
    doctor,
    models,
    pop,
    push,
    status,
    submit,
)
from offbeat.cli.exits import Exit, Fault

__all__ = ["app", "run"]

app = typer.Typer(
    name="offbeat",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Audio analysis jobs from a Redis list, each with exactly one result.",
    epilog="Exit codes: 0 success, 1 the job failed, 2 bad usage, 3 no connection to Redis, "
    "4 nothing there in time.",
)

app.command("check")(check.check)
app.command("doctor")(doctor.doctor)
app.command("push")(push.push)
app.command("pop")(pop.pop)
app.command("submit")(submit.submit)
app.command("status")(status.status)
app.command("analyze")(analyze.analyze)
app.command("dev")(dev.dev)
app.command("demo")(demo.demo)
app.command("adopt")(adopt.adopt)
app.add_typer(models.models, name="models")

_EXITS: dict[type[errors.OffbeatError], Exit] = {
    errors.NoRedisConfigured: Exit.NO_CONNECTION,
    errors.RedisUrlInvalid: Exit.BAD_USAGE,
    errors.RedisRefused: Exit.NO_CONNECTION,
    errors.RedisUnreachable: Exit.NO_CONNECTION,
    errors.EmbeddedRedisFailed: Exit.NO_CONNECTION,
    errors.NoResultInTime: Exit.NOTHING_THERE,
    errors.ResultTaken: Exit.NOTHING_THERE,
}


def _show_version(wanted: bool) -> None:
    if wanted:
        from offbeat import __version__

        typer.echo(f"offbeat {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


def run() -> int:
    """Run the command line; return its exit code."""
    try:
        app()
    except Fault as fault:
        return _end(str(fault), fault.exit_code)
    except errors.OffbeatError as error:
        return _end(str(error), _EXITS.get(type(error), Exit.FAILED_JOB))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else Exit.OK
    return Exit.OK


def _end(message: str, code: Exit) -> Exit:
    typer.echo(f"offbeat: {message}", err=True)
    return code
