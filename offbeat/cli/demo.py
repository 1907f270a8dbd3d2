"""`offbeat demo`: everything once, in a folder that is gone afterwards."""

import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from offbeat.cli.exits import Exit, Fault

if TYPE_CHECKING:
    from offbeat.cli.cues import Fields

__all__ = ["demo"]

_TIMEOUT_SEC = 120.0
_FILE = "demo.flac"


def demo() -> None:
    """Analyse a short mix that is made on the spot.

    It needs neither a cluster nor a Redis: it starts its own and cleans up.
    """
    from offbeat.cli.local import NEEDED, LocalMode, controller, ending_on_sigterm, need
    from offbeat.cli.report import print_result
    from offbeat.cli.submit import submitted
    from offbeat.embedded import EmbeddedRedis
    from offbeat.errors import NoResultInTime
    from offbeat.settings import Settings

    need(*NEEDED)
    begun = time.monotonic()
    try:
        with (
            ending_on_sigterm(),
            tempfile.TemporaryDirectory(prefix="offbeat-demo-") as name,
            EmbeddedRedis(Path(name, "redis"), port=0) as redis,
        ):
            folder = Path(name)
            typer.echo(f"Redis of its own   {redis.url}")
            message = _make_job(folder)
            settings = Settings(
                _env_file=None,  # a demo is the same wherever it is started
                redis_url=redis.url,
                analysis_queue="audio_analysis_queue",
                results_queue="audio_results_queue",
                shared_mount_path=folder,
            )
            mode = LocalMode(
                redis_url=redis.url,
                mount=folder,
                jobs=1,
                folder=folder,
                owner="demo",
                inherit=False,
            )
            log = folder / "controller.log"
            with log.open("wb") as sink, controller(mode, sink) as child:
                try:
                    result = submitted(
                        settings,
                        message,
                        timeout_sec=_TIMEOUT_SEC,
                        heartbeat=lambda: _check(child, log),
                    )
                except NoResultInTime as error:
                    raise Fault(f"{error}\n{_tail(log)}", Exit.NOTHING_THERE) from error
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    typer.echo()
    print_result(result)
    typer.echo(f"\nThat took {time.monotonic() - begun:.1f} s. Next: `offbeat dev`, README.md")
    if result.status != "completed":
        raise typer.Exit(Exit.FAILED_JOB)


def _make_job(folder: Path) -> "Fields":
    """Write the mix and return the message about it."""
    import soundfile

    from offbeat.cli.mix import RATE_HZ, make_mix

    mix = make_mix()
    soundfile.write(folder / _FILE, mix.samples, RATE_HZ, subtype="PCM_16")
    seconds = len(mix.samples) / RATE_HZ
    typer.echo(f"a mix on the spot  {_FILE}, {seconds:.0f} s, {len(mix.cues)} tracks")
    return {
        "job_id": "demo",
        "relative_path": _FILE,
        "cue_tracks": [{"title": title, "start_time_sec": start} for start, title in mix.cues],
    }


def _check(child: subprocess.Popen[bytes], log: Path) -> None:
    code = child.poll()
    if code is not None:
        raise Fault(f"the controller ended with exit code {code}\n{_tail(log)}", Exit.FAILED_JOB)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
