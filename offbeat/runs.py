"""The controller's view of Redis: the runs of one owner, from their claim to their release.

An owner is one installation; several controllers of it share its runs, and none touches those of
another owner. Every step is one script, atomic and safe to repeat. Where Redis has lost its history
(`history.py`), nothing is claimed until the runs have been entered again from their Jobs.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, cast

import redis.asyncio as redis

from offbeat import scripts
from offbeat.connection import insistently, open_redis, raise_refusal, translate_errors
from offbeat.doctor import missing_commands
from offbeat.errors import RedisRefused
from offbeat.history import History
from offbeat.json_text import HEAD_BYTES, MAX_MESSAGE_BYTES
from offbeat.keys import SCHEMA_VERSION, QueueKeys
from offbeat.logs import logger
from offbeat.result import CancelledResult, CompletedResult, FailedResult
from offbeat.settings import Settings
from offbeat.store import Store

__all__ = ["Claim", "Claims", "OwnedRuns", "RunState"]

LARGEST_DELAY_SEC = 900.0
"""Every run is looked at again within this time; a later one comes from a clock set back since."""

_PAGE = 1000


class RunState(StrEnum):
    """Where a run without a result is."""

    CLAIMED = "claimed"
    """Its first attempt is being created."""
    LAUNCHING = "launching"
    """A later attempt is being created."""
    LAUNCHED = "launched"
    """The attempt has its Job."""
    RUNNING = "running"
    """Its analyzer has said so."""
    PARKED = "parked"
    """A quota leaves no room for its Job, or for the Job's pods."""


BEING_CREATED = (RunState.CLAIMED, RunState.LAUNCHING, RunState.PARKED)
OPEN = tuple(RunState)


@dataclass(frozen=True)
class Claim:
    """One message that has just become a run."""

    run_id: str
    raw: bytes
    message_bytes: int | None = None
    """Length of the message, where it is too large and `raw` is only its head."""


@dataclass(frozen=True)
class Claims:
    """What one call has claimed, and whether another call may find more at once."""

    claims: list[Claim]
    more: bool
    full: bool
    """Whether no slot was free."""


class OwnedRuns:
    """The runs of one owner. Safe to use from many tasks."""

    def __init__(
        self,
        client: redis.Redis,
        keys: QueueKeys,
        owner: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.owner = owner
        self.keys = keys
        self.store = Store(client, keys)
        self._client = client
        self._monotonic = monotonic
        self._history = History()
        self._claiming = asyncio.Lock()
        self._clock_offset: float | None = None
        self._scripts = {
            name: client.register_script(scripts.source(name))
            for name in (
                "claim",
                "due",
                "join",
                "transition",
                "settle",
                "register",
                "release",
                "give_back",
                "survey",
            )
        }

    @classmethod
    @asynccontextmanager
    async def connect(cls, settings: Settings, owner: str) -> AsyncIterator[Self]:
        """Open the runs of `owner` on the Redis that the settings name, and close them at the end.

        Raises:
            NoRedisConfigured: No URL is set.
            RedisUrlInvalid: It cannot be read.

        """

        async def note_server(connection: redis.Connection) -> None:
            await runs._history.note_server(connection, ask_first=settings.keys.schema)

        client = open_redis(settings, on_connect=note_server)
        runs = cls(client, settings.keys, owner)
        try:
            yield runs
        finally:
            await client.aclose()

    @property
    def history_lost(self) -> bool:
        """Whether Redis may not know all runs: nothing is claimed until `join`."""
        return self._history.lost

    @history_lost.setter
    def history_lost(self, lost: bool) -> None:
        self._history.lost = lost

    async def join(self) -> None:
        """Say that a controller of this owner is at work, and that Redis knows all its runs.

        Raises:
            RedisRefused: The keys have another layout.

        """
        keys = self.keys
        async with self._claiming:
            nonce = self._history.new_nonce()
            version = await self._call(
                "join",
                [keys.schema, keys.instances(self.owner), keys.owners, keys.queue, keys.results],
                [SCHEMA_VERSION, self.owner, self._history.instance, nonce],
            )
            self._check_schema(cast("bytes", version).decode())
            self._history.confirm(nonce)
            self._history.lost = False

    async def heartbeat(self) -> None:
        """Say that a controller of this owner is alive."""
        async with translate_errors(self._client):
            await self._client.hset(self.keys.owners, self.owner, str(int(self.now())))

    async def wait(self, timeout_sec: float) -> bool:
        """Block until the queue holds a message, without taking it; return whether it does.

        Moving the last element of a list to its own end changes nothing, but blocks while the list
        is empty.
        """
        queue = self.keys.queue
        async with translate_errors(self._client):
            moved = await insistently(
                self._client.blmove(queue, queue, timeout_sec, "RIGHT", "RIGHT")  # type: ignore[arg-type]
            )
        return moved is not None

    async def claim(self, *, cap: int, most: int, max_results: int | None = None) -> Claims:
        """Turn up to `most` messages into runs, as far as the cap leaves slots free.

        Nothing is claimed while `history_lost`.

        Raises:
            RedisRefused: Redis refused a command; what could not be claimed is still in the queue.

        """
        async with self._claiming:
            if self.history_lost:
                return Claims([], more=False, full=False)
            return await self._claim(cap=cap, most=most, max_results=max_results)

    async def _claim(self, *, cap: int, most: int, max_results: int | None) -> Claims:
        keys, history = self.keys, self._history
        expected, new = history.expected, history.new_nonce()
        history.sent(new)
        status, more, *flat = await self._call(
            "claim",
            [
                keys.queue,
                keys.inflight,
                keys.due(self.owner),
                keys.instances(self.owner),
                keys.dedup,
                keys.stats,
                keys.schema,
                keys.results,
            ],
            [
                self.owner,
                history.instance,
                new,
                f" {' '.join(expected)} ",
                cap,
                most,
                max_results or 0,
                MAX_MESSAGE_BYTES,
                HEAD_BYTES,
                self._claim_due_sec,
                SCHEMA_VERSION,
                keys.run_prefix,
            ],
        )
        claims = [
            Claim(run_id.decode(), raw, int(size) if int(size) > MAX_MESSAGE_BYTES else None)
            for run_id, raw, size in zip(flat[::3], flat[1::3], flat[2::3], strict=True)
        ]
        word, _, words = status.decode("utf-8", "replace").partition(":")
        if word in {"ok", "full"} or claims:
            history.confirm(new)
        if word == "refused" and not claims:
            async with translate_errors(self._client):
                raise_refusal(words)
        if word == "schema":
            self._check_schema(words)
        if word == "results":
            history.expected = expected
            raise RedisRefused(
                f"{keys.results} holds {max_results} results or more: nothing is claimed until "
                "they are taken out"
            )
        if word == "history":
            history.expected, history.lost = expected, True
        return Claims(claims, bool(more), word == "full")

    async def due(self, *, most: int, put_off_sec: float) -> list[str]:
        """Return runs that must be looked at now, and put each off by `put_off_sec`."""
        keys, superseded = self.keys, self._history.superseded
        nonce, now, *run_ids = await self._call(
            "due",
            [keys.due(self.owner), keys.instances(self.owner)],
            [self._history.instance, put_off_sec, most, LARGEST_DELAY_SEC],
        )
        self._history.compare(nonce.decode(), superseded)
        self._clock_offset = float(now) - self._monotonic()
        return [run_id.decode() for run_id in run_ids]

    async def put_off(self, delays: Mapping[str, float]) -> None:
        """Say in how many seconds each run is to be looked at again."""
        if not delays:
            return
        now = self.now()
        scores = {run_id: now + min(delay, LARGEST_DELAY_SEC) for run_id, delay in delays.items()}
        async with translate_errors(self._client):
            await self._client.zadd(self.keys.due(self.owner), scores, xx=True)

    async def launching(self, run_id: str, *, number: int) -> bool:
        """Note that attempt `number` is about to be created; return False if others were faster."""
        answer = await self._transition(
            run_id,
            to=RunState.LAUNCHING,
            number=number,
            from_same=BEING_CREATED,
            from_earlier=OPEN,
            look_again_sec=self._claim_due_sec,
        )
        return answer == "ok"

    async def launched(
        self, run_id: str, *, job_id: int | str, number: int, job_name: str, look_again_sec: float
    ) -> str:
        """Note that attempt `number` has its Job; return `ok`, `unknown`, `foreign` or `stale`."""
        return await self._transition(
            run_id,
            to=RunState.LAUNCHED,
            number=number,
            from_same=OPEN,
            from_earlier=OPEN,
            look_again_sec=look_again_sec,
            job_id=job_id,
            job=job_name,
            launched_at="@now",
            parked_since="",
            parked_reason="",
        )

    async def parked(
        self, run_id: str, *, job_id: int | str, number: int, why: str, since: float | None
    ) -> float:
        """Note that a quota leaves no room for attempt `number`; return since when, Unix time."""
        since = since or self.now()
        await self._transition(
            run_id,
            to=RunState.PARKED,
            number=number,
            from_same=OPEN,
            from_earlier=OPEN,
            look_again_sec=self._claim_due_sec,
            job_id=job_id,
            parked_since=repr(since),
            parked_reason=why,
        )
        return since

    async def settle(
        self,
        result: CompletedResult | FailedResult | CancelledResult,
        *,
        raw: bytes | None,
        holds_slot: bool,
        message_bytes: int | None = None,
    ) -> bool:
        """Deliver the result of a run unless it has one; return whether this call did.

        Raises:
            RedisRefused: Redis refused to deliver it; the next call tries again.

        """
        names, values = scripts.settle_call(
            self.keys, result, raw=raw, holds_slot=holds_slot, message_bytes=message_bytes
        )
        delivered, problem = await self._call("settle", names, values)
        if problem:
            logger.bind(run_id=result.run_id).warning(
                "the result was delivered, and Redis refused what follows it: {}",
                problem.decode("utf-8", "replace"),
            )
        return bool(delivered)

    async def register(
        self,
        run_id: str,
        *,
        raw: bytes,
        job_id: int | str,
        number: int,
        state: RunState,
        job_name: str = "",
    ) -> str:
        """Enter a run again that Redis lost; return `settled`, `known` or `registered`."""
        keys, run = self.keys, self.keys.run(run_id)
        answer = await self._call(
            "register",
            [
                run.settled,
                run.record,
                keys.inflight,
                keys.due(self.owner),
                keys.dedup,
                keys.job(job_id),
            ],
            [
                run_id,
                self.owner,
                raw,
                scripts.encode_job_id(job_id),
                number,
                state.value,
                job_name,
                scripts.SETTLED_TTL_SEC,
            ],
        )
        return cast("bytes", answer).decode()

    async def release(self, run_ids: Collection[str]) -> None:
        """Free the slots of settled runs whose Jobs have finished."""
        if not run_ids:
            return
        keys = self.keys
        await self._call(
            "release",
            [keys.inflight, keys.finishing, keys.due(self.owner), keys.dedup],
            [keys.prefix, scripts.RUN_TTL_SEC, *run_ids],
        )

    async def give_back(self, run_id: str) -> bool:
        """Put the message of a run that was never launched back into the queue.

        Return False if the run has gone further.
        """
        keys = self.keys
        answer = await self._call(
            "give_back",
            [
                keys.run(run_id).record,
                keys.queue,
                keys.inflight,
                keys.due(self.owner),
                keys.dedup,
            ],
            [run_id, self.owner, self._claim_due_sec],
        )
        return bool(answer)

    async def disown(self, run_ids: Collection[str]) -> None:
        """Forget runs that are not this owner's, or of which nothing is known."""
        if run_ids:
            async with translate_errors(self._client):
                await self._client.zrem(self.keys.due(self.owner), *run_ids)

    async def slots(self) -> int:
        """Count the runs that hold a slot."""
        return await self.store.slots(self.owner)

    async def pages(self) -> AsyncIterator[list[str]]:
        """Yield all runs that hold a slot, a page at a time."""
        start = 0
        while True:
            async with translate_errors(self._client):
                page = await self._client.zrange(
                    self.keys.due(self.owner), start, start + _PAGE - 1
                )
            if page:
                yield [cast("bytes", run_id).decode() for run_id in page]
            if len(page) < _PAGE:
                return
            start += _PAGE

    async def survey(self) -> None:
        """Enter among the due runs those of this owner that are missing there, page by page."""
        keys = self.keys
        for members in (keys.inflight, keys.finishing):
            cursor = "0"
            while True:
                answer = await self._call(
                    "survey",
                    [members, keys.due(self.owner)],
                    [self.owner, cursor, keys.run_prefix],
                )
                cursor = cast("bytes", answer).decode()
                if cursor == "0":
                    break

    _claim_due_sec = 30.0

    def look_every(self, interval_sec: float) -> None:
        """Set after how long a run that is being created is looked at by whoever is there."""
        self._claim_due_sec = min(interval_sec, LARGEST_DELAY_SEC)

    async def _transition(
        self,
        run_id: str,
        *,
        to: RunState,
        number: int,
        from_same: Collection[RunState],
        from_earlier: Collection[RunState],
        look_again_sec: float,
        job_id: int | str | None = None,
        **fields: str,
    ) -> str:
        keys, record = self.keys, self.keys.run(run_id).record
        if job_id is not None:
            fields["job_id"] = scripts.encode_job_id(job_id)
        flat = [part for pair in fields.items() for part in pair]
        answer = await self._call(
            "transition",
            [
                record,
                keys.inflight,
                keys.due(self.owner),
                record if job_id is None else keys.job(job_id),
            ],
            [
                run_id,
                self.owner,
                to.value,
                number,
                f",{','.join(from_same)},",
                f",{','.join(from_earlier)},",
                look_again_sec,
                "" if job_id is None else scripts.SETTLED_TTL_SEC,
                *flat,
            ],
        )
        return cast("bytes", answer).decode()

    async def _call(
        self, name: str, names: list[str], values: list[str | bytes | int | float]
    ) -> list[bytes]:
        try:
            async with translate_errors(self._client):
                return cast("list[bytes]", await self._scripts[name](keys=names, args=values))
        except RedisRefused as error:
            missing = await missing_commands(self._client, self.keys, "controller")
            if not missing:
                raise
            raise RedisRefused(f"{error}. Missing: {', '.join(missing)}") from error

    def _check_schema(self, found: str) -> None:
        if found != SCHEMA_VERSION:
            self.history_lost = True
            raise RedisRefused(
                f"the keys of {self.keys.queue} have layout {found}, this version of Offbeat needs "
                f"{SCHEMA_VERSION}: nothing is claimed. Run the version that wrote them until the "
                f"queue is empty, then delete {self.keys.schema}"
            )

    def now(self) -> float:
        """Return the time of Redis, Unix time."""
        if self._clock_offset is None:
            return time.time()
        return self._monotonic() + self._clock_offset
