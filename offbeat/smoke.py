"""One message through the whole installation and back: what `helm test` runs.

It needs nothing but Redis, so it runs in the controller's image. It listens to the announcement of
its own result instead of popping the results queue, where the next one may be someone else's. The
controller knows its Job by the beginning of the job_id, and deletes it as soon as the test has
passed.
"""

import argparse
import json
import sys
import time
import uuid
from collections.abc import Callable, Sequence

import redis

from offbeat.connection import open_blocking, translate_blocking_errors
from offbeat.errors import NoRedisConfigured, RedisUnreachable, RedisUrlInvalid
from offbeat.failure import FailureReason
from offbeat.keys import QueueKeys
from offbeat.result import CancelledResult, CompletedResult, FailedResult, parse_result
from offbeat.settings import Settings
from offbeat.slug import HELM_TEST_JOB_ID_PREFIX

__all__ = ["main", "new_job_id", "roundtrip", "verdict"]

EXIT_AS_EXPECTED, EXIT_OTHERWISE, EXIT_NO_CONNECTION = 0, 1, 3


def roundtrip(
    client: redis.Redis,
    keys: QueueKeys,
    *,
    job_id: str,
    relative_path: str,
    timeout_sec: float,
    clock: Callable[[], float] = time.monotonic,
) -> bytes | None:
    """Push one job and return its result as it was delivered, or None after `timeout_sec`.

    The result is taken back out of the results queue if no consumer had it first.
    """
    message = {"job_id": job_id, "relative_path": relative_path}
    give_up = clock() + timeout_sec
    with client.pubsub() as announcements:  # type: ignore[no-untyped-call]
        announcements.subscribe(keys.channel(job_id))
        announcements.get_message(timeout=5.0)  # the confirmation: nothing can be missed after it
        client.lpush(keys.queue, json.dumps(message))
        while (left := give_up - clock()) > 0:
            heard = announcements.get_message(
                ignore_subscribe_messages=True, timeout=min(left, 5.0)
            )
            if heard is not None:
                result = bytes(heard["data"])
                client.lrem(keys.results, 1, result.decode())
                return result
    return None


def verdict(
    result: CompletedResult | FailedResult | CancelledResult | None, *, file_exists: bool
) -> str | None:
    """Say what is wrong with the outcome, or nothing when it is the expected one.

    A job for a real file must be completed; one for a file that does not exist must say so.
    """
    if result is None:
        return "no result came: look at the controller's log and at the Jobs"
    if file_exists:
        return None if isinstance(result, CompletedResult) else "the job was not completed"
    if isinstance(result, FailedResult) and result.reason is FailureReason.FILE_NOT_FOUND:
        return None
    return f"expected a failed result with the reason {FailureReason.FILE_NOT_FOUND}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Send one message, print what came back, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m offbeat.smoke", description=__doc__)
    parser.add_argument(
        "--relative-path",
        help="file below the shared mount; without it, one that does not exist is asked for",
    )
    parser.add_argument("--timeout-sec", type=float, default=180.0)
    options = parser.parse_args(arguments)
    settings = Settings()
    job_id = new_job_id()
    path = options.relative_path or f"{job_id}.wav"
    _say(f"pushing job {job_id} for {path} to {settings.analysis_queue}")
    if not options.relative_path:
        _say("that file does not exist: its pod must start, look for it, and settle file_not_found")
    began = time.monotonic()
    try:
        delivered = _send(settings, job_id, path, options.timeout_sec)
    except (NoRedisConfigured, RedisUrlInvalid, RedisUnreachable) as error:
        _say(str(error))
        return EXIT_NO_CONNECTION
    result = parse_result(delivered) if delivered else None
    if delivered:
        _say(delivered.decode())
    complaint = verdict(result, file_exists=bool(options.relative_path))
    took = f"{time.monotonic() - began:.1f} s"
    _say(f"OK after {took}" if complaint is None else f"FAILED after {took}: {complaint}")
    return EXIT_AS_EXPECTED if complaint is None else EXIT_OTHERWISE


def new_job_id() -> str:
    """Return the job_id of one more test."""
    return f"{HELM_TEST_JOB_ID_PREFIX}{uuid.uuid4().hex[:8]}"


def _send(settings: Settings, job_id: str, path: str, timeout_sec: float) -> bytes | None:
    client = open_blocking(settings)
    try:
        with translate_blocking_errors(client):
            return roundtrip(
                client, settings.keys, job_id=job_id, relative_path=path, timeout_sec=timeout_sec
            )
    finally:
        client.close()


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
