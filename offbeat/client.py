"""What Python producers and consumers use: push a job, take results, or wait for one's own.

Everything else that speaks to Redis can do the same with LPUSH and BRPOP: docs/contract.md.
"""

import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from pydantic import SecretStr, ValidationError

from offbeat.errors import UnreadableResult
from offbeat.job import Job, encode_message, legible_job_id, parse_job
from offbeat.result import CancelledResult, CompletedResult, FailedResult, parse_result
from offbeat.settings import Settings
from offbeat.store import RunRecord, Store
from offbeat.submission import ENDED, Progress, Submission

__all__ = ["Client", "Progress"]

_BLOCK_SEC = 5.0
_NEEDLES = (
    re.compile(r"[^\x00-\x1f\x7f-\U0010ffff\"&'/<>\\]+"),
    re.compile(r"[\u00a0-\u2027\u202a-\ud7ff\ue000-\uffff]+"),
    re.compile(r"[\U00010000-\U0010ffff]+"),
)
"""Signs that encoders treat alike; the first that a job_id holds are looked for."""

_CLAIMS_LOOKED_AT = 2_000


@dataclass(frozen=True)
class _Message:
    """A job as it goes into the queue."""

    raw: bytes
    job_id: int | str


class Client:
    """Jobs in, results out. Safe to use from many tasks.

    Examples:
        >>> async with Client.connect("redis://localhost:6379/0") as offbeat:
        ...     result = await offbeat.submit({"job_id": 42, "relative_path": "mixes/042.mp3"})

    """

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def connect(
        cls, redis_url: str | None = None, *, settings: Settings | None = None
    ) -> AsyncIterator[Self]:
        """Open a client on `redis_url`, else on what the settings name, and close it at the end.

        Raises:
            NoRedisConfigured: Neither names a Redis.
            RedisUnreachable: Redis does not answer.

        """
        chosen = settings or Settings()
        if redis_url is not None:
            chosen = chosen.model_copy(update={"redis_url": SecretStr(redis_url)})
        async with Store.connect(chosen) as store:
            await store.ping()
            yield cls(store)

    @property
    def store(self) -> Store:
        """The runs in Redis below this client."""
        return self._store

    async def push(self, job: Job | Mapping[str, object]) -> int | str:
        """Put a job into the queue and return its job_id.

        Raises:
            JobRefused: The controller would refuse it.
            RedisUnreachable: Redis does not answer. Whether the job was pushed is not known then.

        """
        message = self._encode(job)
        await self._store.push(message.raw)
        return message.job_id

    async def pop_raw(self, timeout_sec: float | None = None) -> bytes | None:
        """Take the oldest result as it was sent; None if there is none for `timeout_sec`.

        Without a timeout it waits for ever. The result is gone from Redis when this returns.
        """
        give_up = float("inf") if timeout_sec is None else time.monotonic() + timeout_sec
        while True:
            left = give_up - time.monotonic()
            # BRPOP reads 0 as "for ever", and the socket's own timeout must not end the wait.
            raw = await self._store.pop(min(_BLOCK_SEC, max(left, 0.01)))
            if raw is not None or left <= _BLOCK_SEC:
                return raw

    async def pop(
        self, timeout_sec: float | None = None
    ) -> CompletedResult | FailedResult | CancelledResult | None:
        """Take the oldest result; None if there is none for `timeout_sec`.

        Raises:
            UnreadableResult: What was taken is not a result; the exception holds its bytes.

        """
        raw = await self.pop_raw(timeout_sec)
        if raw is None:
            return None
        try:
            return parse_result(raw)
        except ValidationError as error:
            raise UnreadableResult("the results queue held no result of Offbeat", raw) from error

    async def submit(
        self,
        job: Job | Mapping[str, object],
        *,
        timeout_sec: float | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        keep_result: bool = False,
    ) -> CompletedResult | FailedResult | CancelledResult:
        """Push a job, wait for its result and return it; results of other jobs are not touched.

        Args:
            job: The job.
            timeout_sec: How long to wait; None for ever. The job goes on when the wait is over.
            on_progress: Called about twice a second with where the job is.
            keep_result: Whether the result stays in the results queue for another consumer too.

        Raises:
            JobRefused: The controller would refuse it.
            NoResultInTime: The wait is over.
            RedisUnreachable: Redis does not answer, or was away for ten seconds.
            ResultTaken: The connection broke, and another consumer took the result meanwhile.

        """
        message = self._encode(job)
        submission = Submission(self._store, message.raw, message.job_id)
        raw = await submission.result(timeout_sec=timeout_sec, on_progress=on_progress)
        if not keep_result:
            await self._store.take_out(raw)
        return parse_result(raw)

    async def status(self, job_id: int | str) -> Progress | None:
        """Return where the latest job of that name is; None if Redis knows nothing of it."""
        found = await self._in_flight(job_id) or await self._queued(job_id)
        if found is None:  # it may have been claimed while the queue was looked through
            found = await self._in_flight(job_id)
        if found is None:
            record = await self._latest(job_id)
            found = Progress.of(job_id, record) if record else None
        return found

    async def _latest(self, job_id: int | str) -> RunRecord | None:
        """Return the latest run that has had a Job."""
        run_id = await self._store.latest_run(job_id)
        return (await self._store.records([run_id])).get(run_id) if run_id else None

    async def _in_flight(self, job_id: int | str) -> Progress | None:
        """Look for a run without a result."""
        record = await self._latest(job_id)
        if record is not None and record.state not in ENDED:
            return Progress.of(job_id, record)
        return await self._claimed(job_id)

    async def _claimed(self, job_id: int | str) -> Progress | None:
        """Look for a run that is claimed and has no Job yet, and so no entry under its job_id."""
        runs = await self._store.inflight(newest=_CLAIMS_LOOKED_AT)
        records = (await self._store.records(runs)).values()
        fresh = [record.run_id for record in records if record.job_id is None]
        for record in (await self._store.records(fresh, with_message=True)).values():
            if record.raw is not None and _names(record.raw, job_id):
                return Progress.of(job_id, record)
        return None

    async def _queued(self, job_id: int | str) -> Progress | None:
        """Look for a message that waits, from the end that is claimed first."""
        part, escaped = _needle(job_id)
        async for position, raw in self._store.find_waiting(
            str(job_id), part=part, escaped=escaped
        ):
            if _names(raw, job_id):
                return Progress(job_id=job_id, state="queued", ahead=position)
        return None

    def _encode(self, job: Job | Mapping[str, object]) -> _Message:
        """Write a job as a message that differs from every other, with the time of its push.

        Raises:
            JobRefused: It is not a job, or it holds text that JSON cannot carry.

        """
        fields = (
            job.model_dump(mode="json", exclude_unset=True) if isinstance(job, Job) else dict(job)
        )
        if fields.get("enqueued_at") is None:
            fields["enqueued_at"] = self._clock()
        raw = encode_message(fields)
        return _Message(raw, parse_job(raw).job_id)


def _names(raw: bytes, job_id: int | str) -> bool:
    """Return whether a message is of that job; 42 and "42" share their place in Redis."""
    found = legible_job_id(raw)
    return found is not None and str(found) == str(job_id)


def _needle(job_id: int | str) -> tuple[str, str]:
    """Return a part of the job_id that its message holds, and the same part escaped.

    The escaped one is in lower case, and empty for ASCII, of which encoders escape a sign here and
    there. What is not ASCII they escape all or none, except for two line separators and for signs
    beyond 16 bits, so a part never mixes these.
    """
    text = str(job_id)
    for signs in _NEEDLES:
        found = signs.findall(text)
        if found:
            needle = max(found, key=len)
            return needle, "" if needle.isascii() else _escape(needle)
    return "", ""


def _escape(text: str) -> str:
    """Write each unit of UTF-16 as JSON may."""
    units = text.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
