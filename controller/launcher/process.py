"""Attempts as child processes, for machines without a cluster: the same semantics, on one machine.

Exit codes mean what podFailurePolicy makes of them: 64–69 and 137 fail the attempt, anything else
is tried again up to `backoffLimit`. What Kubernetes adds is left out: memory limits, other
machines, and survival of the controller.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from controller.attempt import Attempt, Diagnosis, Launch, Phase
from controller.names import job_name
from controller.outcome import explanation
from controller.settings import ControllerSettings, JobsConfig, Profile
from offbeat import keys
from offbeat.failure import FINAL_EXIT_CODES, ExitCode, FailureReason, reason_for_exit_code
from offbeat.logs import logger

__all__ = ["ProcessLauncher"]

_LOG_LINES = 20
_KILL_AFTER_SEC = 5.0
_FIRST_PAUSE_SEC = 1.0
_LONGEST_LINE_BYTES = 1 << 20  # of a log; the default of 64 KiB is less than a message may have


@dataclass
class _Child:
    """One attempt: its process, and what has become of it."""

    launch: Launch
    profile: Profile
    folder: Path
    phase: Phase = Phase.ACTIVE
    diagnosis: Diagnosis | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    task: asyncio.Task[None] | None = None


class ProcessLauncher:
    """Child processes of this controller; `on_end` hears of every attempt that has ended."""

    def __init__(self, config: JobsConfig, settings: ControllerSettings) -> None:
        self._config = config
        self._settings = settings
        self._children: dict[str, _Child] = {}
        self._scratch = tempfile.TemporaryDirectory(prefix="offbeat-")
        self.on_end: Callable[[Attempt], None] = lambda _: None

    async def create(self, launch: Launch) -> str:
        """Start the analyzer for an attempt."""
        name = job_name(launch.job.job_id, launch.run, launch.attempt)
        if name not in self._children:
            folder = Path(self._scratch.name, name)
            folder.mkdir()  # noqa: ASYNC240 - a local folder of our own
            (folder / keys.PAYLOAD_FILE_NAME).write_bytes(launch.raw)
            child = _Child(launch, self._config.profiles[launch.job.profile], folder)
            self._children[name] = child
            child.task = asyncio.create_task(self._see_through(name, child), name=name)
        return name

    async def attempts(self, runs: Collection[str] | None = None) -> list[Attempt]:
        """List the children that have not been collected."""
        return [
            _observe(name, child)
            for name, child in self._children.items()
            if runs is None or child.launch.run in runs
        ]

    async def troubled(self, attempts: list[Attempt]) -> Mapping[str, Diagnosis]:
        """Return why those that failed did."""
        children = {a.name: self._children[a.name] for a in attempts if a.name in self._children}
        return {
            name: child.diagnosis for name, child in children.items() if child.diagnosis is not None
        }

    async def log_tail(self, name: str, diagnosis: Diagnosis) -> list[str]:
        """Return the last lines that the child wrote."""
        return list(self._children[name].log) if name in self._children else []

    async def stop(self, name: str) -> None:
        """End the child."""
        child = self._children.get(name)
        if child is not None and child.task is not None:
            child.task.cancel()
            await asyncio.wait([child.task])
            child.phase = Phase.FAILED

    async def collect(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Forget the child."""
        self._children.pop(attempt.name, None)

    async def announce(self, attempt: Attempt, reason: str, message: str) -> None:
        """Write to the log what would be an Event."""
        logger.bind(run=attempt.run).debug("{}: {}", reason, message)

    async def close(self) -> None:
        """Stop every child. Their runs stay in flight and are launched again by the next
        controller.
        """
        for name in list(self._children):
            await self.stop(name)
        self._scratch.cleanup()

    async def _see_through(self, name: str, child: _Child) -> None:
        """Run the analyzer until it succeeds, fails for good or has been tried often enough."""
        pause = _FIRST_PAUSE_SEC
        retries = child.profile.backoff_limit
        try:
            async with asyncio.timeout(child.profile.total_deadline_sec):
                while True:
                    code = await self._once(child)
                    if code in (ExitCode.OK, ExitCode.KILLED, *FINAL_EXIT_CODES) or retries == 0:
                        break
                    retries -= 1
                    await asyncio.sleep(pause)
                    pause *= 2
        except TimeoutError:
            child.diagnosis = Diagnosis(
                reason=FailureReason.DEADLINE_EXCEEDED,
                summary="the analysis did not end within its deadline",
            )
        else:
            child.diagnosis = None if code == ExitCode.OK else _diagnose(code, child.folder)
        child.phase = Phase.SUCCEEDED if child.diagnosis is None else Phase.FAILED
        self.on_end(_observe(name, child))

    async def _once(self, child: _Child) -> int:
        """Run one process; return its exit code as a shell would.

        Raises:
            TimeoutError: It went on for longer than the profile's run deadline.

        """
        termination_log = child.folder / "termination-log"
        termination_log.write_bytes(b"")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a folder named analyzer in the current one must not hide ours
            "-m",
            "analyzer",
            env=self._environment(child, termination_log),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=_LONGEST_LINE_BYTES,
        )
        try:
            async with asyncio.timeout(child.profile.run_deadline_sec):
                await _pass_on(process, child.log)
                code = await process.wait()
        finally:
            await _stop(process)
        return code if code >= 0 else 128 - code

    def _environment(self, child: _Child, termination_log: Path) -> dict[str, str]:
        settings = self._settings
        own = {
            keys.ENV_ANALYSIS_QUEUE: settings.analysis_queue,
            keys.ENV_RESULTS_QUEUE: settings.results_queue,
            keys.ENV_SHARED_MOUNT_PATH: str(settings.shared_mount_path),
            keys.ENV_LOG_LEVEL: settings.log_level,
            keys.ENV_LOG_FORMAT: settings.log_format,
            keys.ENV_PAYLOAD_FILE: str(child.folder / keys.PAYLOAD_FILE_NAME),
            keys.ENV_TERMINATION_LOG: str(termination_log),
            keys.ENV_RUN_ID: child.launch.run,
            keys.ENV_ATTEMPT: str(child.launch.attempt),
        }
        if settings.output_mount_path is not None:
            own[keys.ENV_OUTPUT_MOUNT_PATH] = str(settings.output_mount_path)
        if settings.redis_url is not None:
            own[keys.ENV_REDIS_URL] = settings.redis_url.get_secret_value()
        return dict(os.environ) | own


def _observe(name: str, child: _Child) -> Attempt:
    return Attempt(
        name=name,
        uid=name,
        run=child.launch.run,
        attempt=child.launch.attempt,
        phase=child.phase,
        raw=child.launch.raw,
        collected=False,
    )


def _diagnose(code: int, folder: Path) -> Diagnosis:
    """Say why a child failed, from its exit code and the sentence it left."""
    reason = reason_for_exit_code(code)
    left = explanation((folder / "termination-log").read_text(encoding="utf-8", errors="replace"))
    fallback = (
        "the analyzer was killed, most likely for want of memory"
        if reason is FailureReason.OUT_OF_MEMORY
        else f"the analyzer crashed with exit code {code}"
    )
    return Diagnosis(reason=reason, summary=left or fallback, detail=f"exit code {code}")


async def _pass_on(process: asyncio.subprocess.Process, log: deque[str]) -> None:
    """Copy the child's lines to our own standard error, and remember the last."""
    if process.stdout is None:
        return
    async for line in process.stdout:
        text = line.decode("utf-8", "replace").rstrip()
        log.append(text)
        sys.stderr.write(text + "\n")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End a process that is still there: politely, then not."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_KILL_AFTER_SEC):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
