"""The view of Redis that producers, consumers and people have: queues, and what is known of runs.

It keeps no state of its own. Errors of the connection leave it as `RedisUnreachable`.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, TypeVar, cast

import redis.asyncio as redis
from redis.asyncio.client import PubSub

from offbeat import scripts
from offbeat.connection import insistently, open_redis, translate_errors
from offbeat.errors import RedisUnreachable
from offbeat.keys import QueueKeys
from offbeat.settings import Settings

__all__ = ["QueueDepths", "RunRecord", "Store"]

_FIND_PAGE = 2_000

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What Redis knows of a run."""

    run_id: str
    owner: str | None = None
    raw: bytes | None = None
    message_bytes: int | None = None
    """Length of the message, where it was too large and `raw` is only its head."""
    sha: str | None = None
    job_id: int | str | None
    state: str
    attempt: int
    job_name: str | None
    reason: str | None
    error: str | None
    progress: float | None
    stage: str | None
    claimed_at: float | None
    launched_at: float | None
    settled_at: float | None
    parked_since: float | None = None
    parked_reason: str | None = None

    @classmethod
    def from_hash(cls, run_id: str, fields: dict[bytes, bytes]) -> Self:
        """Read the fields of a run's record; those that are missing are None."""
        text = {name.decode(): value for name, value in fields.items()}

        def number(name: str) -> float | None:
            return float(text[name]) if text.get(name) else None

        def word(name: str) -> str | None:
            return text[name].decode("utf-8", "replace") if text.get(name) else None

        return cls(
            run_id=run_id,
            owner=word("owner"),
            raw=text.get("raw"),
            message_bytes=int(text["message_bytes"]) if "message_bytes" in text else None,
            sha=word("sha"),
            job_id=json.loads(text.get("job_id", b"null")),
            state=text.get("state", b"unknown").decode(),
            attempt=int(text.get("attempt", b"0")),
            job_name=word("job"),
            reason=word("reason"),
            error=word("error"),
            progress=number("progress"),
            stage=word("stage"),
            claimed_at=number("claimed_at"),
            launched_at=number("launched_at"),
            settled_at=number("settled_at"),
            parked_since=number("parked_since"),
            parked_reason=word("parked_reason"),
        )


@dataclass(frozen=True, kw_only=True)
class QueueDepths:
    """How much waits where."""

    queue: int
    results: int
    inflight: int
    finishing: int
    dead: int


class Store:
    """Queues and runs in Redis. Safe to use from many tasks."""

    def __init__(self, client: redis.Redis, keys: QueueKeys) -> None:
        self.keys = keys
        self._client = client
        self._adopt = client.register_script(scripts.source("adopt"))
        self._find = client.register_script(scripts.source("find"))

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open a store on the Redis that the settings name, and close it at the end.

        Raises:
            NoRedisConfigured: No URL is set.

        """
        client = open_redis(settings)
        try:
            yield cls(client, settings.keys)
        finally:
            await client.aclose()

    async def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            RedisUnreachable: It does not.

        """
        async with translate_errors(self._client):
            await self._client.ping()

    async def push(self, raw: bytes) -> int:
        """Put one message into the analysis queue; return how many are claimed before it."""
        async with translate_errors(self._client):
            return int(await self._client.lpush(self.keys.queue, raw)) - 1

    async def pop(self, timeout_sec: float) -> bytes | None:
        """Take one result off the results queue, waiting up to `timeout_sec` for it."""
        async with translate_errors(self._client):
            item = await insistently(self._client.brpop([self.keys.results], timeout=timeout_sec))
        return cast("bytes", item[1]) if item else None

    async def give_back(self, raw: bytes) -> None:
        """Put a popped result back, where it is popped next."""
        async with translate_errors(self._client):
            await self._client.rpush(self.keys.results, raw)

    async def take_out(self, raw: bytes) -> None:
        """Take this very result out of the results queue, if it is there."""
        async with translate_errors(self._client):
            await self._client.lrem(self.keys.results, 1, cast("str", raw))

    async def results(self, *, limit: int, page: int = 200) -> AsyncIterator[bytes]:
        """Yield results that wait, the newest first, up to `limit`."""
        for start in range(0, limit, page):
            async with translate_errors(self._client):
                raws = await self._client.lrange(self.keys.results, start, start + page - 1)
            for raw in raws:
                yield cast("bytes", raw)
            if len(raws) < page:
                return

    async def depths(self) -> QueueDepths:
        """Count what waits."""
        keys = self.keys
        async with translate_errors(self._client):
            pipeline = self._client.pipeline(transaction=False)
            pipeline.llen(keys.queue)
            pipeline.llen(keys.results)
            pipeline.zcard(keys.inflight)
            pipeline.zcard(keys.finishing)
            pipeline.llen(keys.dead)
            queue, results, inflight, finishing, dead = await pipeline.execute()
        return QueueDepths(
            queue=queue, results=results, inflight=inflight, finishing=finishing, dead=dead
        )

    async def position(self, raw: bytes) -> int | None:
        """Return how many messages are claimed before this one; None if it does not wait.

        Redis walks the queue for it: 100,000 messages may take it 50 ms.
        """
        async with translate_errors(self._client):
            pipeline = self._client.pipeline()
            pipeline.lpos(self.keys.queue, cast("str", raw), rank=-1)
            pipeline.llen(self.keys.queue)
            index, length = await pipeline.execute()
        return None if index is None else length - 1 - index

    async def find_waiting(
        self, job_id: str, *, part: str = "", escaped: str = ""
    ) -> AsyncIterator[tuple[int, bytes]]:
        """Yield position and bytes of every waiting message that may be of this job.

        Redis looks through the queue a page at a time, so only candidates travel.

        Args:
            job_id: As text.
            part: What a message that escapes some signs of it holds nevertheless; ASCII unless
                `escaped` is given.
            escaped: The same with every sign escaped, in lower case. Without it, any escape of
                ASCII makes a message a candidate.

        """
        keys, skip, more, taken = self.keys, 0, 1, ""
        while more:
            async with translate_errors(self._client):
                more, skip, taken, *found = await self._find(
                    keys=[keys.queue, keys.stats],
                    args=[skip, _FIND_PAGE, job_id, part, escaped, taken],
                )
            for position, raw in zip(found[::2], found[1::2], strict=True):
                yield position, raw

    async def run_of_message(self, sha: str) -> str | None:
        """Return the run in flight that was made of a message, by the message's SHA-1."""
        async with translate_errors(self._client):
            run_id = await self._client.hget(self.keys.dedup, sha)
        return cast("bytes", run_id).decode() if run_id else None

    async def latest_run(self, job_id: int | str) -> str | None:
        """Return the latest run of a job_id."""
        async with translate_errors(self._client):
            run_id = await self._client.get(self.keys.job(job_id))
        return cast("bytes", run_id).decode() if run_id else None

    async def inflight(self, *, newest: int | None = None) -> dict[str, float]:
        """Return runs that are claimed and not settled, of all owners, with the claims' times."""
        return await self._members(self.keys.inflight, newest)

    async def not_in_flight(self, run_ids: Iterable[str]) -> list[str]:
        """Return those of `run_ids` that are not claimed, or settled already."""
        names = list(run_ids)
        async with translate_errors(self._client):
            pipeline = self._client.pipeline(transaction=False)
            for run_id in names:
                pipeline.zscore(self.keys.inflight, run_id)
            claimed_at = await pipeline.execute() if names else []
        return [run_id for run_id, at in zip(names, claimed_at, strict=True) if at is None]

    async def finishing(self) -> dict[str, float]:
        """Return settled runs that still hold a slot, with the times of their results."""
        return await self._members(self.keys.finishing, None)

    async def owner_silences(self) -> dict[str, float]:
        """Return for how many seconds no controller of each owner was seen."""
        async with translate_errors(self._client):
            seen = cast("dict[bytes, bytes]", await self._client.hgetall(self.keys.owners))
            now, _ = await self._client.time()
        return {owner.decode(): now - float(at) for owner, at in seen.items()}

    async def adopt(self, owner: str, heir: str) -> int:
        """Give all runs of an owner to another; return how many."""
        keys, given = self.keys, 0
        while True:
            async with translate_errors(self._client):
                page = await self._adopt(
                    keys=[keys.due(owner), keys.due(heir)], args=[heir, keys.run_prefix]
                )
            given += int(page)
            if not page:
                break
        async with translate_errors(self._client):
            await self._client.hdel(keys.owners, owner)
        return given

    async def slots(self, owner: str) -> int:
        """Count the runs of an owner that hold a slot."""
        async with translate_errors(self._client):
            return int(await self._client.zcard(self.keys.due(owner)))

    async def settled(self, run_ids: Iterable[str]) -> set[str]:
        """Return those of `run_ids` whose result was delivered."""
        names = list(run_ids)
        if not names:
            return set()
        async with translate_errors(self._client):
            values = await self._client.mget([self.keys.run(run_id).settled for run_id in names])
        return {
            run_id
            for run_id, value in zip(names, values, strict=True)
            if value not in {None, b"delivering"}
        }

    async def records(
        self, run_ids: Iterable[str], *, with_message: bool = False
    ) -> dict[str, RunRecord]:
        """Return what is known of each run, by default without its message.

        Runs that Redis does not know are left out.
        """
        names = list(run_ids)
        fields = _FIELDS + (["raw"] if with_message else [])
        async with translate_errors(self._client):
            pipeline = self._client.pipeline(transaction=False)
            for run_id in names:
                pipeline.hmget(self.keys.run(run_id).record, fields)
            answers: list[list[bytes | None]] = await pipeline.execute() if names else []
        known = {
            run_id: {
                name.encode(): value
                for name, value in zip(fields, values, strict=True)
                if value is not None
            }
            for run_id, values in zip(names, answers, strict=True)
        }
        return {
            run_id: RunRecord.from_hash(run_id, values)
            for run_id, values in known.items()
            if values
        }

    async def message(self, run_id: str) -> bytes | None:
        """Return the message of a run without a result."""
        async with translate_errors(self._client):
            return cast(
                "bytes | None", await self._client.hget(self.keys.run(run_id).record, "raw")
            )

    async def inspected(self, examine: Callable[[redis.Redis, QueueKeys], Awaitable[T]]) -> T:
        """Let a function look at the connection itself, and return what it found."""
        return await examine(self._client, self.keys)

    @asynccontextmanager
    async def announcements(self, job_id: int | str) -> AsyncIterator["Announcements"]:
        """Subscribe to the results of a job_id, and go on only when Redis has confirmed it."""
        channel = self._client.pubsub()
        try:
            async with translate_errors(self._client):
                await channel.subscribe(self.keys.channel(job_id))
                while (answer := await channel.get_message(timeout=5)) is None:
                    continue
            if answer["type"] != "subscribe":
                raise RedisUnreachable(f"Redis did not confirm the subscription: {answer['type']}")
            yield Announcements(self._client, channel)
        finally:
            await channel.aclose()  # type: ignore[no-untyped-call]

    async def _members(self, key: str, newest: int | None) -> dict[str, float]:
        async with translate_errors(self._client):
            pairs = await self._client.zrange(
                key,
                0,
                -1 if newest is None else newest - 1,
                desc=newest is not None,
                withscores=True,
            )
        return {cast("bytes", pair[0]).decode(): float(pair[1]) for pair in pairs}


class Announcements:
    """Results of one job_id as they are delivered."""

    def __init__(self, client: redis.Redis, channel: PubSub) -> None:
        self._client = client
        self._channel = channel

    async def next(self, timeout_sec: float) -> bytes | None:
        """Return the next result that is announced within `timeout_sec`, as it was sent."""
        async with translate_errors(self._client):
            message = await self._channel.get_message(
                ignore_subscribe_messages=True, timeout=timeout_sec
            )
        raw = message["data"] if message else None
        return raw if isinstance(raw, bytes) else None


_FIELDS = [
    "owner",
    "message_bytes",
    "sha",
    "job_id",
    "state",
    "attempt",
    "job",
    "reason",
    "error",
    "progress",
    "stage",
    "claimed_at",
    "launched_at",
    "settled_at",
    "parked_since",
    "parked_reason",
]
