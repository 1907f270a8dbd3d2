"""`offbeat dev`: the whole service on this machine, without a cluster."""

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from offbeat.cli.connection import RedisUrl, forget_mount, note_mount, read_settings
from offbeat.cli.exits import Exit, Fault

if TYPE_CHECKING:
    from offbeat.settings import Settings

__all__ = ["dev"]

_EXAMPLE = '{"job_id": 1, "relative_path": "FILE"}'


def dev(
    *,
    audio: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of the audio files. Default: OFFBEAT_SHARED_MOUNT_PATH, else this folder.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder for waveforms. Default: OFFBEAT_OUTPUT_MOUNT_PATH, else none are written.",
            show_default=False,
        ),
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1, help="Files analysed at once. Default: one for each CPU.", show_default=False
        ),
    ] = None,
    redis_url: RedisUrl = None,
) -> None:
    """Run Offbeat on this machine, without a cluster.

    It watches the queue and analyses in child processes. Where no Redis is named, one is started;
    other commands of this user find it by themselves.
    """
    from offbeat.cli.local import NEEDED, LocalMode, controller, ending_on_sigterm, need
    from offbeat.embedded import EmbeddedRedis, default_folder
    from offbeat.settings import without_password

    need(*NEEDED)
    settings = read_settings(redis_url)
    mount = _mount(audio, settings)
    try:
        with ExitStack() as stack:
            stack.enter_context(ending_on_sigterm())
            if settings.redis_url is not None:
                url = settings.redis_url.get_secret_value()
            else:
                folder = default_folder()
                url = stack.enter_context(EmbeddedRedis(folder)).url
                note_mount(folder, mount)
                stack.callback(forget_mount, folder)
            mode = LocalMode(
                redis_url=url,
                mount=mount,
                output=output.resolve() if output else settings.output_mount_path,
                jobs=jobs or os.cpu_count() or 1,
                log_level=settings.log_level,
            )
            _say(_welcome(without_password(url), mount, settings))
            child = stack.enter_context(controller(mode))
            code = child.wait()
    except KeyboardInterrupt:
        return
    raise Fault(f"the controller ended with exit code {code}", Exit.FAILED_JOB)


def _mount(audio: Path | None, settings: "Settings") -> Path:
    if audio is not None:
        return audio.resolve()
    if "shared_mount_path" in settings.model_fields_set:
        return settings.shared_mount_path
    return Path.cwd()


def _say(text: str) -> None:
    """Print a text; where nobody reads it any more, as behind `head`, go on without."""
    try:
        typer.echo(text)
    except OSError:
        # Python would try again at its end, fail and say so: let what is left go nowhere.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _welcome(url: str, mount: Path, settings: "Settings") -> str:
    return "\n".join(
        (
            f"Redis   {url}",
            f"audio   {mount}",
            f"push    offbeat submit FILE, or LPUSH {settings.analysis_queue} '{_EXAMPLE}'",
            f"pop     offbeat pop --follow, or BRPOP {settings.results_queue} 0",
            "stop    Ctrl-C",
        )
    )
