"""Attempts as child processes, for machines without a cluster: the same semantics, on one machine.

One attempt is one task, which sees its tries through: it always ends with a phase, whatever
happens. What the machine lacks for a while (descriptors, room, the scratch folder) is waited for
and is never the run's fault. What Kubernetes adds is left out: memory limits, other machines, and
survival of the controller.
"""

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from controller.attempt import Attempt, Diagnosis, LaunchSpec, Phase
from controller.errors import LauncherUnavailable, LaunchRejected
from controller.settings import ControllerSettings, JobsConfig, Profile
from local.child import ChildProcess
from local.environment import child_environment
from local.oom import OomCounter
from local.scratch import Scratch
from local.verdict import Verdict, judge
from offbeat import logs
from offbeat.failure import FailureReason
from offbeat.logs import logger
from offbeat.slug import job_name, label_value

__all__ = ["ANALYZER", "ProcessLauncher"]

ANALYZER = (sys.executable, "-P", "-m", "analyzer")
"""-P: a folder named analyzer in the current one must not hide ours."""

_LOG_LINES = 20
_MESSAGE_BYTES = 4096
_PAGE = 500
_KILL_AFTER_SEC = 5.0
_FIRST_PAUSE_SEC = 1.0
_LONGEST_PAUSE_SEC = 360.0
"""The longest pause of Kubernetes between the pods of one Job."""
_LONGEST_WAIT_FOR_MACHINE_SEC = 5.0

_STOPPED = Diagnosis(reason=FailureReason.DISRUPTED, summary="the analyzer was stopped")


@dataclass(kw_only=True)
class _Try:
    """One process of an attempt, and what must be given back when it has ended."""

    process: ChildProcess
    message: int
    """Descriptor of its termination message."""
    oom_kills: int | None
    """The kernel's counter when it began."""


@dataclass(kw_only=True)
class _Child:
    """One attempt, and what has become of it."""

    name: str
    spec: LaunchSpec
    profile: Profile
    phase: Phase = Phase.ACTIVE
    diagnosis: Diagnosis | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))
    current: _Try | None = None
    task: asyncio.Task[None] | None = None
    timeout: asyncio.Timeout | None = None
    is_stopped: bool = False
    is_forgotten: bool = False
    trouble: str | None = None
    """What keeps it from being started again."""

    def observe(self) -> Attempt:
        """Return it as an attempt."""
        return Attempt(
            job_name=self.name,
            uid=self.name,
            run_id=self.spec.run_id,
            number=self.spec.number,
            phase=self.phase,
            cleanup_scheduled=self.is_forgotten,
            diagnosis=self.diagnosis,
            job_label=label_value(self.spec.job.job_id),
        )


class ProcessLauncher:
    """Child processes of this controller; `on_end` is called with every attempt that has ended."""

    def __init__(
        self,
        config: JobsConfig,
        settings: ControllerSettings,
        *,
        command: Sequence[str] = ANALYZER,
        environ: Mapping[str, str] | None = None,
        scratch: Path | None = None,
        oom_kills: Callable[[], int | None] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        kill_after_sec: float = _KILL_AFTER_SEC,
    ) -> None:
        """Remove what controllers of this user that were killed have left.

        Args:
            config: The profiles; of each, the deadlines and `backoffLimit` count.
            settings: What the analyzers are told.
            command: The program that is started for every try.
            environ: The controller's environment, of which a part is passed on.
            scratch: The folder for temporary files; the system's own if `None`.
            oom_kills: Reads the kernel's counter of processes killed for lack of memory.
            sleep: Waits between two tries.
            kill_after_sec: How long a process may take to end after SIGTERM.

        """
        self._profiles = config.profiles
        self._settings = settings
        self._command = command
        self._environ = os.environ if environ is None else environ
        self._oom_kills = oom_kills or OomCounter().read
        self._sleep = sleep
        self._kill_after_sec = kill_after_sec
        self._children: dict[str, _Child] = {}
        self._is_closed = False
        self._scratch = Scratch(scratch)
        self._scratch.sweep()
        self.on_end: Callable[[Attempt], None] = lambda _: None

    async def create(self, spec: LaunchSpec) -> str:
        """Start the analyzer for an attempt.

        Raises:
            LauncherUnavailable: The machine lacks something now, or the launcher is closed.
            LaunchRejected: There is no such profile.

        """
        name = job_name(spec.job.job_id, spec.run_id, spec.number)
        if name in self._children:
            return name
        if self._is_closed:
            raise LauncherUnavailable("the controller is stopping")
        profile = self._profiles.get(spec.job.profile)
        if profile is None:
            raise LaunchRejected(f"there is no profile {spec.job.profile!r}")
        child = _Child(name=name, spec=spec, profile=profile)
        try:
            self._start_try(child)
        except OSError as error:
            raise LauncherUnavailable(f"no analyzer can be started here: {error}") from error
        except Exception as error:  # noqa: BLE001 - a bug must end the attempt, not strand the run
            child.diagnosis = _unexpected(error)
        self._children[name] = child
        child.task = asyncio.create_task(self._supervise(child), name=name)
        return name

    async def inspect(self, run_ids: Collection[str]) -> list[Attempt]:
        """Return the attempts of these runs whose cleanup is not scheduled."""
        return [
            child.observe()
            for child in self._children.values()
            if child.spec.run_id in run_ids and not child.is_forgotten
        ]

    async def pages(self) -> AsyncIterator[list[Attempt]]:
        """Yield the attempts whose cleanup is not scheduled."""
        attempts = [child.observe() for child in self._children.values() if not child.is_forgotten]
        for start in range(0, len(attempts), _PAGE):
            yield attempts[start : start + _PAGE]

    async def is_settled(self, spec: LaunchSpec) -> bool:
        """Say whether an attempt is only waited for."""
        child = self._children.get(job_name(spec.job.job_id, spec.run_id, spec.number))
        return child is not None and child.is_forgotten

    async def read_message(self, job_name: str) -> bytes | None:
        """Return the message of an attempt; `None` if there is no such attempt."""
        child = self._children.get(job_name)
        return child.spec.raw if child is not None else None

    async def log_tail(self, job_name: str, diagnosis: Diagnosis) -> list[str]:
        """Return the last lines that the child wrote."""
        child = self._children.get(job_name)
        return list(child.log) if child is not None else []

    async def stop(self, job_name: str) -> None:
        """Have an attempt ended, without waiting for its end; do nothing if it has ended."""
        child = self._children.get(job_name)
        if child is None or child.is_stopped or child.phase is not Phase.ACTIVE:
            return
        child.is_stopped = True
        if child.timeout is not None:
            with contextlib.suppress(RuntimeError):  # it expires or ends at this very moment
                child.timeout.reschedule(0)

    async def schedule_cleanup(self, attempt: Attempt, reason: FailureReason | None) -> None:
        """Forget an attempt as soon as it has ended."""
        child = self._children.get(attempt.job_name)
        if child is not None:
            child.is_forgotten = True
            self._forget_if_over(child)

    async def record_event(self, attempt: Attempt, reason: str, message: str) -> None:
        """Write to the log what would be an Event."""
        logger.bind(run=attempt.run_id).debug("{}: {}", reason, message)

    async def close(self) -> None:
        """End all children at once, and remove what they leave.

        `on_end` is no longer called: their runs stay in flight, and the next controller launches
        them again. It takes no longer than twice the time that a process has to end, and a moment.
        """
        self._is_closed = True
        try:
            for name in list(self._children):
                await self.stop(name)
            tasks = [child.task for child in self._children.values() if child.task is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=2 * self._kill_after_sec + 1)
        finally:
            for child in self._children.values():
                if child.current is not None:
                    child.current.process.kill()
            self._scratch.close()

    async def _supervise(self, child: _Child) -> None:
        """Give the attempt a phase, whatever happens."""
        try:
            child.diagnosis = child.diagnosis or await self._see_through(child)
        except Exception as error:  # noqa: BLE001 - the run must get its result
            child.diagnosis = _unexpected(error)
        child.phase = Phase.SUCCEEDED if child.diagnosis is None else Phase.FAILED
        self._forget_if_over(child)
        if self._is_closed:
            return
        try:
            self.on_end(child.observe())
        except Exception:  # noqa: BLE001 - the reconciler looks at the run later by itself
            logger.bind(run=child.spec.run_id).exception("the end of {} was not taken", child.name)

    async def _see_through(self, child: _Child) -> Diagnosis | None:
        """Run the analyzer until it succeeds, fails for good or has been tried often enough."""
        total_sec = child.profile.total_deadline_sec
        try:
            async with asyncio.timeout(0 if child.is_stopped else total_sec) as child.timeout:
                return await self._try_until_final(child)
        except TimeoutError:
            if child.is_stopped:
                return _STOPPED
        finally:
            child.timeout = None
            await self._end_try(child)
        return Diagnosis(
            reason=FailureReason.DEADLINE_EXCEEDED,
            summary=f"the job did not end within its total deadline of {total_sec} s",
            detail=child.trouble,
        )

    async def _try_until_final(self, child: _Child) -> Diagnosis | None:
        log = logger.bind(run=child.spec.run_id)
        retries, pause = child.profile.backoff_limit, _FIRST_PAUSE_SEC
        while True:
            verdict = await self._finish_try(child)
            await self._end_try(child)
            if verdict.final or verdict.diagnosis is None or retries == 0:
                return verdict.diagnosis
            log.warning("{}; it is tried again in {:g} s", verdict.diagnosis.summary, pause)
            retries -= 1
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SEC)
            await self._start_again(child)

    async def _start_again(self, child: _Child) -> None:
        """Start another try as soon as the machine lets us."""
        log = logger.bind(run=child.spec.run_id)
        pause = _FIRST_PAUSE_SEC
        while True:
            try:
                self._start_try(child)
            except OSError as error:
                if child.trouble != str(error):
                    log.warning("the analyzer cannot be started again, trying on: {}", error)
                child.trouble = str(error)
            else:
                child.trouble = None
                return
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_WAIT_FOR_MACHINE_SEC)

    def _start_try(self, child: _Child) -> None:
        """Start one process; on an error nothing is left of it.

        Raises:
            OSError: The machine lacks something.

        """
        oom_kills = self._oom_kills()
        folder = self._scratch.make(child.name)
        try:
            message = folder.fill(child.spec.raw)
            try:
                process = ChildProcess.start(
                    self._command,
                    child_environment(self._environ, self._settings, child.spec, folder),
                    lambda line: _take_line(child, line),
                )
            except BaseException:
                os.close(message)
                raise
        except BaseException:
            folder.remove()
            raise
        child.current = _Try(process=process, message=message, oom_kills=oom_kills)

    async def _finish_try(self, child: _Child) -> Verdict:
        """Wait until the process has ended or its time is up, and judge it."""
        current = child.current
        assert current is not None  # noqa: S101 - it was started
        deadline_sec = child.profile.run_deadline_sec
        try:
            async with asyncio.timeout(deadline_sec) as timeout:
                status = await current.process.wait()
        except TimeoutError:
            if not timeout.expired():
                raise
            ended = current.process.status
            if ended is None:
                return Verdict(
                    diagnosis=Diagnosis(
                        reason=FailureReason.DEADLINE_EXCEEDED,
                        summary=f"the analysis did not end within its deadline of {deadline_sec} s",
                    ),
                    final=True,
                )
            status = ended
        before, after = current.oom_kills, self._oom_kills()
        return judge(
            status,
            message=os.pread(current.message, _MESSAGE_BYTES, 0),
            oom_kills=after - before if before is not None and after is not None else 0,
        )

    async def _end_try(self, child: _Child) -> None:
        """End the process if it runs, and give back what it had.

        Where a deadline interrupts it, the process is killed and this must be called once more.
        """
        current = child.current
        if current is None:
            return
        await current.process.end(kill_after_sec=self._kill_after_sec)
        child.current = None
        os.close(current.message)
        self._scratch.remove(child.name)

    def _forget_if_over(self, child: _Child) -> None:
        if child.is_forgotten and child.phase is not Phase.ACTIVE:
            self._children.pop(child.name, None)
            self._scratch.remove(child.name)  # once more: there may have been no descriptor for it


def _take_line(child: _Child, line: str) -> None:
    child.log.append(line)
    logs.pass_on(line)


def _unexpected(error: Exception) -> Diagnosis:
    logger.opt(exception=error).error("an attempt failed unexpectedly")
    return Diagnosis(
        reason=FailureReason.INTERNAL_ERROR,
        summary=f"the controller could not run the analyzer: {type(error).__name__}: {error}",
    )
