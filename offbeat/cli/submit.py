"""`offbeat submit`: push one job, watch it, show its result."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from offbeat.cli import push as push_command
from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Exit, Fault
from offbeat.cli.message import (
    BpmMax,
    BpmMin,
    Cue,
    Cues,
    File,
    JobIdOption,
    Profile,
    Request,
    Stems,
)

if TYPE_CHECKING:
    from offbeat.cli.cues import Fields
    from offbeat.cli.progress import Bar
    from offbeat.result import CancelledResult, CompletedResult, FailedResult
    from offbeat.settings import Settings
    from offbeat.submission import Progress as JobProgress

__all__ = ["submit", "submitted"]


def submit(
    file: File,
    *,
    wait: Annotated[bool, typer.Option(help="Wait for the result.")] = True,
    timeout: Annotated[
        float | None,
        typer.Option(min=0, help="Seconds to wait at most. The job goes on.", show_default=False),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the result in the queue for its consumer, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on a terminal, too.")] = False,
    job_id: JobIdOption = None,
    cue: Cue = None,
    cues: Cues = None,
    profile: Profile = None,
    stems: Stems = False,
    bpm_min: BpmMin = None,
    bpm_max: BpmMax = None,
    redis_url: RedisUrl = None,
) -> None:
    """Push a job, and wait for its result.

    Other jobs' results are not touched. It is printed as a table on a terminal, else as JSON.
    """
    from offbeat.cli.report import print_result
    from offbeat.result import dump_result

    request = Request(
        file=file,
        job_id=job_id,
        cue=cue,
        cues=cues,
        profile=profile,
        stems=stems,
        bpm_min=bpm_min,
        bpm_max=bpm_max,
    )
    settings = settings_for(redis_url)
    message = request.message(settings.shared_mount_path)
    if not wait:
        push_command.pushed(settings, message)
        return
    result = submitted(settings, message, timeout_sec=timeout, keep_result=keep)
    if as_json or not sys.stdout.isatty():
        typer.echo(dump_result(result))
    else:
        print_result(result)
    if result.status != "completed":
        raise typer.Exit(Exit.FAILED_JOB)


def submitted(
    settings: "Settings",
    message: "Fields",
    *,
    timeout_sec: float | None = None,
    keep_result: bool = False,
    heartbeat: Callable[[], None] = lambda: None,
) -> "CompletedResult | FailedResult | CancelledResult":
    """Push a message and wait for its result behind a progress bar on standard error.

    `heartbeat` is called about twice a second; what it raises ends the wait.

    Raises:
        Fault: The message is no job.

    """
    from offbeat.cli.progress import Bar
    from offbeat.job import JobRefused

    def show(progress: "JobProgress", bar: "Bar") -> None:
        heartbeat()
        bar.show(progress)

    async def work() -> "CompletedResult | FailedResult | CancelledResult":
        with Bar(str(message["job_id"])) as bar:
            async with connected(settings) as client:
                try:
                    return await client.submit(
                        message,
                        timeout_sec=timeout_sec,
                        on_progress=lambda progress: show(progress, bar),
                        keep_result=keep_result,
                    )
                except JobRefused as refused:
                    raise Fault(str(refused)) from refused

    return running(work)
