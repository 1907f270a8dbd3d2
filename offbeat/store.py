"""The controller's and the client's view of Redis: runs, claimed, settled and released.

It keeps no state of its own. Errors of the connection leave it as `RedisUnreachable`.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self, TypeVar

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from offbeat import scripts
from offbeat.errors import NoRedisConfigured, RedisUnreachable
from offbeat.keys import Keys
from offbeat.result import CancelledResult, CompletedResult, FailedResult
from offbeat.settings import Settings

__all__ = ["Claim", "RunRecord", "Store", "translated"]

_SOCKET_TIMEOUT_SEC = 15.0

T = TypeVar("T")


@dataclass(frozen=True)
class Claim:
    """One message that has just become a run."""

    run: str
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What Redis knows of a run."""

    run: str
    raw: bytes | None
    sha: str | None = None
    job_id: int | str | None
    state: str
    attempt: int
    job: str | None
    reason: str | None
    error: str | None
    progress: float | None
    stage: str | None
    claimed_at: float | None
    launched_at: float | None
    settled_at: float | None

    @classmethod
    def from_hash(cls, run: str, fields: dict[bytes, bytes]) -> Self:
        """Read the fields of `run:<run>`; those that are missing are null."""
        text = {name.decode(): value for name, value in fields.items()}

        def number(name: str) -> float | None:
            return float(text[name]) if name in text else None

        def word(name: str) -> str | None:
            return text[name].decode() if text.get(name) else None

        return cls(
            run=run,
            raw=text.get("raw"),
            sha=word("sha"),
            job_id=json.loads(text.get("job_id", b"null")),
            state=text.get("state", b"unknown").decode(),
            attempt=int(text.get("attempt", b"0")),
            job=word("job"),
            reason=word("reason"),
            error=word("error"),
            progress=number("progress"),
            stage=word("stage"),
            claimed_at=number("claimed_at"),
            launched_at=number("launched_at"),
            settled_at=number("settled_at"),
        )


class Store:
    """Runs in Redis. Safe to use from many tasks; `wait` has a connection of its own."""

    def __init__(
        self, client: redis.Redis, keys: Keys, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.keys = keys
        self._client = client
        self._clock = clock
        self._claim = client.register_script(scripts.source("claim"))
        self._settle = client.register_script(scripts.source("settle"))
        self._register = client.register_script(scripts.source("register"))
        self._launched = client.register_script(scripts.source("launched"))

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings) -> AsyncIterator[Self]:
        """Open a store on the Redis that the settings name, and close it at the end.

        Raises:
            NoRedisConfigured: No URL is set.

        """
        if settings.redis_url is None:
            raise NoRedisConfigured(
                "no Redis is set: give OFFBEAT_REDIS_URL, such as redis://localhost:6379/0"
            )
        client = redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_timeout=_SOCKET_TIMEOUT_SEC,
            socket_connect_timeout=5,
            health_check_interval=30,
            # A push or a claim whose answer was lost must not be repeated behind our back.
            retry=Retry(NoBackoff(), 0),
        )
        try:
            yield cls(client, settings.keys)
        finally:
            await client.aclose()

    @property
    def client(self) -> redis.Redis:
        """The connection pool below, for what is not about runs."""
        return self._client

    async def ping(self) -> None:
        """Check that Redis answers.

        Raises:
            RedisUnreachable: It does not.

        """
        async with translated(self._client):
            await self._client.ping()

    async def wait(self, timeout_sec: float) -> bool:
        """Block until the queue holds a message, without taking it; return whether it does.

        Moving the last element of a list to its own end changes nothing, but blocks while the list
        is empty.
        """
        async with translated(self._client):
            queue = self.keys.queue
            moved = await _insistently(
                self._client.blmove(queue, queue, timeout_sec, "RIGHT", "RIGHT")  # type: ignore[arg-type]
            )
            return moved is not None

    async def claim(self, *, cap: int, most: int) -> list[Claim]:
        """Turn up to `most` messages into runs, as far as the cap leaves places free."""
        keys = self.keys
        async with translated(self._client):
            flat = await self._claim(
                keys=[keys.queue, keys.inflight, keys.finishing, keys.dedup, keys.stats],
                args=[cap, most, self._clock(), keys.run_prefix],
            )
        return [Claim(run.decode(), raw) for run, raw in zip(flat[::2], flat[1::2], strict=True)]

    async def launched(self, run: str, *, job_id: int | str, attempt: int, job: str) -> None:
        """Note that an attempt of the run has its Job."""
        keys = self.keys
        async with translated(self._client):
            await self._launched(
                keys=[keys.inflight, keys.run(run), keys.job(job_id)],
                args=[
                    run,
                    attempt,
                    job,
                    scripts.encode_job_id(job_id),
                    self._clock(),
                    scripts.SETTLED_TTL_SEC,
                ],
            )

    async def settle(
        self,
        result: CompletedResult | FailedResult | CancelledResult,
        *,
        raw: bytes,
        holds_place: bool,
    ) -> bool:
        """Deliver the result of a run unless it has one; return whether this call did."""
        names, values = scripts.settle_call(
            self.keys, result, raw=raw, now=self._clock(), holds_place=holds_place
        )
        async with translated(self._client):
            return bool(await self._settle(keys=names, args=values))

    async def register(self, run: str, *, raw: bytes, job_id: int | str, attempt: int) -> str:
        """Enter a run again from its Job; return `settled`, `inflight` or `registered`."""
        keys = self.keys
        async with translated(self._client):
            state = await self._register(
                keys=[keys.settled(run), keys.inflight, keys.finishing, keys.dedup, keys.run(run)],
                args=[
                    run,
                    raw,
                    scripts.message_sha(raw),
                    scripts.encode_job_id(job_id),
                    attempt,
                    self._clock(),
                ],
            )
        return bytes(state).decode()

    async def release(self, runs: Iterable[str]) -> None:
        """Free the places of settled runs whose Jobs have finished."""
        names = list(runs)
        if names:
            async with translated(self._client):
                await self._client.zrem(self.keys.finishing, *names)

    async def inflight(self) -> dict[str, float]:
        """Return every run that is claimed and not settled, with the time of its claim."""
        return await self._members(self.keys.inflight)

    async def finishing(self) -> dict[str, float]:
        """Return every settled run that still holds a place, with the time of its settlement."""
        return await self._members(self.keys.finishing)

    async def settled(self, runs: Iterable[str]) -> set[str]:
        """Return those of `runs` that have their result."""
        names = list(runs)
        if not names:
            return set()
        async with translated(self._client):
            values = await self._client.mget([self.keys.settled(run) for run in names])
        return {run for run, value in zip(names, values, strict=True) if value is not None}

    async def records(self, runs: Iterable[str]) -> dict[str, RunRecord]:
        """Return what is known of each run; runs that Redis does not know are left out."""
        names = list(runs)
        async with translated(self._client):
            pipeline = self._client.pipeline(transaction=False)
            for run in names:
                pipeline.hgetall(self.keys.run(run))
            answers = await pipeline.execute()
        return {
            run: RunRecord.from_hash(run, fields)
            for run, fields in zip(names, answers, strict=True)
            if fields
        }

    async def latest_run(self, job_id: int | str) -> str | None:
        """Return the latest run of a job_id."""
        async with translated(self._client):
            run = await self._client.get(self.keys.job(job_id))
        return _bytes(run).decode() if run else None

    async def push(self, raw: bytes) -> None:
        """Put one message into the analysis queue."""
        async with translated(self._client):
            await self._client.lpush(self.keys.queue, raw)

    async def pop(self, timeout_sec: float) -> bytes | None:
        """Take one result off the results queue, waiting up to `timeout_sec` for it."""
        async with translated(self._client):
            item = await _insistently(self._client.brpop([self.keys.results], timeout=timeout_sec))
        return _bytes(item[1]) if item else None

    async def _members(self, key: str) -> dict[str, float]:
        async with translated(self._client):
            pairs = await self._client.zrange(key, 0, -1, withscores=True)
        return {_bytes(pair[0]).decode(): float(pair[1]) for pair in pairs}


async def _insistently(command: Awaitable[T]) -> T:
    """Await a command that blocks; a cancellation is repeated until it is heard.

    `translated` says why it may not be: the block would go on to its end.
    """
    task = asyncio.ensure_future(command)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.02)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain
        raise
    return task.result()


def _bytes(value: object) -> bytes:
    """Narrow an answer of redis-py, whose types also know clients that decode."""
    if not isinstance(value, bytes):
        raise TypeError(f"the client must leave answers as bytes, not {type(value).__name__}")
    return value


@asynccontextmanager
async def translated(client: redis.Redis) -> AsyncIterator[None]:
    """Translate errors of redis-py and of the socket below it into Offbeat's own.

    A cancellation that redis-py swallowed is raised again. It sends through asyncio.wait_for, which
    before Python 3.12 forgets a cancel() that comes as the data has just gone
    (github.com/python/cpython/issues/86296): a loop around it would never end.
    """
    task = asyncio.current_task()
    cancels = task.cancelling() if task else 0
    try:
        yield
    except (RedisError, OSError) as error:
        place = client.connection_pool.connection_kwargs
        where = f"{place.get('host', place.get('path', '?'))}:{place.get('port', '')}".rstrip(":")
        raise RedisUnreachable(f"Redis at {where}: {error}") from error
    if task is not None and task.cancelling() > cancels:
        raise asyncio.CancelledError
