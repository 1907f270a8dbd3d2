"""No program shows a piece of the password in the Redis URL, however it is written."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from offbeat import keys
from tests.support.passwords import CHARACTERS, nasty, pieces_in

_TIMEOUT_SEC = 60
_NOBODY_LISTENS = "127.0.0.1:1/0"
_SAMPLE = (
    *("slash", "hash", "question mark", "at", "percent", "known parameter"),
    *("brackets", "compatibility form", "line break", "no UTF-8", "everything"),
)
"""The rest is tried without programs, in tests/unit/offbeat/test_settings.py."""


def urls() -> dict[str, tuple[str, str]]:
    """Return passwords and URLs that hold them, in an order that does not change."""
    found = {}
    for name in _SAMPLE:
        character = CHARACTERS[name]
        found[name] = (nasty(character), f"redis://:{nasty(character)}@{_NOBODY_LISTENS}")
    password = nasty("/#?")
    found["encoded"] = (password, f"redis://u:{quote(password, safe='')}@{_NOBODY_LISTENS}")
    found["no host"] = (nasty("x"), f"redis://{nasty('x')}:{nasty('y')}")
    found["another scheme"] = (nasty("/"), f"http://:{nasty('/')}@{_NOBODY_LISTENS}")
    return found


URLS = urls()
READABLE = {"at", "encoded"}


def environment(tmp_path: Path, url: str) -> dict[str, str]:
    """Return what a program is started with; nothing of the caller's is Offbeat's."""
    (tmp_path / "payload").write_text('{"job_id": 1, "relative_path": "none.wav"}')
    (tmp_path / "termination-log").write_text("")
    inherited = {name: value for name, value in os.environ.items() if "OFFBEAT" not in name}
    return inherited | {
        "PYTHONPATH": str(Path(__file__).parents[3]),
        keys.ENV_REDIS_URL: url,
        keys.ENV_SHARED_MOUNT_PATH: str(tmp_path),
        keys.ENV_PAYLOAD_FILE: str(tmp_path / "payload"),
        keys.ENV_RUN_ID: "0123456789abcdef",
        keys.ENV_TERMINATION_LOG: str(tmp_path / "termination-log"),
        "OFFBEAT_SETTLE_PATIENCE_SEC": "0",
        "OFFBEAT_HEALTH_PORT": "0",
    }


PROGRAMS = {
    "check": ["-c", "import sys; from offbeat.cli import main; sys.exit(main())", "check"],
    "analyzer": ["-m", "analyzer"],
    "controller": ["-m", "local"],
}


@pytest.mark.parametrize("name", URLS)
def test_no_program_shows_a_piece_of_it(tmp_path: Path, name: str) -> None:
    """Neither on standard output or error, nor to Kubernetes."""
    password, url = URLS[name]
    processes = {program: start(program, tmp_path, url) for program in PROGRAMS}
    for program, process in processes.items():
        if program == "controller" and name in READABLE:  # it would try for ever
            wait_until_it_tries(process, tmp_path / program)
            process.send_signal(signal.SIGTERM)
        assert process.wait() != -signal.SIGKILL, program
    said = {program: (tmp_path / program).read_text("utf-8", "replace") for program in PROGRAMS}
    said["Kubernetes"] = (tmp_path / "termination-log").read_text()
    assert pieces_in(said.values(), password) == set(), said
    if name != "no UTF-8":  # then it is not known that it is a URL
        expected = "127.0.0.1" if name in READABLE else "Redis URL"
        assert {program for program in PROGRAMS if expected not in said[program]} == set(), said


def start(program: str, folder: Path, url: str) -> "subprocess.Popen[bytes]":
    """Start a program that writes to a file of its name; `timeout` ends it if nothing else does."""
    with (folder / program).open("wb") as output:
        return subprocess.Popen(
            ["timeout", "--signal=KILL", str(_TIMEOUT_SEC), sys.executable, *PROGRAMS[program]],
            cwd=folder,
            env=environment(folder, url),
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def wait_until_it_tries(process: "subprocess.Popen[bytes]", output: Path) -> None:
    """Wait until a controller has told of the port where nobody listens."""
    while process.poll() is None:
        lines = output.read_text("utf-8", "replace").splitlines()
        if any("127.0.0.1" in line and "watching" not in line for line in lines):
            return
        time.sleep(0.05)
