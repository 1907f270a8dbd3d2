"""Every file of the hostile corpus ends as its manifest says; none crashes, hangs or fills memory.

The files go through the same door as those of a job: a path below the shared mount.
"""

import contextlib
import faulthandler
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from analyzer.errors import AnalysisRefused, AudioFileNotFound, PathNotAllowed
from analyzer.input.paths import open_inside, open_path
from analyzer.options import Options
from analyzer.pipeline import analyse
from offbeat.analysis import Results
from offbeat.failure import FailureReason
from offbeat.job import JobRefused, parse_job
from tests.hostile.case import Build, Case, Completed, Outcome
from tests.hostile.corpus import CASES, MANIFEST, write
from tests.hostile.seeds import Seeds
from tests.hostile.xiph import flac_bomb
from tests.support.audio import ffmpeg
from tests.support.containers import box, id3v2

_OPTIONS = Options(max_duration_sec=60)
_TIMEOUT_SEC = 300
_MEMORY_MIB = 200
_WIDEST_MEMORY_MIB = 400
"""A second of 384 kHz in eight channels is 35 times as much as one of stereo at 44.1 kHz."""


@pytest.fixture(scope="module")
def seeds() -> Seeds:
    """Give healthy files of a second."""
    ffmpeg()
    return Seeds()


@pytest.fixture(autouse=True)
def _nothing_hangs_or_is_left_behind() -> Iterator[None]:
    """Kill a test that hangs, even in native code; see to open files and children after others."""
    faulthandler.dump_traceback_later(_TIMEOUT_SEC, exit=True)
    files, children = _open_files(), set(_children())
    yield
    faulthandler.cancel_dump_traceback_later()
    assert _open_files() <= files
    assert set(_children()) <= children


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - its own handle counts both times


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            yield from (task / "children").read_text().split()


def _end(case: Case, mount: Path, *, block_frames: int | None = None) -> Results | AnalysisRefused:
    """Analyse a file as a job would, and return how that ended."""
    try:
        with open_inside(mount, case.name) as file:
            return analyse(file, options=_OPTIONS, shown=case.name, block_frames=block_frames)
    except AnalysisRefused as error:
        return error


def _is(outcome: Outcome, ended: Results | AnalysisRefused) -> bool:
    """Return whether a file ended in this way."""
    if isinstance(outcome, Completed):
        if not isinstance(ended, Results):
            return False
        off = abs(ended.global_.duration_sec - outcome.seconds)
        if outcome.warns is None:
            return off <= outcome.within + 1e-9 and not ended.warnings
        told = len(ended.warnings) == 1 and outcome.warns in ended.warnings[0]
        return off <= outcome.within + 1e-9 and told
    if isinstance(ended, Results):
        return False
    return ended.reason is outcome.reason and outcome.says in str(ended)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_file_ends_as_it_should(case: Case, seeds: Seeds, tmp_path: Path) -> None:
    """With figures that can be written as JSON, or a reason and a sentence about this file.

    Blocks of another size change none of it, not even the words of a warning.
    """
    (tmp_path / case.name).write_bytes(case.build(seeds))
    ended = _end(case, tmp_path)
    assert any(_is(outcome, ended) for outcome in case.outcomes), (
        (ended.global_.duration_sec, ended.warnings) if isinstance(ended, Results) else str(ended)
    )
    if isinstance(ended, Results):
        assert Results.model_validate_json(ended.model_dump_json(by_alias=True)) == ended
    else:
        assert str(ended).startswith(f"{case.name}: ")
    again = _end(case, tmp_path, block_frames=997)
    assert (str(again), type(again)) == (str(ended), type(ended))


def test_no_sentence_shows_what_another_file_holds(seeds: Seeds, tmp_path: Path) -> None:
    """No file of the corpus makes the decoder quote the first line of /etc/passwd."""
    secret = Path("/etc/passwd").read_text().splitlines()[0]
    for case in CASES.values():
        if "passwd" in case.name or "list" in case.name or "hls" in case.name:
            (tmp_path / case.name).write_bytes(case.build(seeds))
            ended = _end(case, tmp_path)
            told = ended.model_dump_json() if isinstance(ended, Results) else str(ended)
            assert secret not in told


def test_the_corpus_is_written_with_its_manifest(seeds: Seeds, tmp_path: Path) -> None:
    """One entry for each file, with the exit code of those that fail."""
    write(tmp_path, seeds)
    expected = json.loads((tmp_path / MANIFEST).read_text())
    assert set(expected) == {path.name for path in tmp_path.iterdir()} - {MANIFEST}
    assert expected["impostor-empty.mp3"] == [
        {"status": "failed", "reason": "corrupt_audio", "says": "is empty", "exit_code": 65}
    ]


_NAMES = {
    "line breaks": "a\nb\r.wav",
    "quotes": "a'b\"c`$(id).wav",
    "emoji": "🎧 été 音.wav",
    "right to left": "\u202egpj.wav",
    "blank": " ",
    "dashes": "--help",
    "per cent": "%s%n%d{}.wav",
    "protocol": "concat:a.wav|b.wav",
    "long": 251 * "x" + ".wav",
    "playlist": "list.m3u8",
    "another kind": "a.mp3",
}


@pytest.mark.parametrize("name", _NAMES.values(), ids=_NAMES)
@pytest.mark.parametrize("kind", ["wav", "m4a"])
def test_no_name_matters(name: str, kind: str, seeds: Seeds, tmp_path: Path) -> None:
    """Neither to libsndfile nor to ffmpeg."""
    (tmp_path / name).write_bytes(seeds[kind])
    with open_inside(tmp_path, name) as file:
        found = analyse(file, shown=name).global_
    assert found.container == kind
    assert found.duration_sec == pytest.approx(1, abs=0.06)


def test_a_name_that_is_no_text_cannot_be_asked_for() -> None:
    """JSON has no such text: half a surrogate pair is refused with the message."""
    with pytest.raises(JobRefused):
        parse_job(b'{"job_id": 1, "relative_path": "\\udcff.wav"}')


def test_links_are_followed_inside_the_mount_alone(seeds: Seeds, tmp_path: Path) -> None:
    """Through one or several, to a file; not out of the mount, nor in a circle."""
    mount, outside = tmp_path / "mount", tmp_path / "outside.wav"
    mount.mkdir()
    (mount / "a.wav").write_bytes(seeds["wav"])
    outside.write_bytes(seeds["wav"])
    (mount / "good").symlink_to("better")
    (mount / "better").symlink_to(mount / "a.wav")
    with open_inside(mount, "good") as file:
        assert analyse(file).global_.duration_sec == 1
    (mount / "circle").symlink_to("circle")
    (mount / "out").symlink_to(outside)
    (mount / "up").symlink_to("..")
    (mount / "device").symlink_to("/dev/zero")
    (mount / "process").symlink_to("/proc/self/environ")
    (mount / "nothing").symlink_to("gone.wav")
    for name in ("circle", "out", "up/outside.wav", "device", "process", "up"):
        with pytest.raises(PathNotAllowed):
            open_inside(mount, name)
    with pytest.raises(AudioFileNotFound):
        open_inside(mount, "nothing")


def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path) -> None:
    """A pipe without a writer does not block, and an endless device is not read."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder.wav").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        for name in ("pipe", "socket", "folder.wav", "."):
            with pytest.raises(PathNotAllowed) as refusal:
                open_inside(tmp_path, name)
            assert refusal.value.reason is FailureReason.PATH_NOT_ALLOWED
    for device in ("/dev/zero", "/dev/null"):
        with pytest.raises(PathNotAllowed):
            open_path(Path(device))


_MEASURE = """
import resource, sys
from pathlib import Path
from analyzer.cores import limit_blas_threads
limit_blas_threads()
from analyzer.errors import AnalysisRefused
from analyzer.options import Options
from analyzer.pipeline import analyse
try:
    analyse(Path(sys.argv[1]), options=Options(max_duration_sec=float(sys.argv[2])))
except AnalysisRefused as error:
    print(error.reason.value)
else:
    print("completed")
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


_BOMBS: dict[str, tuple[Build, float, str]] = {
    "a day of silence": (lambda seeds: flac_bomb(86_400), 60, "limit_exceeded"),
    "ten minutes of silence": (
        lambda seeds: flac_bomb(600, rate=8_000, channels=1),
        43_200,
        "completed",
    ),
    "a day of silence at 384 kHz in 8 channels": (
        lambda seeds: flac_bomb(600, rate=384_000, channels=8),
        5,
        "limit_exceeded",
    ),
    "384 kHz in 8 channels through ffmpeg": (
        lambda seeds: seeds.encode(
            "-c:a", "pcm_s16be", "-f", "caf", source=flac_bomb(6, rate=384_000, channels=8)
        ),
        5,
        "limit_exceeded",
    ),
    "a tag of 128 MB": (lambda seeds: id3v2(padding=128 << 20) + seeds["mp3"], 60, "completed"),
    "a free box of 128 MB": (
        lambda seeds: box(b"ftyp", b"M4A \0\0\0\0") + box(b"free", bytes(128 << 20)),
        60,
        "corrupt_audio",
    ),
    "a table that says it has 4,294,967,295 entries": (
        CASES["mp4-sample-count-max.m4a"].build,
        60,
        "corrupt_audio",
    ),
}


@pytest.mark.parametrize(("build", "most_sec", "ends"), _BOMBS.values(), ids=_BOMBS)
def test_no_file_takes_much_memory(
    build: Build,
    most_sec: float,
    ends: str,
    seeds: Seeds,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """Neither the analyzer nor its ffmpeg child."""
    (tmp_path / "bomb").write_bytes(build(seeds))
    command = [sys.executable, "-c", _MEASURE, str(tmp_path / "bomb"), str(most_sec)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SEC, check=True)
    ended, own, child = done.stdout.split()
    assert ended == ends
    most_mib = _WIDEST_MEMORY_MIB if "384" in request.node.name else _MEMORY_MIB
    assert int(own) < most_mib
    assert int(child) < _MEMORY_MIB
