"""One shape for every log line."""

import json
import subprocess
import sys

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
