"""One run of the analyzer: `python -m analyzer` reads one message, settles one result and exits.

The exit code says what became of it, for Kubernetes and for the controller:

- 0: the result is delivered, or another attempt had delivered it
- 64–69: the message or the file is at fault; the failure is settled too if Redis could be reached
- 70: something unexpected; nothing is settled, Kubernetes tries again
- 75: the result could not be delivered
- 137: the kernel killed the decoder; 143: the process was told to end
"""

import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from analyzer.cores import limit_blas_threads
from analyzer.errors import AnalysisRefused, DecoderKilled
from analyzer.memory import tune_malloc
from analyzer.settings import AnalyzerSettings
from analyzer.termination_message import write_termination_message
from offbeat import keys, logs
from offbeat.errors import RedisUnreachable
from offbeat.failure import ExitCode, FailureReason, exit_code_for
from offbeat.inspection import forbid_inspection
from offbeat.job import Job, JobRefused, parse_job
from offbeat.logs import logger
from offbeat.result import CompletedResult, FailedResult
from offbeat.run_session import RunSession

__all__ = ["main"]

_LOOK_PATIENCE_SEC = 5.0
"""How long to ask whether the run is settled: not to know costs time, never a second result."""

_FAILURE_PATIENCE_SEC = 30.0
"""How long to try to deliver a failure: the exit code says it as well."""


def main() -> int:
    """Work on the run that the environment names, and return the exit code."""
    forbid_inspection()  # first: the environment holds the URL of Redis
    signal.signal(signal.SIGTERM, _end_now)
    limit_blas_threads()
    tune_malloc()
    logs.configure("INFO", "json")
    settings = None
    try:
        settings = AnalyzerSettings()
        logs.configure(settings.log_level, settings.log_format)
        with logger.contextualize(run=settings.run_id, attempt=settings.attempt):
            return _work(settings)
    except (DecoderKilled, MemoryError) as error:
        logger.error("out of memory: {}", error)
        return _end(settings, ExitCode.KILLED, FailureReason.OUT_OF_MEMORY, str(error))
    except Exception as error:  # noqa: BLE001  # the last line of defence
        logger.exception("unexpected error")
        what = f"{type(error).__name__}: {error}"
        return _end(settings, ExitCode.INTERNAL_ERROR, FailureReason.INTERNAL_ERROR, what)


def _work(settings: AnalyzerSettings) -> int:
    raw = settings.payload_file.read_bytes()
    session = RunSession(settings, settings.run_id, settings.attempt)
    try:
        if _is_settled(session):
            logger.info("the run has its result already")
            return ExitCode.OK
        try:
            job = parse_job(raw)
        except JobRefused as error:
            return _fail(
                settings, session, raw, reason=error.reason, error=str(error), job_id=error.job_id
            )
        with logger.contextualize(job_id=job.job_id):
            try:
                result = _analyse(settings, session, job)
            except AnalysisRefused as error:
                return _fail(
                    settings, session, raw, reason=error.reason, error=str(error), job_id=job.job_id
                )
            return _succeed(settings, session, raw, result)
    finally:
        session.close()


def _is_settled(session: RunSession) -> bool:
    try:
        return session.is_settled(patience_sec=_LOOK_PATIENCE_SEC)
    except RedisUnreachable as error:
        logger.warning("whether the run is settled is not known: {}", error)
        return False


def _analyse(settings: AnalyzerSettings, session: RunSession, job: Job) -> CompletedResult:
    from analyzer.input.paths import open_inside
    from analyzer.options import Options
    from analyzer.output.folder import OutputPlace
    from analyzer.output.names import job_folder
    from analyzer.pipeline import analyse

    options = Options.of(settings, job.options)
    mount = settings.output_mount_path
    output = OutputPlace(mount, job_folder(job.job_id, settings.run_id)) if mount else None
    decoding = False

    def report(fraction: float, stage: str) -> None:
        nonlocal decoding
        if not decoding:
            decoding = True
            logger.info("decoding {}", job.path)
        session.progress(fraction, stage)

    try:
        with open_inside(settings.shared_mount_path, job.path) as file:
            results = analyse(
                file,
                cues=job.sorted_cues(),
                options=options,
                output=output,
                shown=job.path,
                report=report,
            )
    except AnalysisRefused as error:
        error.path = job.path
        raise
    return CompletedResult(
        job_id=job.job_id, run_id=settings.run_id, attempt=settings.attempt, results=results
    )


def _succeed(
    settings: AnalyzerSettings, session: RunSession, raw: bytes, result: CompletedResult
) -> int:
    try:
        won = session.settle(result, raw=raw, patience_sec=settings.settle_patience_sec)
    except RedisUnreachable as error:
        logger.error("the result could not be delivered: {}", error)
        return _end(settings, ExitCode.REDIS_UNREACHABLE, FailureReason.INTERNAL_ERROR, str(error))
    logger.info("completed" if won else "completed, but another attempt had settled the run")
    return ExitCode.OK


def _fail(
    settings: AnalyzerSettings,
    session: RunSession,
    raw: bytes,
    *,
    reason: FailureReason,
    error: str,
    job_id: int | str | None,
) -> int:
    """Deliver a failure that this process can explain."""
    logger.bind(job_id=job_id, reason=reason.value).error("{}", error)
    result = FailedResult.because(
        reason, error, job_id=job_id, run_id=settings.run_id, attempt=settings.attempt
    )
    patience_sec = min(settings.settle_patience_sec, _FAILURE_PATIENCE_SEC)
    try:
        session.settle(result, raw=raw, patience_sec=patience_sec)
    except RedisUnreachable as unreachable:
        logger.error("the failure could not be delivered, the exit code says it: {}", unreachable)
    return _end(settings, exit_code_for(reason), reason, error)


def _end(
    settings: AnalyzerSettings | None, code: ExitCode, reason: FailureReason, error: str
) -> int:
    path = settings.termination_log if settings else Path(keys.TERMINATION_LOG_PATH)
    write_termination_message(path, reason, error)
    return code


def _end_now(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(ExitCode.TERMINATED)


if __name__ == "__main__":
    sys.exit(main())
