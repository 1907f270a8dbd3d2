"""The arguments of the Lua scripts say what the scripts' headers say."""

import hashlib
import json
import re

import pytest

from offbeat import scripts
from offbeat.failure import FailureReason
from offbeat.keys import Keys
from offbeat.result import CancelledResult, FailedResult

KEYS = Keys("jobs", "results")
FAILED = FailedResult.because(
    FailureReason.CORRUPT_AUDIO, "x.mp3: broken", job_id=1, run_id="9f", attempt=2
)


def declared(name: str, array: str) -> int:
    """Count the KEYS or ARGV that a script uses."""
    return max(map(int, re.findall(rf"{array}\[(\d+)\]", scripts.source(name))))


def test_settle_passes_as_many_keys_and_arguments_as_the_script_reads() -> None:
    """Neither side has one more."""
    names, values = scripts.settle_call(KEYS, FAILED, raw=b"m", now=1.0, holds_place=True)
    assert len(names) == declared("settle", "KEYS")
    assert len(values) == declared("settle", "ARGV")


def test_a_failed_result_brings_a_dead_letter() -> None:
    """The message can be found again, with what was wrong with it."""
    _, values = scripts.settle_call(KEYS, FAILED, raw="ü".encode(), now=5.0, holds_place=False)
    assert json.loads(str(values[9])) == {
        "run_id": "9f",
        "job_id": 1,
        "reason": "corrupt_audio",
        "error": "x.mp3: broken",
        "failed_at": 5.0,
        "message": "ü",
    }


def test_a_message_that_is_no_text_is_kept_as_digits() -> None:
    """Even what is not UTF-8 is not lost."""
    _, values = scripts.settle_call(KEYS, FAILED, raw=b"\xff\x00", now=5.0, holds_place=False)
    assert json.loads(str(values[9]))["message_hex"] == "ff00"


def test_a_cancelled_result_brings_none() -> None:
    """Nothing is wrong with a message that was withdrawn."""
    result = CancelledResult(job_id=1, run_id="9f", attempt=1)
    _, values = scripts.settle_call(KEYS, result, raw=b"m", now=5.0, holds_place=False)
    assert values[9] == ""


@pytest.mark.parametrize("name", ["claim", "launched", "progress", "register", "settle"])
def test_every_script_says_what_it_does_and_takes(name: str) -> None:
    """The header names KEYS and ARGV."""
    head = scripts.source(name).partition("\n")[0]
    assert head.startswith(f"-- {name.upper()}: ")
    assert {"-- KEYS", "-- ARGV"} <= set(
        re.findall(r"^-- (?:KEYS|ARGV)", scripts.source(name), re.MULTILINE)
    )


def test_a_number_and_its_digits_stay_apart() -> None:
    """42 and "42" are two job_ids."""
    assert scripts.encode_job_id(42) != scripts.encode_job_id("42")


def test_a_message_is_named_as_redis_names_it() -> None:
    """`redis.sha1hex` and ours agree."""
    assert scripts.message_sha(b"abc") == hashlib.sha1(b"abc", usedforsecurity=False).hexdigest()
