"""`offbeat analyze`: one file in this very process, without Redis."""

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from offbeat.cli.exits import Exit, Fault
from offbeat.cli.message import BpmMax, BpmMin, Cue, Cues, Request

if TYPE_CHECKING:
    from offbeat.job import Job
    from offbeat.result import CompletedResult, FailedResult

__all__ = ["analyze"]

_RUN_ID = "local"


def analyze(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Audio file.", show_default=False)
    ],
    *,
    cue: Cue = None,
    cues: Cues = None,
    bpm_min: BpmMin = None,
    bpm_max: BpmMax = None,
    output: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Write the waveform below this folder.",
            show_default="OFFBEAT_OUTPUT_MOUNT_PATH, else nothing is written",
        ),
    ] = None,
    stems: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Separate stems, and write them as FLAC below this folder; "
            "needs `offbeat models pull`.",
            show_default=False,
        ),
    ] = None,
    json_file: Annotated[
        str | None,
        typer.Option(
            "--json",
            metavar="FILE",
            help="Write the result as JSON instead of a table; - is standard output.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Analyse one file here and now, without Redis."""
    from offbeat.cli.local import need
    from offbeat.cli.report import print_result
    from offbeat.result import dump_result

    need("numpy", "soundfile")
    request = Request(
        file=str(file),
        cue=cue,
        cues=cues,
        stems=stems is not None,
        bpm_min=bpm_min,
        bpm_max=bpm_max,
    )
    result = _result(file, _job(request), output, stems)
    if json_file == "-":
        typer.echo(dump_result(result))
    elif json_file is not None:
        _write(Path(json_file), dump_result(result) + "\n")
    elif result.status == "completed":
        print_result(result)
    if result.status == "failed":
        raise Fault(result.error, Exit.FAILED_JOB)


def _job(request: Request) -> "Job":
    """Check cue tracks and options as those of a job are checked."""
    from offbeat.job import JobRefused, parse_job

    job = {
        "job_id": _RUN_ID,
        "relative_path": "file",
        "cue_tracks": request.tracks(),
        "options": request.options(),
    }
    try:
        return parse_job(json.dumps(job).encode())
    except JobRefused as refused:
        raise Fault(str(refused)) from refused


def _result(
    file: Path, job: "Job", output: Path | None, stems: Path | None
) -> "CompletedResult | FailedResult":
    """Analyse a file behind a progress bar on standard error.

    Raises:
        Fault: This machine cannot: there is no ffmpeg for a file that needs one.

    """
    from analyzer.cores import limit_blas_threads
    from analyzer.memory import tune_malloc

    limit_blas_threads()  # before numpy is imported
    tune_malloc()

    from analyzer.errors import AnalysisRefused, AnalyzerError
    from analyzer.options import Options
    from analyzer.output.folder import OutputPlace
    from analyzer.output.names import slug
    from analyzer.pipeline import analyse
    from analyzer.settings import AnalyzerSettings
    from offbeat.cli.progress import Bar
    from offbeat.result import CompletedResult, FailedResult
    from offbeat.submission import Progress

    settings = AnalyzerSettings(run_id=_RUN_ID)
    mount = output or settings.output_mount_path
    folder = PurePosixPath(slug(file.name))
    place = OutputPlace(mount, folder) if mount else None

    with Bar(file.name) as bar:

        def report(fraction: float, stage: str) -> None:
            bar.show(
                Progress(job_id=_RUN_ID, state="running", fraction=fraction or None, stage=stage)
            )

        try:
            results = analyse(
                file,
                cues=job.sorted_cues(),
                options=Options.of(settings, job.options),
                output=place,
                stems_output=OutputPlace(stems, folder) if stems else None,
                report=report,
            )
        except AnalysisRefused as refused:
            return FailedResult.because(
                refused.reason, str(refused), job_id=str(file), run_id=_RUN_ID, attempt=1
            )
        except AnalyzerError as error:
            raise Fault(f"{file}: {error}", Exit.FAILED_JOB) from error
    return CompletedResult(job_id=str(file), run_id=_RUN_ID, attempt=1, results=results)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Fault(f"{path}: {error.strerror}") from error
