"""The Lua scripts and the call of the one that controller and analyzer share.

Each script is atomic in Redis: it is the only place where a run changes hands. Redis rolls nothing
back, so each says in its header why a command that is refused half way loses nothing.
"""

import hashlib
import json
from functools import cache
from importlib import resources

from offbeat.keys import QueueKeys
from offbeat.result import CancelledResult, CompletedResult, FailedResult, dump_result

__all__ = ["SETTLED_TTL_SEC", "Call", "encode_job_id", "message_sha", "settle_call", "source"]

SETTLED_TTL_SEC = 7 * 24 * 3600
"""How long a run's settlement is remembered: longer than any Job of it can exist."""

RUN_TTL_SEC = 24 * 3600
"""How long a run can be looked up after it has ended."""

MAX_DEAD_LETTERS = 10_000
MAX_DEAD_BYTES = 64 * 1024 * 1024
MAX_DEAD_AGE_SEC = 30 * 24 * 3600

LOOK_AGAIN_SEC = 3
"""When a settled run is looked at, whether or not the watch has said that its Job has ended."""

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
    keys: QueueKeys,
    result: CompletedResult | FailedResult | CancelledResult,
    *,
    raw: bytes | None,
    holds_slot: bool,
    message_bytes: int | None = None,
) -> Call:
    """Build the call of settle.lua.

    Args:
        keys: The queue's keys.
        result: What the consumer will read.
        raw: The message as it was claimed, or what is kept of it; None if Redis has lost it.
        holds_slot: Whether a Job of the run may still be running, so that its slot is not free yet.
        message_bytes: Length of the message where `raw` is only its head.

    """
    run_id = result.run_id
    run = keys.run(run_id)
    failure = result if isinstance(result, FailedResult) else None
    whole = raw is not None and message_bytes is None
    return (
        [
            run.settled,
            keys.results,
            run.record,
            keys.inflight,
            keys.finishing,
            keys.dedup,
            keys.dead,
            keys.stats,
            keys.dead_bytes,
        ],
        [
            run_id,
            dump_result(result),
            SETTLED_TTL_SEC,
            RUN_TTL_SEC,
            result.status,
            failure.reason.value if failure else "",
            failure.error if failure else "",
            message_sha(raw) if whole and raw is not None else "",
            _dead_letter(failure, raw or b"", message_bytes) if failure else "",
            MAX_DEAD_LETTERS,
            MAX_DEAD_BYTES,
            MAX_DEAD_AGE_SEC,
            int(holds_slot),
            keys.channel("" if result.job_id is None else result.job_id),
            keys.prefix,
            LOOK_AGAIN_SEC,
        ],
    )


def _dead_letter(result: FailedResult, raw: bytes, message_bytes: int | None) -> str:
    """Copy a failed message, as text where it is UTF-8, else as hexadecimal digits."""
    entry: dict[str, object] = {
        "run_id": result.run_id,
        "job_id": result.job_id,
        "reason": result.reason.value,
        "error": result.error,
    }
    if message_bytes is not None:
        entry["message_bytes"] = message_bytes  # and what follows is only its head
    try:
        entry["message"] = raw.decode("utf-8")
    except UnicodeDecodeError:
        entry["message_hex"] = raw.hex()
    return json.dumps(entry, ensure_ascii=False)
