"""The Lua scripts and their arguments, so that the blocking and the asyncio client call them alike.

Each script is atomic in Redis: it is the only place where a run changes hands.
"""

import hashlib
import json
from functools import cache
from importlib import resources

from offbeat.keys import Keys
from offbeat.result import CancelledResult, CompletedResult, FailedResult, dump_result

__all__ = ["SETTLED_TTL_SEC", "Call", "encode_job_id", "message_sha", "settle_call", "source"]

SETTLED_TTL_SEC = 7 * 24 * 3600
"""How long a run's settlement is remembered: longer than any Job of it can exist."""

RUN_TTL_SEC = 24 * 3600
"""How long a run can be looked up after it has ended."""

MAX_DEAD_LETTERS = 10_000

Call = tuple[list[str], list[str | bytes | int | float]]
"""KEYS and ARGV of one script call."""


@cache
def source(name: str) -> str:
    """Return the text of `lua/<name>.lua`."""
    return resources.files("offbeat").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


def message_sha(raw: bytes) -> str:
    """Return the name of a message by its bytes: the same as Redis' `sha1hex`."""
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()


def encode_job_id(job_id: int | str | None) -> str:
    """Write a job_id so that 42 and "42" stay apart."""
    return json.dumps(job_id)


def settle_call(
    keys: Keys,
    result: CompletedResult | FailedResult | CancelledResult,
    *,
    raw: bytes,
    now: float,
    holds_place: bool,
) -> Call:
    """Build the call of settle.lua.

    Args:
        keys: The queue's keys.
        result: What the consumer will read.
        raw: The message, as it was claimed.
        now: Unix time, seconds.
        holds_place: Whether a Job of the run may still be running, so that its place under the cap
            is not free yet.

    """
    run = result.run_id
    failure = result if isinstance(result, FailedResult) else None
    return (
        [
            keys.settled(run),
            keys.results,
            keys.inflight,
            keys.finishing,
            keys.dedup,
            keys.run(run),
            keys.dead,
            keys.stats,
        ],
        [
            run,
            dump_result(result),
            now,
            SETTLED_TTL_SEC,
            RUN_TTL_SEC,
            result.status,
            failure.reason.value if failure else "",
            failure.error if failure else "",
            message_sha(raw),
            _dead_letter(failure, raw, now) if failure else "",
            MAX_DEAD_LETTERS,
            int(holds_place),
            keys.channel("" if result.job_id is None else result.job_id),
        ],
    )


def _dead_letter(result: FailedResult, raw: bytes, now: float) -> str:
    """Copy a failed message, as text where it is UTF-8, else as hexadecimal digits."""
    entry: dict[str, object] = {
        "run_id": result.run_id,
        "job_id": result.job_id,
        "reason": result.reason.value,
        "error": result.error,
        "failed_at": now,
    }
    try:
        entry["message"] = raw.decode("utf-8")
    except UnicodeDecodeError:
        entry["message_hex"] = raw.hex()
    return json.dumps(entry, ensure_ascii=False)
