"""The life of one analyzer process: what it settles, what it says, and how it exits."""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from offbeat.failure import ExitCode, FailureReason, exit_code_for
from tests.integration.analyzer.conftest import Pod
from tests.support.audio import demo_music, encode, silence, tone, write, write_long


def test_one_message_gives_one_result(pod: Pod) -> None:
    """With the figures of the file and of each cue track, and exit code 0."""
    sound = np.concatenate([silence(1.5), tone(1_000, 4), tone(3_000, 3, dbfs=-30)])
    write(pod.mount / "mixes" / "042.wav", sound)
    ended = pod.run(
        {
            "job_id": 42,
            "relative_path": "mixes/042.wav",
            "cue_tracks": [
                {"title": "Intro", "start_time_sec": 0.0},
                {"title": "Second", "start_time_sec": 5.5, "artist": "B"},
            ],
            "unknown": {"kept": True},
        },
        run="0123456789abcdef",
    )
    assert ended.code == ExitCode.OK, ended.log
    result = pod.completed()
    assert (result.job_id, result.run_id, result.attempt) == (42, "0123456789abcdef", 1)
    whole = result.results.global_
    assert whole.duration_sec == pytest.approx(8.5)
    assert whole.trimmed_start_sec == pytest.approx(1.5, abs=0.005)
    first, second = result.results.tracks
    assert (first.title, first.end_time_sec) == ("Intro", 5.5)
    assert (second.title, second.artist, second.track_id) == ("Second", "B", 2)
    assert second.analysis.average_brightness == pytest.approx(3_000, rel=0.005)
    assert ended.last_words == ""


def test_an_absolute_path_and_a_text_id_work_as_well(pod: Pod) -> None:
    """The id comes back as the text that it was."""
    path = write(pod.mount / "a.wav", tone(440, 1))
    assert pod.run({"job_id": "42", "file_path": str(path)}).code == ExitCode.OK
    assert pod.completed().job_id == "42"


def test_every_log_line_is_json_and_names_job_and_run(pod: Pod) -> None:
    """So that logs of many pods can be told apart; the password is in none."""
    write(pod.mount / "a.wav", tone(440, 1))
    ended = pod.run({"job_id": 7, "relative_path": "a.wav"}, run="cafe")
    assert len(ended.lines) == len(ended.log.splitlines()) >= 2
    assert all((line["job_id"], line["run"]) == (7, "cafe") for line in ended.lines)


FAILURES = {
    "not JSON": (b'{"job_id": 1', FailureReason.INVALID_JOB, "not JSON"),
    "no path": ({"job_id": 1}, FailureReason.INVALID_JOB, "relative_path"),
    "cue past the end": (
        {
            "job_id": 1,
            "relative_path": "good.wav",
            "cue_tracks": [{"title": "Encore", "start_time_sec": 99.0}],
        },
        FailureReason.INVALID_JOB,
        "good.wav: cue track 'Encore' starts at 99 s",
    ),
    "path leads out": (
        {"job_id": 1, "relative_path": "../a.wav"},
        FailureReason.PATH_NOT_ALLOWED,
        "../a.wav: ",
    ),
    "link leads out": (
        {"job_id": 1, "relative_path": "out.wav"},
        FailureReason.PATH_NOT_ALLOWED,
        "out.wav: leads out of the shared mount",
    ),
    "no file": (
        {"job_id": 1, "relative_path": "mixes/043.mp3"},
        FailureReason.FILE_NOT_FOUND,
        "mixes/043.mp3: file not found",
    ),
    "a text": (
        {"job_id": 1, "relative_path": "text.mp3"},
        FailureReason.UNSUPPORTED_FORMAT,
        "text.mp3: is not audio but looks like plain text",
    ),
    "broken": (
        {"job_id": 1, "relative_path": "broken.flac"},
        FailureReason.CORRUPT_AUDIO,
        "broken.flac: cannot be decoded",
    ),
    "too many channels": (
        {"job_id": 1, "relative_path": "wide.wav"},
        FailureReason.LIMIT_EXCEEDED,
        "wide.wav: has 9 channels",
    ),
}


@pytest.mark.parametrize(("message", "reason", "error"), FAILURES.values(), ids=FAILURES)
def test_every_explained_failure_is_settled(
    pod: Pod, message: dict[str, object] | bytes, reason: FailureReason, error: str
) -> None:
    """With its reason, a sentence, its exit code and the same words for Kubernetes."""
    write(pod.mount / "good.wav", tone(440, 1))
    write(pod.mount / "wide.wav", silence(0.1, channels=9))
    (pod.mount / "text.mp3").write_text("not music\n")
    (pod.mount / "broken.flac").write_bytes(b"fLaC" + bytes(range(256)) * 40)
    (pod.mount / "out.wav").symlink_to("/etc/hostname")
    ended = pod.run(message)
    assert ended.code == exit_code_for(reason), ended.log
    result = pod.failed()
    assert result.reason is reason
    assert error in result.error
    assert not result.retryable
    assert result.job_id == (None if isinstance(message, bytes) else 1)
    assert json.loads(ended.last_words) == {"reason": reason.value, "error": result.error}


def test_the_longest_duration_is_a_setting(pod: Pod) -> None:
    """`OFFBEAT_MAX_DURATION_SEC`."""
    pod.environment["OFFBEAT_MAX_DURATION_SEC"] = "2"
    write(pod.mount / "a.wav", tone(440, 3))
    assert pod.run({"job_id": 1, "relative_path": "a.wav"}).code == ExitCode.LIMIT_EXCEEDED
    assert "longer than 2 s" in pod.failed().error


def test_silence_is_completed(pod: Pod) -> None:
    """Null figures are a result, not a failure."""
    write(pod.mount / "a.wav", silence(2))
    assert pod.run({"job_id": 1, "relative_path": "a.wav"}).code == ExitCode.OK
    assert pod.completed().results.global_.trimmed_start_sec is None


def test_a_run_that_is_settled_is_left_alone(pod: Pod) -> None:
    """A second attempt exits with 0 at once, and adds nothing."""
    write(pod.mount / "a.wav", tone(440, 1))
    message = {"job_id": 1, "relative_path": "a.wav"}
    assert pod.run(message, run="r1").code == ExitCode.OK
    again = pod.run(message, run="r1")
    assert again.code == ExitCode.OK
    assert "has its result already" in again.log
    pod.completed()


def test_two_attempts_at_once_give_one_result(pod: Pod) -> None:
    """The first to settle wins."""
    write_long(pod.mount / "a.flac", 30)
    message = {"job_id": 1, "relative_path": "a.flac"}
    twins = [pod.start(message, run="r1") for _ in range(2)]
    assert [pod.end(twin).code for twin in twins] == [ExitCode.OK] * 2
    pod.completed()


def test_progress_is_noted_while_the_run_is_in_flight(pod: Pod) -> None:
    """As a fraction and a stage."""
    write_long(pod.mount / "a.flac", 25)
    names = pod.settings.keys
    with pod.redis as client:
        client.zadd(names.inflight, {"r1": time.time()})
        client.hset(names.run("r1").record, "owner", "here")
        assert pod.run({"job_id": 1, "relative_path": "a.flac"}, run="r1").code == ExitCode.OK
        record: dict[bytes, bytes] = client.hgetall(names.run("r1").record)
        assert 0 < float(record[b"progress"]) < 1
        assert record[b"stage"] == b"analyse"
        assert client.zcard(names.inflight) == 0
        assert client.zcard(names.finishing) == 1


def test_sigterm_ends_it_at_once_and_settles_nothing(pod: Pod) -> None:
    """Exit code 143: what is left of the ten minutes is neither analysed nor delivered."""
    write_long(pod.mount / "a.flac", 600)
    process = pod.start({"job_id": 1, "relative_path": "a.flac"})
    assert process.stderr is not None
    assert "decoding" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    ended = pod.end(process)
    assert ended.code == ExitCode.TERMINATED
    assert pod.results() == []
    assert ended.last_words == ""


@pytest.fixture
def redis_away(pod: Pod) -> None:
    """Point the analyzer at a port where nobody listens, and let it give up early."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pod.environment["OFFBEAT_REDIS_URL"] = f"redis://:hunter2@127.0.0.1:{port}/0"
    pod.environment["OFFBEAT_SETTLE_PATIENCE_SEC"] = "0.5"


@pytest.mark.usefixtures("redis_away")
def test_a_success_that_cannot_be_delivered_is_tried_again(pod: Pod) -> None:
    """Exit code 75 counts against `backoffLimit`."""
    write(pod.mount / "a.wav", tone(440, 1))
    ended = pod.run({"job_id": 1, "relative_path": "a.wav"})
    assert ended.code == ExitCode.REDIS_UNREACHABLE
    assert "could not be delivered" in ended.log
    assert "hunter2" not in ended.log + ended.last_words


@pytest.mark.usefixtures("redis_away")
def test_a_failure_that_cannot_be_delivered_is_told_by_its_exit_code(pod: Pod) -> None:
    """And by the last words: the controller settles from them."""
    ended = pod.run({"job_id": 1, "relative_path": "none.wav"})
    assert ended.code == ExitCode.FILE_NOT_FOUND
    assert json.loads(ended.last_words)["reason"] == "file_not_found"
    assert "none.wav: file not found" in json.loads(ended.last_words)["error"]


UNEXPECTED = {
    "no payload": {"OFFBEAT_PAYLOAD_FILE": "/nowhere/payload"},
    "no mount": {"OFFBEAT_SHARED_MOUNT_PATH": "/nowhere/mount"},
    "nonsense in a setting": {"OFFBEAT_ATTEMPT": "first"},
    "no URL of a Redis": {"OFFBEAT_REDIS_URL": "nonsense://"},
}


@pytest.mark.parametrize("environment", UNEXPECTED.values(), ids=UNEXPECTED)
def test_the_unexpected_is_left_to_kubernetes(pod: Pod, environment: dict[str, str]) -> None:
    """Exit code 70 with a traceback; nothing is settled, so that another attempt may succeed."""
    write(pod.mount / "a.wav", tone(440, 1))
    pod.environment.update(environment)
    ended = pod.run({"job_id": 1, "relative_path": "a.wav"})
    assert ended.code == ExitCode.INTERNAL_ERROR
    assert "Traceback" in str(ended.lines[-1]["exception"])
    assert pod.results() == []
    if "OFFBEAT_ATTEMPT" not in environment:
        assert json.loads(ended.last_words)["reason"] == "internal_error"


def test_results_are_the_same_on_one_core_and_on_all(pod: Pod) -> None:
    """Byte for byte, run after run, whatever the environment asks of the linear algebra."""
    sound = np.concatenate(list(demo_music(12)))
    write(pod.mount / "a.mp3", sound)
    one = {min(os.sched_getaffinity(0))}
    found = []
    for threads in ("1", "2", "64"):
        pod.environment["OPENBLAS_NUM_THREADS"] = threads
        for preexec in (None, lambda: os.sched_setaffinity(0, one)):
            message = {"job_id": 1, "relative_path": "a.mp3"}
            assert pod.run(message, preexec=preexec).code == ExitCode.OK
            found.append(pod.completed().results.model_dump_json(by_alias=True))
    assert len(set(found)) == 1


def test_memory_does_not_grow_with_the_length(pod: Pod, tmp_path: Path) -> None:
    """Ten more minutes take less than 5 MiB, and all is far below 200 MiB."""
    peaks = {}
    for seconds in (60, 660):
        path = write_long(tmp_path / f"{seconds}.flac", seconds)
        script = tmp_path / "peak.py"
        script.write_text(
            "import sys\nfrom pathlib import Path\n"
            "from analyzer.cores import limit_blas_threads\nlimit_blas_threads()\n"
            "from analyzer.memory import tune_malloc\ntune_malloc()\n"
            "from analyzer.pipeline import analyse\nanalyse(Path(sys.argv[1]))\n"
            "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])\n"
        )
        peaks[seconds] = peak_mib(script, path)
    assert peaks[660] < 150
    assert peaks[660] - peaks[60] < 5


def peak_mib(script: Path, path: Path) -> float:
    """Run a script that prints its own peak in KiB, and return it in MiB."""
    environment = dict(os.environ) | {"PYTHONPATH": str(Path(__file__).parents[3])}
    answer = subprocess.run(
        [sys.executable, str(script), str(path)],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
    )
    return int(answer.stdout) / 1024


SPY = "#!/bin/sh\ncat /proc/$PPID/environ > {place}/environ 2> {place}/refusal\nexit 1\n"
"""A decoder that a hostile file has taken over."""


def spy_on_path(place: Path) -> str:
    """Put the spy where ffmpeg is looked for, and return the PATH."""
    decoder = place / "ffmpeg"
    decoder.write_text(SPY.format(place=place))
    decoder.chmod(0o755)
    return f"{place}:{os.environ['PATH']}"


def become_ordinary() -> None:
    """Give up all that root may do beyond an ordinary user, for this process and its children."""
    if os.geteuid() == 0:
        last = int(Path("/proc/sys/kernel/cap_last_cap").read_text())
        for capability in range(last + 1):
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def test_a_decoder_cannot_read_the_environment_of_the_analyzer(pod: Pod, tmp_path: Path) -> None:
    """The URL of Redis stands in it, with its password."""
    source = write(tmp_path / "a.wav", tone(440, 1, rate=48_000), rate=48_000)
    encode(source, pod.mount / "a.m4a", "-c:a", "aac")
    pod.environment["PATH"] = spy_on_path(pod.folder)
    pod.run({"job_id": 1, "relative_path": "a.m4a"}, preexec=become_ordinary)
    assert "Permission denied" in (pod.folder / "refusal").read_text()
    assert (pod.folder / "environ").read_bytes() == b""


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """Make a folder that every user may write to; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="offbeat-") as folder:
        Path(folder).chmod(0o777)
        yield Path(folder)


AS_NOBODY = """
import ctypes, os, sys
from analyzer.cores import limit_blas_threads
limit_blas_threads()
from analyzer.pipeline import analyse
from offbeat.inspection import forbid_inspection
path = sys.argv[1]
with open(path, "rb") as file:
    analyse(file)  # imports all that another user may not be able to read
file = open(path, "rb")
if os.geteuid() == 0:
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # as a process that this user has started
if sys.argv[3] == "closed":
    forbid_inspection()
os.environ["PATH"] = sys.argv[2]
try:
    print(analyse(file).global_.codec)
except Exception as error:
    print(type(error).__name__)
"""


def as_nobody(source: Path, *, path: str, how: str) -> str:
    """Analyse a file as an ordinary user in a process of its own; return what it says."""
    own = {"PYTHONPATH": str(Path(__file__).parents[3]), "OFFBEAT_REDIS_URL": "redis://:hunter2@h"}
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(source), path, how],
        env=dict(os.environ) | own,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout.strip()


def encoded(tmp_path: Path) -> Path:
    """Write a file that ffmpeg decodes."""
    source = write(tmp_path / "a.wav", tone(440, 1, rate=48_000), rate=48_000)
    return encode(source, tmp_path / "a.m4a", "-c:a", "aac")


def test_ffmpeg_may_open_what_an_ordinary_user_hands_it(tmp_path: Path) -> None:
    """Although its parent is closed to inspection: `/dev/fd/N` is ffmpeg's own."""
    assert as_nobody(encoded(tmp_path), path=os.environ["PATH"], how="closed") == "aac"


@pytest.mark.parametrize(("how", "seen"), [("open", True), ("closed", False)])
def test_an_ordinary_user_s_decoder_sees_the_environment_unless_it_is_closed(
    tmp_path: Path, public_folder: Path, how: str, seen: bool
) -> None:
    """What the analyzer does about it is what makes the difference."""
    as_nobody(encoded(tmp_path), path=spy_on_path(public_folder), how=how)
    assert (b"hunter2" in (public_folder / "environ").read_bytes()) is seen
