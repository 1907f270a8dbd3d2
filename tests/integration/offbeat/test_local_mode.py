"""The whole path without a cluster: embedded Redis, controller, analyzer, client."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from offbeat.cli.mix import RATE_HZ, make_mix
from offbeat.embedded import find_server, running_url
from offbeat.errors import EmbeddedRedisFailed

OFFBEAT = Path(sys.executable).with_name("offbeat")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home folder with a mix in its audio folder."""
    try:
        find_server()
    except EmbeddedRedisFailed as error:
        pytest.skip(str(error))
    home = tmp_path_factory.mktemp("home")
    music = home / "music"
    music.mkdir()
    soundfile.write(music / "mix.flac", make_mix().samples, RATE_HZ, subtype="PCM_16")
    (music / "text.mp3").write_text("this is no audio\n")
    for name in ("analyzer", "controller", "local"):
        (home / name).mkdir()
        (home / name / "__init__.py").touch()  # of the user's own project: must not hide ours
    return home


@pytest.fixture(scope="module")
def without_cluster_packages(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a folder on whose account no Python can import kopf or kubernetes."""
    folder = tmp_path_factory.mktemp("python")
    absent = "import sys\nsys.modules |= dict.fromkeys(['kopf', 'kubernetes'])\n"
    (folder / "sitecustomize.py").write_text(absent)
    return str(folder)


@pytest.fixture(scope="module")
def environment(home: Path, without_cluster_packages: str) -> dict[str, str]:
    """Name no Redis, folders of the test's own, and neither kopf nor kubernetes."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": without_cluster_packages,
    }


@pytest.fixture(scope="module")
def dev(home: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run `offbeat dev` until the tests of this module are done."""
    log = home / "dev.log"
    (home / "output").mkdir()
    with (
        log.open("w") as sink,
        subprocess.Popen(
            [
                *(OFFBEAT, "dev", "--audio", str(home / "music"), "--jobs", "2"),
                *("--output", str(home / "output")),
            ],
            env=environment,
            cwd=home,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        ) as child,
    ):
        try:
            folder = home / "state" / "offbeat"
            give_up = time.monotonic() + 120
            while running_url(folder) is None and time.monotonic() < give_up:
                assert child.poll() is None, log.read_text()
                time.sleep(0.05)
            yield child
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(120)


def run(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command as the same user in the home folder."""
    return subprocess.run(
        [OFFBEAT, *words],
        env=environment,
        cwd=environment["HOME"],
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("package", ["kopf", "kubernetes"])
def test_all_of_this_works_without_the_packages_of_a_cluster(
    environment: dict[str, str], package: str
) -> None:
    """What the other tests here start cannot import them."""
    said = subprocess.run(
        [sys.executable, "-c", f"import {package}"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.returncode == 1
    assert said.stderr.endswith(f"import of {package} halted; None in sys.modules\n")


@pytest.mark.usefixtures("dev")
def test_a_job_comes_back_as_its_result(environment: dict[str, str]) -> None:
    """What is submitted to `offbeat dev` is found, analysed and answered."""
    said = run(environment, "submit", "mix.flac", "--cue", "0:00.5 One", "--cue", "0:12.5 Two")
    assert said.returncode == 0, said.stderr
    result = json.loads(said.stdout)
    assert result["status"] == "completed"
    assert result["results"]["global"]["duration_sec"] == pytest.approx(39.5)
    assert result["results"]["global"]["trimmed_start_sec"] == pytest.approx(0.5, abs=0.01)
    assert [track["title"] for track in result["results"]["tracks"]] == ["One", "Two"]


@pytest.mark.usefixtures("dev")
def test_its_waveform_lies_in_the_output_folder(environment: dict[str, str], home: Path) -> None:
    """Every file that the result names, below a folder of the job and of its run."""
    said = run(environment, "submit", "mix.flac", "--job-id", "waves")
    result = json.loads(said.stdout)
    files = result["results"]["global"]["waveform"]["files"]
    assert files
    for file in files:
        assert file["path"].startswith(f"waves/{result['run_id']}/")
        assert (home / "output" / file["path"]).stat().st_size > file["pixels"]


@pytest.mark.usefixtures("dev")
@pytest.mark.parametrize(
    ("file", "reason"), [("none.mp3", "file_not_found"), ("text.mp3", "unsupported_format")]
)
def test_a_bad_file_is_a_failed_result(environment: dict[str, str], file: str, reason: str) -> None:
    """The reason comes back, and the exit code says that the job failed."""
    said = run(environment, "submit", file)
    assert said.returncode == 1
    assert json.loads(said.stdout)["reason"] == reason


@pytest.mark.usefixtures("dev")
def test_an_absolute_path_is_understood(environment: dict[str, str], home: Path) -> None:
    """A shell completes such names."""
    said = run(environment, "submit", str(home / "music" / "mix.flac"))
    assert said.returncode == 0, said.stdout


@pytest.mark.usefixtures("dev")
def test_results_can_be_taken_one_by_one(environment: dict[str, str]) -> None:
    """Push and pop work as they do in a cluster."""
    assert run(environment, "push", "mix.flac", "--job-id", "7").stdout == "7\n"
    said = run(environment, "pop", "--timeout", "120")
    assert json.loads(said.stdout)["job_id"] == 7
    assert "completed" in run(environment, "status", "7").stdout


@pytest.mark.usefixtures("dev")
def test_a_second_local_mode_is_refused(environment: dict[str, str]) -> None:
    """One user has one local Redis."""
    said = run(environment, "dev")
    assert said.returncode == 3
    assert "runs already at redis://127.0.0.1:" in said.stderr


def test_local_mode_leaves_nothing_running(home: Path, environment: dict[str, str]) -> None:
    """SIGTERM ends controller and Redis, in this order, and with exit code 0."""
    state = home / "other-state"
    with subprocess.Popen(
        [OFFBEAT, "dev"],
        env=environment | {"XDG_STATE_HOME": str(state)},
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if "watching" in line:
                break
        child.terminate()
        rest = child.stdout.read()
        assert child.wait(120) == 0
    assert "stopping" in rest
    assert "Traceback" not in rest
    assert running_url(state / "offbeat") is None


def test_the_demo_shows_a_result(environment: dict[str, str], tmp_path: Path) -> None:
    """One command shows everything, and cleans up."""
    said = run(environment | {"TMPDIR": str(tmp_path), "OFFBEAT_ANALYSIS_QUEUE": "other"}, "demo")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "job demo completed" in said.stdout
    assert "Four to the Floor" in said.stdout
    assert list(tmp_path.iterdir()) == []


def test_analyze_needs_no_redis(environment: dict[str, str], home: Path) -> None:
    """One file is analysed in the very process."""
    file = str(home / "music" / "mix.flac")
    said = run(environment, "analyze", file, "--cue", "0:12.5 Two", "--json", "-")
    assert said.returncode == 0, said.stderr
    result = json.loads(said.stdout)
    assert result["results"]["tracks"][0]["start_time_sec"] == 12.5


def test_analyze_prints_a_table(environment: dict[str, str], home: Path) -> None:
    """People read a table."""
    said = run(environment, "analyze", str(home / "music" / "mix.flac"))
    assert said.returncode == 0, said.stderr
    assert "44,100 Hz" in said.stdout


def test_analyze_writes_a_file(environment: dict[str, str], home: Path, tmp_path: Path) -> None:
    """The JSON may go elsewhere."""
    there = tmp_path / "result.json"
    said = run(environment, "analyze", str(home / "music" / "mix.flac"), "--json", str(there))
    assert said.returncode == 0, said.stderr
    assert json.loads(there.read_text())["status"] == "completed"


def test_analyze_writes_the_waveform(
    environment: dict[str, str], home: Path, tmp_path: Path
) -> None:
    """Below a folder named after the file."""
    file = str(home / "music" / "mix.flac")
    said = run(environment, "analyze", file, "--output", str(tmp_path), "--json", "-")
    assert said.returncode == 0, said.stderr
    waveform = json.loads(said.stdout)["results"]["global"]["waveform"]
    assert {Path(entry["path"]).parts[0] for entry in waveform["files"]} == {"mix.flac"}
    assert (tmp_path / "mix.flac" / "waveform-256.dat").exists()


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["music/text.mp3"], 1, "text.mp3"),
        (["music/none.mp3"], 2, "does not exist"),
        (["music/mix.flac", "--cue", "99:00 Late"], 1, "starts at 5940 s"),
        (["music/mix.flac", "--cue", "0:01 a", "--cue", "0:01 b"], 2, "two cue_tracks"),
    ],
)
def test_analyze_says_what_is_wrong(
    environment: dict[str, str], words: list[str], code: int, error: str
) -> None:
    """A failed analysis is 1, a typing error is 2."""
    said = run(environment, "analyze", *words)
    assert said.returncode == code
    assert error in said.stderr
    assert "Traceback" not in said.stderr
