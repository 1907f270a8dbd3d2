"""The examples run as they are: a producer and a consumer in each language."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from offbeat.analysis import Results
from offbeat.failure import FailureReason
from offbeat.job import parse_job
from offbeat.result import CancelledResult, CompletedResult, FailedResult
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings

EXAMPLES = Path(__file__).parents[3] / "examples"
LANGUAGES = ["python", "node", "php"]

RESULTS = Results.model_validate(
    {
        "global": {
            "duration_sec": 39.5,
            "sample_rate_hz": 44100,
            "channels": 2,
            "frames": 1_741_950,
            "container": "flac",
            "codec": "flac",
            "bit_depth": 16,
            "trimmed_start_sec": 0.0,
            "trimmed_end_sec": 39.5,
            "leading_silence_sec": 0.0,
            "trailing_silence_sec": 0.0,
            "loudness_lufs_total": -9.0,
            "loudness_lufs_momentary_max": -6.0,
            "loudness_lufs_short_term_max": -7.0,
            "loudness_range_lu": 6.5,
            "true_peak_dbtp": 0.3,
            "sample_peak_dbfs": -0.1,
            "replaygain_track_gain_db": -9.0,
            "replaygain_track_peak": 0.988553,
            "average_brightness": 3000.0,
            "global_beat_grid_timestamps": [],
            "global_drum_beat_grid_timestamps": [],
            "stems": {},
        },
        "tracks": [],
        "analyzer_version": "0.1.0",
    }
)


@dataclass(frozen=True)
class Example:
    """The commands of one language, without their arguments."""

    producer: list[str]
    consumer: list[str]


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the Node example and install what it needs."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("the Node example needs Node.js 18 or newer with npm")
    folder = tmp_path_factory.mktemp("node") / "example"
    shutil.copytree(EXAMPLES / "node", folder, ignore=shutil.ignore_patterns("node_modules"))
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        pytest.skip(f"npm could not install the package `redis`: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture(params=LANGUAGES)
def example(request: pytest.FixtureRequest) -> Example:
    """Name the commands of a language, or say what is missing for it."""
    if request.param == "node":
        folder = request.getfixturevalue("node_folder")
        program, suffix = "node", "js"
    elif request.param == "php":
        folder, program, suffix = EXAMPLES / "php", "php", "php"
        php = shutil.which("php")
        loaded = php and subprocess.run([php, "-m"], capture_output=True, text=True).stdout
        if not loaded or "redis" not in loaded.lower().split():
            pytest.skip("the PHP example needs php-cli with phpredis (Debian: php-cli php-redis)")
    else:
        folder, program, suffix = EXAMPLES / "python", sys.executable, "py"
    return Example(
        [program, str(folder / f"producer.{suffix}")], [program, str(folder / f"consumer.{suffix}")]
    )


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """Name the test's Redis and queues."""
    assert settings.redis_url is not None
    return dict(os.environ) | {
        "OFFBEAT_REDIS_URL": settings.redis_url.get_secret_value(),
        "OFFBEAT_ANALYSIS_QUEUE": settings.analysis_queue,
        "OFFBEAT_RESULTS_QUEUE": settings.results_queue,
        "PYTHONUNBUFFERED": "1",
    }


def test_a_producer_pushes_jobs(
    example: Example, environment: dict[str, str], settings: Settings
) -> None:
    """What is pushed is a job, and its id was printed."""
    said = subprocess.run(
        [*example.producer, "mixes/042.mp3", "mixes/043.mp3"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert said.returncode == 0, said.stderr

    async def claimed() -> list[bytes]:
        async with OwnedRuns.connect(settings, "here") as runs:
            await runs.join()
            return [claim.raw for claim in (await runs.claim(cap=10, most=10)).claims]

    jobs = [parse_job(raw) for raw in asyncio.run(claimed())]
    assert [job.path for job in jobs] == ["mixes/042.mp3", "mixes/043.mp3"]
    assert [f"{job.job_id} {job.path}" for job in jobs] == said.stdout.splitlines()
    assert all(job.enqueued_at for job in jobs)


async def test_a_consumer_takes_results(
    example: Example, environment: dict[str, str], runs: OwnedRuns, tmp_path: Path
) -> None:
    """Completed, failed and cancelled results are each told and stored."""
    results: list[CompletedResult | FailedResult | CancelledResult] = [
        CompletedResult(job_id=42, run_id="9f01", attempt=1, results=RESULTS),
        FailedResult.because(
            FailureReason.FILE_NOT_FOUND,
            "mixes/043.mp3: file not found",
            job_id="x-43",
            run_id="9f02",
            attempt=1,
        ),
        CancelledResult(job_id=44, run_id="9f03", attempt=1),
    ]
    for result in results:
        await runs.settle(result, raw=b"", holds_slot=False)
    consumer = await asyncio.create_subprocess_exec(
        *example.consumer,
        str(tmp_path / "stored"),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert consumer.stdout is not None
        async with asyncio.timeout(120):
            said = [(await consumer.stdout.readline()).decode().strip() for _ in results]
    finally:
        consumer.kill()
        await consumer.wait()
    assert said == [
        "42: 39.5 s, 0 tracks",
        "x-43: file_not_found: mixes/043.mp3: file not found (must be mended first)",
        "44: cancelled",
    ]


def test_what_php_writes_is_valid_php() -> None:
    """The files parse, also where phpredis is missing."""
    php = shutil.which("php")
    if php is None:
        pytest.skip("checking the PHP example needs php-cli")
    for file in (EXAMPLES / "php").glob("*.php"):
        said = subprocess.run([php, "-l", str(file)], capture_output=True, text=True, timeout=120)
        assert said.returncode == 0, said.stdout


def test_the_consumer_stores_a_result_once(tmp_path: Path) -> None:
    """Delivered twice, stored once: run_id tells."""
    code = (
        "import sqlite3, consumer\n"
        "store = sqlite3.connect(':memory:')\n"
        "store.execute('CREATE TABLE results (run_id TEXT PRIMARY KEY, body TEXT)')\n"
        "result = {'run_id': '9f', 'job_id': 1, 'status': 'cancelled'}\n"
        "consumer.handle(store, result); consumer.handle(store, result)\n"
        "print(store.execute('SELECT count(*) FROM results').fetchone()[0])\n"
        "store.close()\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=EXAMPLES / "python",
        env=dict(os.environ) | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert said.stdout.splitlines()[-1] == "1"


def test_examples_depend_on_nothing_of_offbeat() -> None:
    """People copy them into projects that do not have it."""
    for file in (EXAMPLES / "python").glob("*.py"):
        assert "import offbeat" not in file.read_text()
        assert "from offbeat" not in file.read_text()


def test_the_example_package_is_private() -> None:
    """Nobody publishes it by mistake."""
    assert json.loads((EXAMPLES / "node" / "package.json").read_text())["private"] is True
