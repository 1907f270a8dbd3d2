"""What the end of an analyzer means."""

import json
import signal
from pathlib import Path

import pytest

from local.oom import OomCounter
from local.verdict import judge
from offbeat.failure import FailureReason

OUT_OF_MEMORY = json.dumps({"reason": "out_of_memory", "error": "ffmpeg was killed"}).encode()
REFUSED = json.dumps({"reason": "corrupt_audio", "error": "a.mp3: cannot be decoded"}).encode()

TABLE = [
    ("a file that is not there", 66, b"", 0, "file_not_found", True, "file not found"),
    ("a file that cannot be read", 65, REFUSED, 0, "corrupt_audio", True, "a.mp3: cannot be"),
    ("a bug", 70, b"", 0, "internal_error", False, "crashed with exit code 70"),
    ("a Redis that is away", 75, b"", 0, "internal_error", False, "crashed with exit code 75"),
    ("told to end by somebody", 143, b"", 0, "internal_error", False, "exit code 143"),
    ("segmentation fault", -signal.SIGSEGV, b"", 0, "internal_error", False, "11 (SIGSEGV)"),
    ("real-time signal", -40, b"", 0, "internal_error", False, "killed by signal 40"),
    ("a decoder killed", 137, OUT_OF_MEMORY, 0, "out_of_memory", True, "ffmpeg was killed"),
    ("137 without a word", 137, b"", 0, "out_of_memory", True, "ran out of memory"),
    ("killed by the kernel", -9, b"", 1, "out_of_memory", True, "ran out of memory"),
    ("killed by somebody", -9, b"", 0, "internal_error", False, "was killed by signal 9"),
    ("a counter that fell", -9, b"", -3, "internal_error", False, "was killed by signal 9"),
    ("killed while it said so", -9, OUT_OF_MEMORY, 0, "out_of_memory", True, "ffmpeg was"),
    ("a crash beside another's kill", 70, b"", 2, "internal_error", False, "exit code 70"),
    ("a message of nobody", 70, b"[" * 4096, 0, "internal_error", False, "exit code 70"),
    ("a message of another shape", 70, b'{"error": 3}', 0, "internal_error", False, "code 70"),
    ("a message that is no text", 70, b"\xff\xfe", 0, "internal_error", False, "exit code 70"),
]


@pytest.mark.parametrize(
    ("status", "message", "oom_kills", "reason", "final", "summary"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
def test_every_end_has_its_reason(
    status: int, message: bytes, oom_kills: int, reason: str, final: bool, summary: str
) -> None:
    """Only the file's faults and a lack of memory end the attempt at once."""
    verdict = judge(status, message=message, oom_kills=oom_kills)
    assert verdict.diagnosis is not None
    assert verdict.diagnosis.reason is FailureReason(reason)
    assert verdict.final is final
    assert summary in verdict.diagnosis.summary


def test_success_has_no_diagnosis() -> None:
    """Even if another process was killed meanwhile."""
    verdict = judge(0, oom_kills=1)
    assert verdict.diagnosis is None


def test_the_detail_shows_the_code_as_a_shell_would() -> None:
    """128 and the signal's number."""
    verdict = judge(-signal.SIGKILL)
    assert verdict.diagnosis is not None
    assert verdict.diagnosis.detail == "exit code 137"


def a_system(root: Path, *, cgroup: str | None, events: str | None, vmstat: str | None) -> Path:
    """Write the files of a machine."""
    (root / "proc/self").mkdir(parents=True)
    if cgroup is not None:
        (root / "proc/self/cgroup").write_text(f"5:memory:/x\n0::{cgroup}\n")
    if events is not None:
        folder = root / "sys/fs/cgroup" / (cgroup or "/").lstrip("/")
        folder.mkdir(parents=True)
        (folder / "memory.events").write_text(events)
    if vmstat is not None:
        (root / "proc/vmstat").write_text(vmstat)
    return root


@pytest.mark.parametrize(
    ("cgroup", "events", "vmstat", "kills"),
    [
        ("/user.slice/app", "oom 4\noom_kill 3\noom_group_kill 0\n", "oom_kill 9\n", 3),
        ("/", "oom 1\noom_kill 1\n", "oom_kill 9\n", 1),
        ("/user.slice/app", None, "nr_free 1\noom_kill 9\n", 9),
        (None, None, "oom_kill 9\n", 9),
        (None, None, "nr_free 1\n", None),
        (None, None, None, None),
    ],
)
def test_the_nearest_counter_is_read(
    tmp_path: Path, cgroup: str | None, events: str | None, vmstat: str | None, kills: int | None
) -> None:
    """The cgroup's own, else the machine's, else none."""
    root = a_system(tmp_path, cgroup=cgroup, events=events, vmstat=vmstat)
    assert OomCounter(root).read() == kills


def test_the_source_stays_the_same(tmp_path: Path) -> None:
    """Two counters must not be compared with each other."""
    root = a_system(tmp_path, cgroup="/a", events="oom_kill 3\n", vmstat="oom_kill 9\n")
    counter = OomCounter(root)
    (root / "sys/fs/cgroup/a/memory.events").unlink()
    assert counter.read() is None
