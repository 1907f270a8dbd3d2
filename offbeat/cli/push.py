"""`offbeat push`: put one job into the queue."""

import sys
from typing import TYPE_CHECKING

import typer

from offbeat.cli.connection import RedisUrl, connected, running, settings_for
from offbeat.cli.exits import Fault
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
    from offbeat.settings import Settings

__all__ = ["push", "pushed"]


def push(
    file: File,
    *,
    job_id: JobIdOption = None,
    cue: Cue = None,
    cues: Cues = None,
    profile: Profile = None,
    stems: Stems = False,
    bpm_min: BpmMin = None,
    bpm_max: BpmMax = None,
    redis_url: RedisUrl = None,
) -> None:
    """Put a job into the queue, and print its job_id."""
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
    pushed(settings, request.message(settings.shared_mount_path))


def pushed(settings: "Settings", message: "Fields") -> None:
    """Push a message and print its job_id.

    Raises:
        Fault: The message is no job.

    """
    from offbeat.job import JobRefused

    async def work() -> int | str:
        async with connected(settings) as client:
            try:
                return await client.push(message)
            except JobRefused as refused:
                raise Fault(str(refused)) from refused

    typer.echo(_in_encoding(str(running(work)), sys.stdout.encoding))


def _in_encoding(text: str, encoding: str | None) -> str:
    """Escape what the terminal's encoding lacks: the job is pushed, and its id must be printed."""
    encoding = encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
