"""Attempts as child processes, with real children in place of the analyzer."""

import asyncio
import errno
import gc
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from controller.attempt import Attempt, Diagnosis, Launcher, LaunchSpec, Phase
from controller.errors import LauncherUnavailable, LaunchRejected
from controller.settings import ControllerSettings, JobsConfig, Profile
from local import process
from local.child import LineBuffer
from local.environment import child_environment
from local.process import ANALYZER, ProcessLauncher
from local.scratch import TryFolder
from offbeat.failure import FailureReason
from offbeat.job import parse_job
from offbeat.slug import job_name

RAW = b'{"job_id": 1, "relative_path": "a.wav"}'
RUN = "0123456789abcdef"
NAME = job_name(1, RUN, 1)
SETTINGS: dict[str, Any] = {"_env_file": None, "redis_url": "redis://h/0"}
NOTHING = Diagnosis(reason=FailureReason.EVICTED, summary="")
PATIENCE_SEC = 30.0
"""How long a test waits before it says that something never happens."""

FOREVER = "import time\nwhile True: time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('deaf', flush=True)\n"
NOTE_TRY = "import os, sys\nwith open(os.environ['HOME'] + '/tries', 'a') as f: f.write('x')\n"
TRIES = NOTE_TRY + "tries = len(open(os.environ['HOME'] + '/tries').read())\n"
LEAVE = "open(os.environ['OFFBEAT_TERMINATION_LOG'], 'r+').write("
NO_ROOM = OSError(errno.ENOSPC, "No space left on device")
NO_DESCRIPTORS = OSError(errno.EMFILE, "Too many open files")


class Ends:
    """The attempts of which the launcher has said that they have ended."""

    def __init__(self) -> None:
        self.all: list[Attempt] = []
        self._changed = asyncio.Event()

    def __call__(self, attempt: Attempt) -> None:
        """Take one."""
        self.all.append(attempt)
        self._changed.set()

    async def first(self) -> Attempt:
        """Wait for the first."""
        async with asyncio.timeout(PATIENCE_SEC):
            await self._changed.wait()
        return self.all[0]


class Pauses:
    """Takes the place of sleep: notes how long, and passes no time."""

    def __init__(self) -> None:
        self.all: list[float] = []

    async def __call__(self, seconds: float) -> None:
        """Note it."""
        self.all.append(seconds)
        await asyncio.sleep(0)


@asynccontextmanager
async def a_launcher(
    tmp_path: Path,
    code: str,
    *,
    oom_kills: Callable[[], int | None] = lambda: 0,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    kill_after_sec: float = PATIENCE_SEC,
    **profile: int,
) -> AsyncIterator[tuple[ProcessLauncher, Ends]]:
    """Make a launcher whose analyzer is a few lines of Python."""
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    launcher = ProcessLauncher(
        JobsConfig(profiles={"default": Profile.model_validate({"image": "i", **profile})}),
        ControllerSettings(**SETTINGS),
        command=(sys.executable, "-I", "-S", "-c", code),
        environ={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        scratch=scratch,
        oom_kills=oom_kills,
        sleep=sleep or Pauses(),
        kill_after_sec=kill_after_sec,
    )
    launcher.on_end = ends = Ends()
    try:
        yield launcher, ends
    finally:
        await launcher.close()


def a_spec(run_id: str = RUN, number: int = 1) -> LaunchSpec:
    """Make an attempt at a run."""
    return LaunchSpec(run_id=run_id, number=number, job=parse_job(RAW), raw=RAW)


async def until(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_SEC):
        while not condition():
            await asyncio.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def scratch_of(tmp_path: Path) -> list[Path]:
    """List what lies in the scratch folder, but for the lock."""
    found = (tmp_path / "scratch").glob("*/*")
    return [path for path in found if path.name != "lock"]


def descriptors() -> list[int]:
    """List the open files of this process, and the one that lists them."""
    return [int(file.name) for file in Path("/proc/self/fd").iterdir()]


def assert_all_reaped() -> None:
    """Check that this process has no child, not even a dead one."""
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def count(folder: Path, pattern: str) -> int:
    """Count files."""
    return len(list(folder.glob(pattern)))


def tries_in(tmp_path: Path) -> int:
    """Count the processes that have begun."""
    file = tmp_path / "tries"
    return len(file.read_text()) if file.exists() else 0


async def the_end(tmp_path: Path, code: str, **options: Any) -> Diagnosis | None:  # noqa: ANN401
    """Run one attempt to its end and return its diagnosis."""
    async with a_launcher(tmp_path, code, **options) as (launcher, ends):
        await launcher.create(a_spec())
        return (await ends.first()).diagnosis


async def test_an_analyzer_that_succeeds(tmp_path: Path) -> None:
    """The attempt is told with its phase and no diagnosis."""
    launcher: Launcher
    async with a_launcher(tmp_path, "") as (launcher, ends):
        assert await launcher.create(a_spec()) == NAME
        attempt = await ends.first()
        assert await launcher.inspect([RUN]) == [attempt]
    assert attempt == Attempt(
        job_name=NAME, uid=NAME, run_id=RUN, number=1, phase=Phase.SUCCEEDED, job_label="1"
    )


async def test_the_analyzer_is_ours() -> None:
    """A folder named analyzer where the user works does not hide it."""
    assert ANALYZER[1:] == ("-P", "-m", "analyzer")


async def test_an_attempt_is_started_once(tmp_path: Path) -> None:
    """A launch may be repeated when its answer was lost."""
    async with a_launcher(tmp_path, NOTE_TRY) as (launcher, ends):
        await launcher.create(a_spec())
        await launcher.create(a_spec())
        await ends.first()
        assert await launcher.create(a_spec()) == NAME
    assert tries_in(tmp_path) == 1
    assert len(ends.all) == 1


async def test_a_fault_of_the_file_is_final(tmp_path: Path) -> None:
    """No other try follows; the sentence that it left is the summary."""
    code = (
        NOTE_TRY + LEAVE + """'{"reason": "file_not_found", "error": "a.wav: is not there"}')\n"""
    )
    diagnosis = await the_end(tmp_path, code + "sys.exit(66)")
    assert diagnosis == Diagnosis(
        reason=FailureReason.FILE_NOT_FOUND, summary="a.wav: is not there", detail="exit code 66"
    )
    assert tries_in(tmp_path) == 1


async def test_a_crash_is_tried_again(tmp_path: Path) -> None:
    """As often as `backoffLimit` says, with longer and longer pauses."""
    pauses = Pauses()
    diagnosis = await the_end(tmp_path, NOTE_TRY + "os._exit(70)", sleep=pauses, backoffLimit=3)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.INTERNAL_ERROR
    assert tries_in(tmp_path) == 4
    assert pauses.all == [1, 2, 4]


async def test_the_pause_has_a_limit(tmp_path: Path) -> None:
    """As between the pods of a Job."""
    pauses = Pauses()
    await the_end(tmp_path, "import os; os._exit(70)", sleep=pauses, backoffLimit=11)
    assert pauses.all[-3:] == [256, 360, 360]


async def test_a_later_try_may_succeed(tmp_path: Path) -> None:
    """What an earlier one left does not count."""
    code = TRIES + "if tries == 1:\n " + LEAVE + '\'{"error": "old"}\')\n os._exit(70)'
    assert await the_end(tmp_path, code) is None


async def test_killed_by_somebody_is_a_crash(tmp_path: Path) -> None:
    """Nobody is told to buy memory because of a kill -9."""
    diagnosis = await the_end(tmp_path, NOTE_TRY + "os.kill(os.getpid(), 9)", backoffLimit=1)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.INTERNAL_ERROR
    assert diagnosis.summary.startswith("the analyzer was killed by signal 9")
    assert tries_in(tmp_path) == 2


async def test_killed_by_the_kernel_is_out_of_memory(tmp_path: Path) -> None:
    """The kernel's counter has grown during the try; another would end in the same way."""
    kills = iter([4, 5])
    code = NOTE_TRY + "os.kill(os.getpid(), 9)"
    diagnosis = await the_end(tmp_path, code, oom_kills=lambda: next(kills))
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.OUT_OF_MEMORY
    assert tries_in(tmp_path) == 1


async def test_a_counter_that_cannot_be_read_proves_nothing(tmp_path: Path) -> None:
    """Only if the system says so."""
    kills = iter([None, 5])
    code = "import os; os.kill(os.getpid(), 9)"
    diagnosis = await the_end(tmp_path, code, oom_kills=lambda: next(kills), backoffLimit=0)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.INTERNAL_ERROR


async def test_the_run_deadline_ends_a_try(tmp_path: Path) -> None:
    """Another would take just as long."""
    diagnosis = await the_end(tmp_path, NOTE_TRY + FOREVER, runDeadlineSec=1)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.DEADLINE_EXCEEDED
    assert diagnosis.summary == "the analysis did not end within its deadline of 1 s"
    assert tries_in(tmp_path) == 1


async def test_the_total_deadline_ends_the_attempt(tmp_path: Path) -> None:
    """Also in a pause between two tries."""

    async def sleep(_: float) -> None:
        await asyncio.Event().wait()

    diagnosis = await the_end(tmp_path, "import os; os._exit(70)", sleep=sleep, totalDeadlineSec=1)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.DEADLINE_EXCEEDED
    assert diagnosis.summary == "the job did not end within its total deadline of 1 s"


async def test_both_deadlines_at_once(tmp_path: Path) -> None:
    """The process is ended and reaped, whichever comes first."""
    diagnosis = await the_end(
        tmp_path, DEAF + FOREVER, runDeadlineSec=1, totalDeadlineSec=1, kill_after_sec=0.1
    )
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.DEADLINE_EXCEEDED
    assert_all_reaped()


def break_it(
    patch: pytest.MonkeyPatch, owner: object, name: str, error: Exception, times: float = 1
) -> None:
    """Let a function fail the next few times."""
    real = getattr(owner, name)
    left = times

    def faulty(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - any function's
        nonlocal left
        if left > 0:
            left -= 1
            raise error
        return real(*args, **kwargs)

    patch.setattr(owner, name, faulty)


FAULTS = [
    (tempfile, "mkdtemp", NO_ROOM),
    (os, "mkdir", NO_ROOM),
    (os, "pipe", NO_DESCRIPTORS),
    (os, "set_blocking", NO_DESCRIPTORS),
    (subprocess, "Popen", NO_DESCRIPTORS),
    (subprocess, "Popen", BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")),
    (threading.Thread, "start", RuntimeError("can't start new thread")),
]


@pytest.mark.parametrize(
    ("owner", "name", "error"), FAULTS, ids=[f"{row[1]}-{row[2]}" for row in FAULTS]
)
async def test_what_the_machine_lacks_is_no_fault_of_the_launch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: Exception
) -> None:
    """The launch is repeated under the same name, and nothing of the first one is left."""
    async with a_launcher(tmp_path, NOTE_TRY) as (launcher, ends):
        before = len(descriptors())
        with monkeypatch.context() as patch:
            break_it(patch, owner, name, error)
            with pytest.raises(LauncherUnavailable, match=str(error.args[-1])):
                await launcher.create(a_spec())
        assert scratch_of(tmp_path) == []
        locks = count(tmp_path, "scratch/*/lock")
        assert len(descriptors()) == before + locks
        assert await launcher.inspect([RUN]) == []
        assert await launcher.create(a_spec()) == NAME
        assert (await ends.first()).phase is Phase.SUCCEEDED


@contextmanager
def no_more_descriptors() -> Iterator[None]:
    """Let this process open no other file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(descriptors())
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, before[1]))
    taken: list[int] = []
    try:
        try:
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        except OSError:
            yield
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_process_without_descriptors(tmp_path: Path) -> None:
    """Whatever the system call that notices it."""
    async with a_launcher(tmp_path, "") as (launcher, ends):
        with no_more_descriptors(), pytest.raises(LauncherUnavailable, match="Too many open"):
            await launcher.create(a_spec())
        assert scratch_of(tmp_path) == []
        await launcher.create(a_spec())
        assert (await ends.first()).phase is Phase.SUCCEEDED


@contextmanager
def a_small_disk(folder: Path) -> Iterator[Path]:
    """Mount 64 KiB; give the path of a file that may fill it."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount")
    try:
        yield folder / "ballast"
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="mounts a small file system")
async def test_a_full_scratch_folder(tmp_path: Path) -> None:
    """A half-written message is never analysed."""
    with a_small_disk(tmp_path / "scratch") as ballast:
        async with a_launcher(tmp_path, "") as (launcher, ends):
            with pytest.raises(OSError, match="No space"):
                ballast.write_bytes(b"x" * 70_000)
            with pytest.raises(LauncherUnavailable, match="No space"):
                await launcher.create(a_spec())
            assert scratch_of(tmp_path) == []
            ballast.unlink()
            await launcher.create(a_spec())
            assert (await ends.first()).phase is Phase.SUCCEEDED


@pytest.mark.parametrize(
    ("owner", "name", "error"), FAULTS[1:], ids=[f"{row[1]}-{row[2]}" for row in FAULTS[1:]]
)
async def test_a_later_try_waits_for_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: Exception
) -> None:
    """It is repeated with pauses of 5 s at most, and `backoffLimit` does not count that."""
    pauses = Pauses()

    async def sleep(seconds: float) -> None:
        if not pauses.all:
            break_it(monkeypatch, owner, name, error, times=5)
        await pauses(seconds)

    code = TRIES + "if tries < 3: os._exit(70)"
    assert await the_end(tmp_path, code, sleep=sleep, backoffLimit=2) is None
    assert tries_in(tmp_path) == 3
    assert pauses.all == [1, 1, 2, 4, 5, 5, 2]


async def test_a_machine_that_never_recovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The total deadline ends it, and the result says what was lacking."""

    async def sleep(_: float) -> None:
        break_it(monkeypatch, os, "pipe", NO_DESCRIPTORS, times=float("inf"))
        await asyncio.sleep(0.01)

    diagnosis = await the_end(tmp_path, "import os; os._exit(70)", sleep=sleep, totalDeadlineSec=1)
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.DEADLINE_EXCEEDED
    assert diagnosis.detail == str(NO_DESCRIPTORS)


async def test_a_scratch_folder_that_somebody_removed(tmp_path: Path) -> None:
    """The next try has its message all the same."""

    async def sleep(_: float) -> None:
        for folder in (tmp_path / "scratch").iterdir():
            shutil.rmtree(folder)

    code = TRIES + "open(os.environ['OFFBEAT_PAYLOAD_FILE']).read()\nif tries == 1: os._exit(70)"
    assert await the_end(tmp_path, code, sleep=sleep) is None
    assert tries_in(tmp_path) == 2


async def test_a_scratch_folder_removed_under_the_analyzer(tmp_path: Path) -> None:
    """Its last words were open before it began."""
    code = LEAVE.replace("open(", "f = open(").replace(".write(", "\n") + (
        "shutil.rmtree(os.path.dirname(os.environ['OFFBEAT_TERMINATION_LOG']))\n"
        """f.write('{"error": "gone"}'); f.close(); sys.exit(66)"""
    )
    diagnosis = await the_end(tmp_path, "import os, shutil, sys\n" + code)
    assert diagnosis is not None
    assert diagnosis.summary == "gone"


@pytest.mark.parametrize(("owner", "name"), [(process, "child_environment"), (process, "judge")])
async def test_the_unexpected_is_an_internal_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    """A bug of ours ends the attempt and strands no run."""
    break_it(monkeypatch, owner, name, ValueError("what is this"))
    diagnosis = await the_end(tmp_path, "import os; os._exit(70)")
    assert diagnosis is not None
    assert diagnosis.reason is FailureReason.INTERNAL_ERROR
    assert "ValueError: what is this" in diagnosis.summary
    assert scratch_of(tmp_path) == []


async def test_nobody_takes_the_end(tmp_path: Path) -> None:
    """An error of the listener is logged, and asyncio has nothing to complain about."""
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with a_launcher(tmp_path, "") as (launcher, ends):

        def refuse(attempt: Attempt) -> None:
            ends(attempt)
            raise ValueError("not now")

        launcher.on_end = refuse
        await launcher.create(a_spec())
        await ends.first()
        (attempt,) = await launcher.inspect([RUN])
        assert attempt.phase is Phase.SUCCEEDED
    del launcher
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


async def test_an_unknown_profile_is_rejected(tmp_path: Path) -> None:
    """It is checked before; here it must not be an accident."""
    job = parse_job(b'{"job_id": 1, "relative_path": "a.wav", "profile": "gpu"}')
    spec = LaunchSpec(run_id=RUN, number=1, job=job, raw=RAW)
    async with a_launcher(tmp_path, "") as (launcher, _):
        with pytest.raises(LaunchRejected, match="gpu"):
            await launcher.create(spec)


async def test_the_scratch_folder_of_a_try_goes_with_it(tmp_path: Path) -> None:
    """What the analyzer leaves in TMPDIR as well."""
    code = (
        "import os\nopen(os.environ['TMPDIR'] + '/left', 'w').close()\nprint(os.environ['TMPDIR'])"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        attempt = await ends.first()
        assert attempt.phase is Phase.SUCCEEDED
        assert scratch_of(tmp_path) == []
        (folder,) = await launcher.log_tail(NAME, NOTHING)
        assert Path(folder).is_relative_to(tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_a_new_launcher_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """Before it needs a folder itself."""
    left = tmp_path / "scratch/offbeat-controller-left"
    left.mkdir(parents=True)
    (left / "lock").touch()
    async with a_launcher(tmp_path, ""):
        assert not left.exists()


async def test_no_descriptor_is_left(tmp_path: Path) -> None:
    """A controller lives for months."""
    async with a_launcher(tmp_path, "import os; os._exit(70)", backoffLimit=3) as (launcher, ends):
        await launcher.create(a_spec())
        before = len(descriptors())
        await ends.first()
        assert len(descriptors()) == before - 2  # its output, its last words


async def test_runs_are_told_apart(tmp_path: Path) -> None:
    """Those that are asked for, unless their cleanup is scheduled."""
    async with a_launcher(tmp_path, FOREVER) as (launcher, _):
        for run_id in ("a" * 16, "b" * 16, "c" * 16):
            await launcher.create(a_spec(run_id))
        (third,) = await launcher.inspect({"c" * 16})
        assert {a.run_id for a in await launcher.inspect(["a" * 16, "b" * 16])} == {
            "a" * 16,
            "b" * 16,
        }
        await launcher.schedule_cleanup(third, None)
        assert await launcher.inspect({"c" * 16}) == []
        settled = [await launcher.is_settled(a_spec(run_id * 16)) for run_id in "abcd"]
        assert settled == [False, False, True, False]
        pages = [page async for page in launcher.pages()]
        assert [attempt.run_id[0] for page in pages for attempt in page] == ["a", "b"]


async def test_cleanup_forgets_the_attempt(tmp_path: Path) -> None:
    """Its message, too."""
    async with a_launcher(tmp_path, "") as (launcher, ends):
        await launcher.create(a_spec())
        attempt = await ends.first()
        assert await launcher.read_message(NAME) == RAW
        await launcher.schedule_cleanup(attempt, FailureReason.EVICTED)
        await launcher.schedule_cleanup(attempt, None)
        assert [page async for page in launcher.pages()] == []
        assert await launcher.read_message(NAME) is None
        assert await launcher.log_tail(NAME, NOTHING) == []


async def test_an_attempt_that_is_to_be_forgotten_is_ended_first(tmp_path: Path) -> None:
    """A process that nobody knows of would run for ever."""
    async with a_launcher(tmp_path, FOREVER) as (launcher, ends):
        await launcher.create(a_spec())
        (attempt,) = await launcher.inspect([RUN])
        await launcher.schedule_cleanup(attempt, None)
        await launcher.stop(NAME)
        await ends.first()
        assert [page async for page in launcher.pages()] == []


async def test_the_log_keeps_the_last_lines(tmp_path: Path) -> None:
    """Of both streams, without the line break, and the last even without one."""
    code = (
        "import os, sys\nfor n in range(30): print(n, flush=True)\n"
        "sys.stderr.write('é\\n'); sys.stderr.flush(); os.write(1, b'bad \\xff')"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        await ends.first()
        tail = await launcher.log_tail(NAME, NOTHING)
    assert tail == [*map(str, range(12, 30)), "é", "bad \ufffd"]


async def test_a_line_of_any_length_is_no_trouble(tmp_path: Path) -> None:
    """A message may be logged, and a bug may log without end."""
    code = "import sys\nsys.stdout.write('x' * 3_000_000 + '\\nlast\\n')"
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        assert (await ends.first()).phase is Phase.SUCCEEDED
        tail = await launcher.log_tail(NAME, NOTHING)
    assert tail[-1] == "last"


def test_lines_are_cut_at_their_limit() -> None:
    """Wherever the reads happen to end."""
    lines: list[str] = []
    buffer = LineBuffer(lines.append, limit=4)
    for data in (b"a\n\nbc", b"d", b"efghij", b"\nk\nlmnopqrst\n", b"u"):
        buffer.feed(data)
    buffer.end()
    buffer.end()
    assert "".join(lines) == "abcdefghijklmnopqrstu"
    assert max(map(len, lines)) <= 4
    assert lines[:2] == ["a", ""]


async def test_what_the_analyzer_has_started_ends_with_it(tmp_path: Path) -> None:
    """A decoder that hangs, and that holds the log's pipe."""
    code = (
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(child.pid, flush=True)"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        assert (await ends.first()).phase is Phase.SUCCEEDED
        (pid,) = await launcher.log_tail(NAME, NOTHING)
        await until(lambda: not is_alive(int(pid)))


async def test_a_stranger_that_holds_the_log_is_not_waited_for(tmp_path: Path) -> None:
    """One that has left the session is out of reach."""
    code = (
        "import subprocess\n"
        "print(subprocess.Popen(['sleep', '600'], start_new_session=True).pid, flush=True)"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        assert (await ends.first()).phase is Phase.SUCCEEDED
        (pid,) = await launcher.log_tail(NAME, NOTHING)
        os.kill(int(pid), signal.SIGKILL)


async def test_stop_ends_an_attempt(tmp_path: Path) -> None:
    """Once, however often it is asked for; it counts as failed."""
    async with a_launcher(tmp_path, FOREVER) as (launcher, ends):
        await launcher.create(a_spec())
        await asyncio.sleep(0)
        await launcher.stop(NAME)
        await launcher.stop(NAME)
        attempt = await ends.first()
        await launcher.stop(NAME)
        assert await launcher.inspect([RUN]) == [attempt]
    assert attempt.phase is Phase.FAILED
    assert attempt.diagnosis is not None
    assert attempt.diagnosis.reason is FailureReason.DISRUPTED
    assert len(ends.all) == 1
    assert_all_reaped()


async def test_stop_of_nothing(tmp_path: Path) -> None:
    """There need not be one."""
    async with a_launcher(tmp_path, "") as (launcher, _):
        await launcher.stop(NAME)


async def test_stop_before_the_attempt_has_begun(tmp_path: Path) -> None:
    """Its task has not run yet, its process has."""
    async with a_launcher(tmp_path, FOREVER) as (launcher, ends):
        await launcher.create(a_spec())
        await launcher.stop(NAME)
        assert (await ends.first()).phase is Phase.FAILED
    assert_all_reaped()


async def test_stop_in_a_pause(tmp_path: Path) -> None:
    """Nobody waits for the pause to end."""
    paused = asyncio.Event()

    async def sleep(_: float) -> None:
        paused.set()
        await asyncio.Event().wait()

    async with a_launcher(tmp_path, "import os; os._exit(70)", sleep=sleep) as (launcher, ends):
        await launcher.create(a_spec())
        await paused.wait()
        await launcher.stop(NAME)
        assert (await ends.first()).phase is Phase.FAILED


async def test_stop_does_not_wait_for_the_end(tmp_path: Path) -> None:
    """The reconciler has other runs to look at; the end is told when it comes."""
    async with a_launcher(tmp_path, DEAF + FOREVER, kill_after_sec=0.2) as (launcher, ends):
        await launcher.create(a_spec())
        await until_it_says(launcher, "deaf")
        await launcher.stop(NAME)
        (attempt,) = await launcher.inspect([RUN])
        assert attempt.phase is Phase.ACTIVE
        assert (await ends.first()).phase is Phase.FAILED


async def until_it_says(launcher: ProcessLauncher, line: str, name: str = NAME) -> None:
    """Wait for a line of the child's log."""
    async with asyncio.timeout(PATIENCE_SEC):
        while line not in await launcher.log_tail(name, NOTHING):
            await asyncio.sleep(0.005)


async def test_a_stopped_process_is_ended(tmp_path: Path) -> None:
    """SIGTERM does not reach it, SIGKILL does."""
    code = "import os; print(os.getpid(), flush=True); os.kill(os.getpid(), 19)"
    async with a_launcher(tmp_path, code, kill_after_sec=0.2) as (launcher, ends):
        await launcher.create(a_spec())
        await asyncio.sleep(0.1)
        await launcher.stop(NAME)
        assert (await ends.first()).phase is Phase.FAILED


async def test_an_analyzer_may_end_by_itself(tmp_path: Path) -> None:
    """SIGTERM comes first."""
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (os.write(1, b'goodbye'), os._exit(143)))\n"
        "print('ready', flush=True)\nwhile True: time.sleep(60)"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        await until_it_says(launcher, "ready")
        await launcher.stop(NAME)
        await ends.first()
        await until_it_says(launcher, "goodbye")


async def test_close_ends_all_at_once(tmp_path: Path) -> None:
    """Each of these ends when all have heard SIGTERM, and not before; nobody is told."""
    code = (
        "import glob, os, signal, time\nheard = []\n"
        "signal.signal(signal.SIGTERM, lambda *_: heard.append(1))\n"
        "print('ready', flush=True)\n"
        "while not heard: time.sleep(0.01)\n"
        "home = os.environ['HOME']\n"
        "open(f'{home}/heard-{os.getpid()}', 'w').close()\n"
        "while len(glob.glob(f'{home}/heard-*')) < 3: time.sleep(0.01)\n"
        "open(f'{home}/ended-{os.getpid()}', 'w').close()\n"
    )
    async with a_launcher(tmp_path, code) as (launcher, ends):
        for number in (1, 2, 3):
            name = await launcher.create(a_spec(number=number))
            await until_it_says(launcher, "ready", name)
        await launcher.close()
        await launcher.close()
        with pytest.raises(LauncherUnavailable):
            await launcher.create(a_spec(number=4))
    assert count(tmp_path, "ended-*") == 3
    assert ends.all == []
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_close_does_not_wait_for_the_deaf(tmp_path: Path) -> None:
    """SIGKILL follows, and nothing is left."""
    async with a_launcher(tmp_path, DEAF + FOREVER, kill_after_sec=0.2) as (launcher, _):
        await launcher.create(a_spec())
        await until_it_says(launcher, "deaf")
        await launcher.close()
        assert_all_reaped()


async def test_close_that_is_cancelled_kills(tmp_path: Path) -> None:
    """As by a second signal."""
    code = "import os; print(os.getpid(), flush=True)\n" + DEAF + FOREVER
    async with a_launcher(tmp_path, code, kill_after_sec=2 * PATIENCE_SEC) as (launcher, _):
        await launcher.create(a_spec())
        await until_it_says(launcher, "deaf")
        pid = int((await launcher.log_tail(NAME, NOTHING))[0])
        closing = asyncio.create_task(launcher.close())
        await asyncio.sleep(0.05)
        closing.cancel()
        await asyncio.wait([closing])
        await until(lambda: not is_alive(pid))


CONTROLLER = """
import asyncio, sys
from pathlib import Path
from controller.attempt import LaunchSpec
from local.process import ProcessLauncher
from controller.settings import ControllerSettings, JobsConfig
from offbeat.job import parse_job

ANALYZER = '''
import signal, subprocess, time
from offbeat.lifeline import die_with_parent
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen(["sleep", "600"], preexec_fn=die_with_parent())
child.send_signal(signal.SIGSTOP)
import os
print("pids", os.getpid(), child.pid, flush=True)
while True: time.sleep(60)
'''

async def main():
    launcher = ProcessLauncher(
        JobsConfig.load(None), ControllerSettings(_env_file=None),
        command=(sys.executable, "-c", ANALYZER), scratch=Path(sys.argv[1]),
    )
    raw = b'{"job_id": 1, "relative_path": "a.wav"}'
    await launcher.create(LaunchSpec(run_id="a" * 16, number=1, job=parse_job(raw), raw=raw))
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone ties a child to its parent")
def test_nothing_outlives_a_controller_that_is_killed(tmp_path: Path) -> None:
    """Neither the analyzer, deaf to SIGTERM, nor its decoder, which is stopped."""
    controller = subprocess.Popen(
        [sys.executable, "-c", CONTROLLER, str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    with controller:
        assert controller.stderr is not None
        pids = next(line for line in controller.stderr if line.startswith("pids")).split()[1:]
        assert [is_alive(int(pid)) for pid in pids] == [True, True]
        controller.kill()
    give_up = time.monotonic() + PATIENCE_SEC
    while any(is_alive(int(pid)) for pid in pids):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_the_environment_holds_what_the_analyzer_needs() -> None:
    """And none of the controller's secrets."""
    outer = {
        "PATH": "/bin",
        "HOME": "/home/a",
        "LC_ALL": "C.UTF-8",
        "LD_LIBRARY_PATH": "/lib",
        "PYTHONPATH": "/opt",
        "OMP_NUM_THREADS": "1",
        "SSL_CERT_FILE": "/ca",
        "TMPDIR": "/elsewhere",
        "OFFBEAT_SILENCE_TOP_DB": "50",
        "OFFBEAT_RUN_ID": "another",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "GITHUB_TOKEN": "secret",
        "KUBECONFIG": "/home/user/.kube/config",
    }
    settings = ControllerSettings(
        **SETTINGS, shared_mount_path="/music", output_mount_path="/out", redis_ca_file="/ca.pem"
    )
    folder = TryFolder(Path("/tmp/x"))
    assert child_environment(outer, settings, a_spec(number=2), folder) == {
        "PATH": "/bin",
        "HOME": "/home/a",
        "LC_ALL": "C.UTF-8",
        "LD_LIBRARY_PATH": "/lib",
        "PYTHONPATH": "/opt",
        "OMP_NUM_THREADS": "1",
        "SSL_CERT_FILE": "/ca",
        "TMPDIR": "/tmp/x/tmp",
        "OFFBEAT_SILENCE_TOP_DB": "50",
        "OFFBEAT_ANALYSIS_QUEUE": "audio_analysis_queue",
        "OFFBEAT_RESULTS_QUEUE": "audio_results_queue",
        "OFFBEAT_SHARED_MOUNT_PATH": "/music",
        "OFFBEAT_OUTPUT_MOUNT_PATH": "/out",
        "OFFBEAT_REDIS_URL": "redis://h/0",
        "OFFBEAT_REDIS_CA_FILE": "/ca.pem",
        "OFFBEAT_LOG_LEVEL": "INFO",
        "OFFBEAT_LOG_FORMAT": "json",
        "OFFBEAT_RUN_ID": RUN,
        "OFFBEAT_ATTEMPT": "2",
        "OFFBEAT_PAYLOAD_FILE": "/tmp/x/payload",
        "OFFBEAT_TERMINATION_LOG": "/tmp/x/termination-log",
    }


async def test_the_child_has_that_environment(tmp_path: Path) -> None:
    """And nothing else, but for what Python adds itself."""
    code = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    async with a_launcher(tmp_path, code) as (launcher, ends):
        await launcher.create(a_spec())
        await ends.first()
        (said,) = await launcher.log_tail(NAME, NOTHING)
    assert "'TMPDIR'" in said
    assert "PYTEST" not in said
