"""The arguments of the Lua scripts say what the scripts' headers say."""

import hashlib
import json
import re
from importlib import resources

import pytest

from offbeat import scripts
from offbeat.failure import FailureReason
from offbeat.keys import QueueKeys
from offbeat.result import CancelledResult, FailedResult

KEYS = QueueKeys("jobs", "results")
FAILED = FailedResult.because(
    FailureReason.CORRUPT_AUDIO, "x.mp3: broken", job_id=1, run_id="9f", attempt=2
)
NAMES = sorted(
    entry.name.removesuffix(".lua")
    for entry in resources.files("offbeat").joinpath("lua").iterdir()
    if entry.name.endswith(".lua")
)


def in_code(name: str, array: str) -> int:
    """Return the last of KEYS or ARGV that a script uses."""
    return max(map(int, re.findall(rf"{array}\[(\d+)\]", scripts.source(name))))


def declared(name: str, array: str) -> list[int]:
    """Return the numbers that the header of a script gives its KEYS or ARGV."""
    numbers: list[int] = []
    inside = False
    for line in scripts.source(name).splitlines():
        if not line.startswith("--"):
            break
        if line.startswith("-- ") and not line.startswith("--  "):
            inside = line.startswith(f"-- {array}")
        if inside:
            numbers += map(int, re.findall(r"(?:ARGV|KEYS| ) (\d+)…? [a-zA-Z1-9']", line))
    return numbers


def letter(**changes: object) -> dict[str, object]:
    """Return the dead letter of a failed run."""
    arguments = {"raw": b"m", "holds_slot": False} | changes
    _, values = scripts.settle_call(KEYS, FAILED, **arguments)  # type: ignore[arg-type]
    found: dict[str, object] = json.loads(str(values[8]))
    return found


def test_settle_passes_as_many_keys_and_arguments_as_the_script_reads() -> None:
    """Neither side has one more."""
    names, values = scripts.settle_call(KEYS, FAILED, raw=b"m", holds_slot=True)
    assert len(names) == in_code("settle", "KEYS")
    assert len(values) == in_code("settle", "ARGV")


def test_a_failed_result_brings_a_dead_letter() -> None:
    """The message can be found again, with what was wrong with it."""
    assert letter(raw="ü".encode()) == {
        "run_id": "9f",
        "job_id": 1,
        "reason": "corrupt_audio",
        "error": "x.mp3: broken",
        "message": "ü",
    }


def test_a_message_that_is_no_text_is_kept_as_digits() -> None:
    """Even what is not UTF-8 is not lost."""
    assert letter(raw=b"\xff\x00")["message_hex"] == "ff00"


def test_the_head_of_a_message_is_told_from_a_message() -> None:
    """Its length is that of the whole."""
    assert letter(raw=b"head", message_bytes=10**8)["message_bytes"] == 10**8


@pytest.mark.parametrize(("raw", "size"), [(None, None), (b"head", 10**8)])
def test_only_a_whole_message_is_named_by_its_bytes(raw: bytes | None, size: int | None) -> None:
    """Of all others the record of the run knows the name."""
    _, values = scripts.settle_call(KEYS, FAILED, raw=raw, holds_slot=True, message_bytes=size)
    assert values[7] == ""


def test_a_cancelled_result_brings_none() -> None:
    """Nothing is wrong with a message that was withdrawn."""
    result = CancelledResult(job_id=1, run_id="9f", attempt=1)
    _, values = scripts.settle_call(KEYS, result, raw=b"m", holds_slot=False)
    assert values[8] == ""


@pytest.mark.parametrize("name", NAMES)
def test_every_script_says_what_it_does(name: str) -> None:
    """The header begins with the name, and says what comes back."""
    assert scripts.source(name).startswith(f"-- {name.upper()}: ")


@pytest.mark.parametrize("array", ["KEYS", "ARGV"])
@pytest.mark.parametrize("name", NAMES)
def test_every_script_says_what_it_takes(name: str, array: str) -> None:
    """The header counts KEYS and ARGV from 1, and to the last that the script reads."""
    numbers = declared(name, array)
    assert numbers == list(range(1, len(numbers) + 1))
    named = re.findall(rf"{array}\[(\d+)\]", scripts.source(name))
    assert set(map(int, named)) <= set(numbers)


def test_a_number_and_its_digits_stay_apart() -> None:
    """42 and "42" are two job_ids."""
    assert scripts.encode_job_id(42) != scripts.encode_job_id("42")


def test_a_message_is_named_as_redis_names_it() -> None:
    """`redis.sha1hex` and ours agree."""
    assert scripts.message_sha(b"abc") == hashlib.sha1(b"abc", usedforsecurity=False).hexdigest()
