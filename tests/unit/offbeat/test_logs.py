"""One shape for every log line, and no log that stops the work."""

import fcntl
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from offbeat import logs

F_SETPIPE_SZ = 1031
PATIENCE_SEC = 30.0

LINES = """
import logging, sys
from offbeat import logs
logs.configure("INFO", sys.argv[1])
logs.logger.bind(job_id=42, run="9f").info("claimed {}", "it")
logging.getLogger("kopf").warning("watching %s", "Jobs")
logs.logger.debug("not shown")
try:
    1 / 0
except ZeroDivisionError:
    logs.logger.exception("broke {braces}", braces="{}")
"""


def written(style: str) -> list[str]:
    """Log a few lines in a process of its own, as logging is global."""
    done = subprocess.run(
        [sys.executable, "-c", LINES, style],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == ""
    return done.stderr.splitlines()


def test_json_lines_carry_what_is_bound() -> None:
    """A collector can filter by job and run."""
    first, *_ = map(json.loads, written("json"))
    assert first.pop("time")
    assert first == {"level": "info", "message": "claimed it", "job_id": 42, "run": "9f"}


def test_the_standard_library_is_taken_over() -> None:
    """Records of kopf and others have the same shape."""
    _, second, *_ = map(json.loads, written("json"))
    assert (second["level"], second["message"]) == ("warning", "watching Jobs")
    assert second["logger"] == "kopf"


def test_an_exception_stays_on_its_line() -> None:
    """A trace is a field, not a dozen lines."""
    *_, last = map(json.loads, written("json"))
    assert "ZeroDivisionError" in last["exception"]


def test_text_is_for_people() -> None:
    """A terminal shows the message and what is bound."""
    first = written("text")[0]
    assert "claimed it" in first
    assert "42" in first


@contextmanager
def a_pipe(capacity: int | None = None) -> Iterator[tuple[int, int]]:
    """Make a pipe: where to read, where to write."""
    reading, writing = os.pipe()
    if capacity is not None:
        fcntl.fcntl(writing, F_SETPIPE_SZ, capacity)
    try:
        yield reading, writing
    finally:
        for descriptor in (reading, writing):
            with suppress(OSError):
                os.close(descriptor)


def a_writer(descriptor: int, limit_bytes: int = 4 << 20) -> logs.LineWriter:
    """Make a writer whose note is short."""
    return logs.LineWriter(descriptor, note="missing: {}\n".format, limit_bytes=limit_bytes)


def read_until(descriptor: int, text: str) -> str:
    """Read until a text has come."""
    got = b""
    while text.encode() not in got:
        got += os.read(descriptor, 1 << 16)
    return got.decode()


def test_lines_come_out_in_order() -> None:
    """As they were written, and as UTF-8 whatever is in them."""
    with a_pipe() as (reading, writing):
        writer = a_writer(writing)
        writer.write("a\n")
        writer.write("é \ud800\n")
        assert writer.drain(PATIENCE_SEC)
        assert os.read(reading, 100).decode() == "a\né \\ud800\n"


def test_a_pipe_that_nobody_reads_stops_nothing() -> None:
    """What does not fit is dropped; how many lines that were is said in their place."""
    with a_pipe(capacity=4096) as (reading, writing):
        writer = a_writer(writing, limit_bytes=1000)
        for number in range(10_000):
            writer.write(f"{number:09}\n")
        assert not writer.drain(0)
        said = read_until(reading, "missing").splitlines()
        assert writer.drain(PATIENCE_SEC)
        writer.write("after\n")
        said += read_until(reading, "after").splitlines()
    assert said.pop() == "after"
    expected = 0
    for line in said:
        if line.startswith("missing: "):
            expected += int(line.removeprefix("missing: "))
        else:
            assert int(line) == expected
            expected += 1
    assert expected == 10_000
    assert len(said) < 1_000


def test_a_line_too_long_for_the_queue_is_the_only_one_missing() -> None:
    """Those behind it come out."""
    with a_pipe() as (reading, writing):
        writer = a_writer(writing, limit_bytes=10)
        writer.write("x" * 11)
        assert writer.drain(PATIENCE_SEC)
        writer.write("a\n")
        assert writer.drain(PATIENCE_SEC)
        assert os.read(reading, 100) == b"missing: 1\na\n"


def test_a_reader_that_is_gone_stops_nothing() -> None:
    """There is nobody left to tell."""
    with a_pipe() as (reading, writing):
        os.close(reading)
        writer = a_writer(writing)
        writer.write("a\n")
        assert writer.drain(PATIENCE_SEC)
        writer.write("b\n")
        assert writer.drain(PATIENCE_SEC)


def test_a_disk_that_was_full_hears_what_is_missing() -> None:
    """Before the next line."""
    full = os.open("/dev/full", os.O_WRONLY)
    writer = a_writer(full)
    for line in ("a\n", "b\n"):
        writer.write(line)
    assert writer.drain(PATIENCE_SEC)
    with a_pipe() as (reading, writing):
        os.dup2(writing, full, inheritable=False)
        writer.write("c\n")
        assert writer.drain(PATIENCE_SEC)
        assert os.read(reading, 100) == b"missing: 2\nc\n"
    os.close(full)


def test_a_pipe_made_non_blocking_by_another_process_is_written_in_full() -> None:
    """Terminals and pipes are shared with whoever started us."""
    with a_pipe(capacity=4096) as (reading, writing):
        os.set_blocking(writing, False)
        writer = a_writer(writing)
        writer.write("x" * 100_000 + "\n")
        assert len(read_until(reading, "\n")) == 100_001


def test_no_thread_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines are missing, and counted, until one can."""
    with a_pipe() as (reading, writing):
        writer = a_writer(writing)
        with monkeypatch.context() as patch:
            error = RuntimeError("can't start new thread")
            patch.setattr(threading.Thread, "start", raising(error))
            writer.write("a\n")
        writer.write("b\n")
        assert writer.drain(PATIENCE_SEC)
        writer.write("c\n")
        assert writer.drain(PATIENCE_SEC)
        assert os.read(reading, 100) == b"missing: 2\nc\n"


def raising(error: Exception) -> Callable[..., object]:
    """Make a function that raises."""

    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


LAST_WORDS = """
import signal, sys, time
from offbeat import logs
put = logs.LineWriter._put
logs.LineWriter._put = lambda self, line: time.sleep(0.02) or put(self, line)  # a slow terminal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
logs.configure("INFO", "json")
logs.configure("INFO", "text")
for number in range(10): logs.logger.info("line {}", number)
signal.raise_signal(signal.SIGTERM)
"""


def test_the_last_line_comes_out() -> None:
    """Also when a signal ends the process."""
    done = subprocess.run(
        [sys.executable, "-c", LAST_WORDS], stderr=subprocess.PIPE, text=True, timeout=30
    )
    assert done.returncode == 143
    assert len(done.stderr.splitlines()) == 10
    assert done.stderr.splitlines()[-1].endswith("line 9")


TALKATIVE = """
import sys, warnings
from offbeat import logs
logs.configure("INFO", sys.argv[1])
for number in range(100): logs.logger.info("x" * 10_000)
logs.pass_on("a child's line")
warnings.warn("x" * 100_000)
print("done", flush=True)
"""


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("reader", ["gone", "asleep"])
def test_a_process_works_and_ends_without_a_reader(reader: str, style: str) -> None:
    """`offbeat dev 2>&1 | head -3`, or a `less` that was stopped."""
    with a_pipe() as (reading, writing):
        if reader == "gone":
            os.close(reading)
        done = subprocess.run(
            [sys.executable, "-c", TALKATIVE, style],
            stdout=subprocess.PIPE,
            stderr=writing,
            text=True,
            timeout=30,
        )
    assert done.stdout == "done\n"
    assert done.returncode == 0


def test_a_process_without_standard_error_works() -> None:
    """As some supervisors start it."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" json 2>&-', sys.executable, TALKATIVE],
        stdout=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    assert (done.stdout, done.returncode) == ("done\n", 0)


def test_lines_of_a_child_are_passed_on_as_they_are() -> None:
    """They have their shape already."""
    code = "from offbeat import logs; logs.configure('INFO', 'json'); logs.pass_on('{\"a\": 1}')"
    done = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, timeout=30
    )
    assert done.stderr == '{"a": 1}\n'


def test_warnings_are_taken_over() -> None:
    """A library's warning is a line like any other."""
    code = "import warnings; from offbeat import logs; logs.configure('INFO', 'json')\n"
    done = subprocess.run(
        [sys.executable, "-c", code + "warnings.warn('old')"],
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    line = json.loads(done.stderr)
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "UserWarning: old" in line["message"]


@pytest.mark.parametrize("note", [logs._json_note, logs._text_note])
def test_the_note_has_the_shape_of_the_others(note: Callable[[int], str]) -> None:
    """A collector can read it."""
    line = note(3)
    assert line.endswith("\n")
    assert "dropped" in line
    if note is logs._json_note:
        assert json.loads(line)["level"] == "warning"


def test_import_starts_no_thread() -> None:
    """Importing has no effect."""
    code = "import threading; from offbeat import logs; print(threading.active_count())"
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=30
    )
    assert done.stdout == "1\n"
