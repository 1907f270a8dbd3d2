"""What a controller does with its runs, without a cluster, and what must hold when all is done."""

import json
from collections import Counter
from collections.abc import Collection, Iterable
from typing import cast

import redis

from offbeat.failure import FailureReason
from offbeat.keys import QueueKeys
from offbeat.result import FailedResult
from offbeat.runs import OwnedRuns
from offbeat.scripts import message_sha

__all__ = ["assert_all_ended", "broken", "broken_message", "finish", "make_due", "members"]

_MOST_ROUNDS = 50


def broken(run_id: str, *, job_id: int | str | None = 42, number: int = 1) -> FailedResult:
    """Build a result."""
    return FailedResult.because(
        FailureReason.CORRUPT_AUDIO, "broken", job_id=job_id, run_id=run_id, attempt=number
    )


def broken_message(run_id: str, raw: bytes | None, *, number: int = 1) -> FailedResult:
    """Build a result that says of which message it is."""
    return FailedResult.because(
        FailureReason.CORRUPT_AUDIO,
        message_sha(raw) if raw is not None else "lost",
        job_id=1,
        run_id=run_id,
        attempt=number,
    )


def make_due(client: redis.Redis, keys: QueueKeys, owners: Iterable[str]) -> None:
    """Let the time come at which every run is looked at."""
    for owner in owners:
        for run_id in members(client, keys.due(owner)):
            client.zadd(keys.due(owner), {run_id: 0})


def members(client: redis.Redis, key: str) -> set[str]:
    """Return the members of a sorted set."""
    return {cast("bytes", run_id).decode() for run_id in client.zrange(key, 0, -1)}


async def finish(client: redis.Redis, *all_runs: OwnedRuns, cap: int = 10) -> None:
    """Claim what waits and settle every run, as controllers with all rights do."""
    keys = all_runs[0].keys
    for _ in range(_MOST_ROUNDS):
        for runs in all_runs:
            if runs.history_lost:
                await runs.join()
            await runs.claim(cap=cap, most=cap)
            await runs.survey()
            make_due(client, keys, [runs.owner])
            await _look_at(runs, await runs.due(most=1000, put_off_sec=30))
        holding = sum(client.zcard(keys.due(runs.owner)) for runs in all_runs)
        if not client.llen(keys.queue) and not client.zcard(keys.inflight) and not holding:
            return
    raise AssertionError("runs or messages are left for ever")


async def _look_at(runs: OwnedRuns, run_ids: list[str]) -> None:
    records = await runs.store.records(run_ids, with_message=True)
    settled = await runs.store.settled(run_ids)
    for run_id in run_ids:
        record = records.get(run_id)
        if run_id in settled:
            await runs.release([run_id])
        elif record is None or record.owner != runs.owner:
            await runs.disown([run_id])
        else:
            result = broken_message(run_id, record.raw)
            await runs.settle(result, raw=record.raw, holds_slot=False)


def assert_all_ended(client: redis.Redis, keys: QueueKeys, messages: Collection[bytes]) -> None:
    """Check that each message has one result, and that nothing is left of it but what expires."""
    results = [json.loads(raw) for raw in client.lrange(keys.results, 0, -1)]
    assert max(Counter(result["run_id"] for result in results).values(), default=1) == 1
    assert Counter(result["error"] for result in results) == Counter(map(message_sha, messages))
    for result in results:
        assert client.get(keys.run(result["run_id"]).settled) == b"failed"
    assert not client.exists(keys.queue, keys.inflight, keys.finishing, keys.dedup)
    assert not client.keys(f"{keys.prefix}due:*")
    records = client.keys(f"{keys.run_prefix}*")
    assert len(records) <= len(results)
    for record in records:
        assert client.ttl(record) > 0, "a record of a run is kept for ever"
        assert not client.hexists(record, "raw")
        assert client.hget(record, "state") == b"failed"
