"""`offbeat dev` outlives whoever reads what it prints."""

import os
import subprocess
import sys

SAY = """
import sys
from offbeat.cli.dev import _say
_say("Redis  redis://h/0")
_say("more")
sys.stderr.write("alive")
"""


def test_nobody_reads_the_greeting() -> None:
    """`offbeat dev | head -1`: the service goes on, and Python has nothing to say at the end."""
    reading, writing = os.pipe()
    os.close(reading)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(
        [sys.executable, "-c", SAY],
        env=buffered,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
    )
    os.close(writing)
    assert (done.stderr, done.returncode) == ("alive", 0)


def test_somebody_reads_the_greeting() -> None:
    """Then it is there."""
    done = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, timeout=30)
    assert done.stdout == "Redis  redis://h/0\nmore\n"
