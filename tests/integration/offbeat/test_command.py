"""The command `offbeat`, as a child process, on a real Redis."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from offbeat.embedded import EmbeddedRedis
from offbeat.failure import FailureReason
from offbeat.result import FailedResult, dump_result
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings

OFFBEAT = Path(sys.executable).with_name("offbeat")

Offbeat = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Name folders of the test's own, and no Redis."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


@pytest.fixture
def with_redis(environment: dict[str, str], settings: Settings) -> dict[str, str]:
    """Name the test's Redis and queues, too."""
    assert settings.redis_url is not None
    return environment | {
        "OFFBEAT_REDIS_URL": settings.redis_url.get_secret_value(),
        "OFFBEAT_ANALYSIS_QUEUE": settings.analysis_queue,
        "OFFBEAT_RESULTS_QUEUE": settings.results_queue,
        "OFFBEAT_SHARED_MOUNT_PATH": str(settings.shared_mount_path),
    }


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the test's home folder."""
    return subprocess.run(
        [OFFBEAT, *words],
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def offbeat(with_redis: dict[str, str]) -> Offbeat:
    """Run the command on the test's Redis."""
    return lambda *words: run(with_redis, *words)


@contextmanager
def started(environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command, and end it with the block."""
    with subprocess.Popen(
        [OFFBEAT, *words],
        env=environment,
        cwd=environment["HOME"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()


def a_result(job_id: int, run_id: str = "9f") -> FailedResult:
    """Build a result."""
    return FailedResult.because(
        FailureReason.FILE_NOT_FOUND,
        "a.mp3: file not found",
        job_id=job_id,
        run_id=run_id,
        attempt=1,
    )


async def claim_one(runs: OwnedRuns) -> tuple[str, bytes]:
    """Wait for a message and claim it."""
    async with asyncio.timeout(120):
        while not await runs.wait(5):
            continue
    (claim,) = (await runs.claim(cap=10, most=1)).claims
    return claim.run_id, claim.raw


def test_help_lists_every_command(environment: dict[str, str]) -> None:
    """`offbeat --help` names what there is to type."""
    said = run(environment, "--help")
    assert said.returncode == 0
    assert {"check", "push", "pop", "submit", "status", "analyze", "dev", "demo"} <= set(
        said.stdout.split()
    )


def test_help_imports_nothing_heavy(environment: dict[str, str]) -> None:
    """It answers fast since it loads neither the libraries nor the programs that the work needs."""
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('loaded:', *sys.modules))\n"
        "sys.argv = ['offbeat', '--help']\n"
        "from offbeat.cli import main\nmain()"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    loaded = set(said.stdout.rpartition("loaded:")[2].split())
    assert "offbeat.cli" in loaded
    assert not loaded & {
        *("analyzer", "controller", "httpx", "kopf", "kubernetes", "local", "loguru"),
        *("numpy", "pydantic", "redis", "soundfile"),
    }


def test_version(environment: dict[str, str]) -> None:
    """The version is the package's."""
    assert run(environment, "--version").stdout == "offbeat 0.1.0\n"


@pytest.mark.parametrize("words", [["bogus"], ["push"], ["pop", "--timeout", "x"], ["push", "-x"]])
def test_bad_usage(environment: dict[str, str], words: list[str]) -> None:
    """A typing error is exit code 2."""
    assert run(environment, *words).returncode == 2


def test_without_any_redis(environment: dict[str, str]) -> None:
    """The line says what to do, and the exit code is 3."""
    said = run(environment, "check")
    assert said.returncode == 3
    assert "OFFBEAT_REDIS_URL" in said.stderr
    assert "offbeat dev" in said.stderr


@pytest.mark.parametrize(
    "words", [["check"], ["push", "a.mp3"], ["pop"], ["submit", "a.mp3"], ["status", "1"]]
)
def test_a_redis_that_does_not_answer(environment: dict[str, str], words: list[str]) -> None:
    """One line without password and without a traceback, and exit code 3."""
    said = run(environment | {"OFFBEAT_REDIS_URL": "redis://:hunter2@127.0.0.1:1/0"}, *words)
    assert said.returncode == 3
    assert said.stderr.startswith("offbeat: Redis at 127.0.0.1:1: ")
    assert len(said.stderr.splitlines()) == 1
    assert "hunter2" not in said.stderr + said.stdout


@pytest.mark.parametrize("url", ["http://u:hunter2@h", "redis://u:hunter2@h:port/0"])
def test_a_url_that_is_none(environment: dict[str, str], url: str) -> None:
    """A wrong URL is bad usage, and is not repeated with its password."""
    said = run(environment, "check", "--redis-url", url)
    assert said.returncode == 2
    assert said.stderr.startswith("offbeat: ")
    assert "hunter2" not in said.stderr


def test_a_setting_that_is_none(with_redis: dict[str, str]) -> None:
    """A wrong variable is named as it was written."""
    said = run(with_redis | {"OFFBEAT_LOG_LEVEL": "loud"}, "check")
    assert said.returncode == 2
    assert said.stderr.startswith("offbeat: OFFBEAT_LOG_LEVEL: ")


def test_check_shows_what_waits(offbeat: Offbeat, settings: Settings) -> None:
    """Address, version and depths are there, and no warning about our own server."""
    offbeat("push", "a.mp3")
    said = offbeat("check")
    assert said.returncode == 0
    assert said.stdout.startswith("Redis OK at redis://127.0.0.1:")
    assert f"waiting in {settings.analysis_queue}" in said.stdout
    assert said.stderr == ""


def test_check_hides_the_password(tmp_path: Path, environment: dict[str, str]) -> None:
    """Neither a right nor a wrong password is shown."""
    with EmbeddedRedis(tmp_path / "redis", port=0) as server:
        with redis.from_url(server.url) as admin:
            admin.config_set("requirepass", "hunter2")
        try:
            right = server.url.replace("//", "//:hunter2@")
            said = run(environment, "check", "--redis-url", right)
            assert said.returncode == 0
            assert said.stdout.startswith("Redis OK at redis://***@127.0.0.1:")
            wrong = run(environment, "check", "--redis-url", right.replace("hunter2", "hunter3"))
            assert wrong.returncode == 3
            assert "hunter" not in said.stdout + said.stderr + wrong.stdout + wrong.stderr
        finally:
            with redis.from_url(right) as admin:
                admin.config_set("requirepass", "")


def test_check_warns_of_a_redis_that_may_lose_messages(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Eviction and a missing log are warned of, and are no failure."""
    with EmbeddedRedis(tmp_path / "redis", port=0) as server:
        with redis.from_url(server.url) as admin:
            admin.config_set("maxmemory-policy", "allkeys-lru")
            admin.config_set("appendonly", "no")
        said = run(environment, "check", "--redis-url", server.url)
    assert said.returncode == 0
    assert "warning: maxmemory-policy is allkeys-lru" in said.stderr
    assert "warning: appendonly is off" in said.stderr


def test_push_writes_the_message(offbeat: Offbeat, settings: Settings, redis_url: str) -> None:
    """The job_id is printed, and the queue holds the job."""
    said = offbeat("push", "a.mp3", "--job-id", "42", "--cue", "0:00 Intro", "--stems")
    assert (said.returncode, said.stdout) == (0, "42\n")
    with redis.from_url(redis_url) as client:
        (raw,) = client.lrange(settings.analysis_queue, 0, -1)
    message = json.loads(raw)
    del message["enqueued_at"]
    assert message == {
        "job_id": 42,
        "relative_path": "a.mp3",
        "cue_tracks": [{"title": "Intro", "start_time_sec": 0}],
        "options": {"stems": True},
    }


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["../a.mp3"], "must not contain '..'"),
        (["a.mp3", "--cue", "soon Intro"], "is no cue"),
        (["a.mp3", "--cues", "none.json"], "none.json: No such file"),
        (["a.mp3", "--profile", "No Such"], "profile must match"),
    ],
)
def test_push_refuses_what_is_no_job(offbeat: Offbeat, words: list[str], error: str) -> None:
    """What the controller would refuse is bad usage."""
    said = offbeat("push", *words)
    assert said.returncode == 2
    assert error in said.stderr


def test_pop_prints_the_line_as_it_came(
    offbeat: Offbeat, settings: Settings, redis_url: str
) -> None:
    """A pipe gets the very bytes, oldest first; then nothing is there: exit code 4."""
    with redis.from_url(redis_url) as client:
        for job_id in (1, 2):
            client.lpush(settings.results_queue, dump_result(a_result(job_id)))
    for job_id in (1, 2):
        said = offbeat("pop")
        assert (said.returncode, said.stdout) == (0, dump_result(a_result(job_id)) + "\n")
    empty = offbeat("pop", "--timeout", "0.1")
    assert empty.returncode == 4
    assert empty.stderr == f"offbeat: no result in {settings.results_queue}\n"


def test_pop_follows(with_redis: dict[str, str], settings: Settings, redis_url: str) -> None:
    """One line after another, as they come; Ctrl-C ends it."""
    with started(with_redis, "pop", "--follow") as child, redis.from_url(redis_url) as client:
        assert child.stdout is not None
        for job_id in (1, 2):
            client.lpush(settings.results_queue, dump_result(a_result(job_id)))
            assert json.loads(child.stdout.readline())["job_id"] == job_id
        child.send_signal(signal.SIGINT)
        assert child.wait(120) == 130


def test_pop_loses_no_result_to_a_closed_pipe(
    with_redis: dict[str, str], settings: Settings, redis_url: str
) -> None:
    """What could not be printed is back in the queue."""
    with started(with_redis, "pop", "--follow") as child, redis.from_url(redis_url) as client:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        client.lpush(settings.results_queue, b"one")
        assert child.wait(120) == 2
        assert "back in the queue" in child.stderr.read()
        assert client.lrange(settings.results_queue, 0, -1) == [b"one"]


async def test_submit_prints_its_result(with_redis: dict[str, str], runs: OwnedRuns) -> None:
    """A failed job is exit code 1, and its result is on standard output."""
    with started(with_redis, "submit", "a.mp3", "--wait", "--job-id", "7") as child:
        run_id, raw = await claim_one(runs)
        await runs.settle(a_result(7, run_id), raw=raw, holds_slot=False)
        assert child.wait(120) == 1
        assert child.stdout is not None
        assert json.loads(child.stdout.read())["run_id"] == run_id


def test_submit_gives_up_in_time(offbeat: Offbeat) -> None:
    """No result in time is exit code 4, and the line says where the job is."""
    said = offbeat("submit", "a.mp3", "--timeout", "0.3", "--job-id", "7")
    assert said.returncode == 4
    assert "job 7 has no result after 0.3 s: it is queued" in said.stderr


def test_submit_need_not_wait(offbeat: Offbeat) -> None:
    """Without waiting it is a push."""
    said = offbeat("submit", "a.mp3", "--no-wait", "--job-id", "7")
    assert (said.returncode, said.stdout) == (0, "7\n")


def test_a_connection_that_breaks_for_good(tmp_path: Path, environment: dict[str, str]) -> None:
    """Who waits when Redis goes away hears of it in seconds: exit code 3."""
    with EmbeddedRedis(tmp_path / "redis", port=0) as server:
        words = ("submit", "a.mp3", "--redis-url", server.url)
        with started(environment, *words) as child, redis.from_url(server.url) as client:
            while not client.llen("audio_analysis_queue"):
                time.sleep(0.05)
            server.stop()
            assert child.wait(120) == 3
            assert child.stderr is not None
            assert child.stderr.read().startswith("offbeat: Redis at 127.0.0.1:")


async def test_status_shows_a_run(offbeat: Offbeat, runs: OwnedRuns) -> None:
    """Unknown is exit code 4, waiting is 0, failed is 1."""
    assert offbeat("status", "7").returncode == 4
    offbeat("push", "a.mp3", "--job-id", "7")
    queued = offbeat("status", "7")
    assert (queued.returncode, queued.stdout) == (0, "7: queued\n")
    run_id, raw = await claim_one(runs)
    await runs.launched(run_id, job_id=7, number=1, job_name="offbeat-7", look_again_sec=9)
    assert "launched" in offbeat("status", "7").stdout
    await runs.settle(a_result(7, run_id), raw=raw, holds_slot=False)
    failed = offbeat("status", "7")
    assert failed.returncode == 1
    assert "file_not_found" in failed.stdout
    shown = json.loads(offbeat("status", "7", "--json").stdout)
    assert (shown["state"], shown["record"]["run_id"]) == ("failed", run_id)


def test_the_extra_that_is_missing_is_named(environment: dict[str, str]) -> None:
    """Without typer the command says what to install."""
    code = "import sys; sys.modules['typer'] = None\nfrom offbeat.cli import main\nmain()"
    said = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert said.returncode == 2
    assert said.stderr == "offbeat: the command needs typer: pip install 'offbeat[cli]'\n"
