"""One message that somebody waits for: where it is, and its result when that is there.

It takes nobody else's result. SETTLE announces every result on a channel of the job's own, so a
result is normally heard, not fetched; looks into Redis tell the progress and find what was missed
while the connection was down. A result is this message's own if its run was made of these bytes.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from offbeat.errors import NoResultInTime, RedisUnreachable, ResultTaken
from offbeat.scripts import message_sha
from offbeat.store import Announcements, RunRecord, Store

__all__ = ["ENDED", "Progress", "Submission"]

ENDED = frozenset({"completed", "failed", "cancelled"})
"""States of a run that has its result."""

_NOTHING_TO_WAIT_FOR = ENDED | {"unknown"}
_LOOK_INTERVAL_SEC = 0.5
_POSITION_SEC = 0.001
"""Pause before the position is asked for again, for each message ahead: Redis walks them all."""

_PATIENCE_SEC = 10.0
_RESULTS_LOOKED_AT = 20_000


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a job is."""

    job_id: int | str
    state: str
    """queued, claimed, launched, running, completed, failed, cancelled or unknown."""
    fraction: float | None = None
    """How much is done, 0 to 1; None until the analyzer says so."""
    stage: str | None = None
    ahead: int | None = None
    """How many messages stand before it in the queue."""
    record: RunRecord | None = None

    @classmethod
    def of(cls, job_id: int | str, record: RunRecord) -> "Progress":
        """Describe a run."""
        fraction = 1.0 if record.state == "completed" else record.progress
        return cls(
            job_id=job_id,
            state=record.state,
            fraction=fraction,
            stage=record.stage,
            record=record,
        )


class Submission:
    """One message, pushed and waited for."""

    def __init__(
        self,
        store: Store,
        raw: bytes,
        job_id: int | str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.job_id = job_id
        self._store = store
        self._raw = raw
        self._sha = message_sha(raw)
        self._monotonic = monotonic
        self._run_id: str | None = None
        self._ahead: int | None = None
        self._next_position = 0.0
        self._ended_unseen = False

    async def result(
        self, *, timeout_sec: float | None, on_progress: Callable[[Progress], None]
    ) -> bytes:
        """Push the message and return its result, as it was sent.

        A connection that breaks after the push is given ten seconds to come back.

        Raises:
            NoResultInTime: `timeout_sec` is over.
            RedisUnreachable: Redis did not answer.
            ResultTaken: The result was not heard, and is gone from the results queue.

        """
        answered = self._monotonic()
        give_up = float("inf") if timeout_sec is None else answered + timeout_sec
        state = "queued"
        async with self._store.announcements(self.job_id) as channel:
            self._ahead = await self._store.push(self._raw)
            self._next_position = self._monotonic() + self._ahead * _POSITION_SEC
            while True:
                left = give_up - self._monotonic()
                try:
                    heard = await self._heard(channel, max(0.0, min(_LOOK_INTERVAL_SEC, left)))
                    if heard is not None:
                        return heard
                    progress = await self._look()
                    on_progress(progress)
                    if progress.state in _NOTHING_TO_WAIT_FOR:
                        missed = await self._missed(progress)
                        if missed is not None:
                            return missed
                    answered, state = self._monotonic(), progress.state
                except RedisUnreachable:
                    if self._monotonic() - answered > _PATIENCE_SEC:
                        raise
                    await asyncio.sleep(0.2)
                if left <= 0:
                    raise NoResultInTime(
                        f"job {self.job_id} has no result after {timeout_sec:g} s: it is {state}"
                    )

    async def _heard(self, channel: Announcements, timeout_sec: float) -> bytes | None:
        """Wait a moment for the result to be announced."""
        raw = await channel.next(timeout_sec)
        return raw if raw is not None and await self._is_ours(raw) else None

    async def _look(self) -> Progress:
        """Look up where the message is."""
        record = await self._record()
        if record is not None:
            return Progress.of(self.job_id, record)
        if self._monotonic() >= self._next_position:
            self._ahead = await self._store.position(self._raw)
            self._next_position = self._monotonic() + (self._ahead or 0) * _POSITION_SEC
        state = "unknown" if self._ahead is None else "queued"
        return Progress(job_id=self.job_id, state=state, ahead=self._ahead)

    async def _record(self) -> RunRecord | None:
        """Return the run that was made of this message."""
        if self._run_id is None:
            candidate = await self._store.run_of_message(self._sha) or await self._store.latest_run(
                self.job_id
            )
            if candidate is None:
                return None
            records = await self._store.records([candidate])
            if candidate not in records or records[candidate].sha != self._sha:
                return None
            self._run_id = candidate
        return (await self._store.records([self._run_id])).get(self._run_id)

    async def _missed(self, progress: Progress) -> bytes | None:
        """Find the result among those that wait for their consumer."""
        async for raw in self._store.results(limit=_RESULTS_LOOKED_AT):
            if await self._is_ours(raw):
                return raw
        if progress.state in ENDED and self._ended_unseen:
            raise ResultTaken(
                f"job {self.job_id} has {progress.state}, but another consumer took its result"
            )
        self._ended_unseen = progress.state in ENDED  # it may be on its way to us: one more round
        return None

    async def _is_ours(self, raw: bytes) -> bool:
        """Return whether a result belongs to this very message, not to a namesake's."""
        try:
            fields = json.loads(raw)
            job_id, run_id = fields["job_id"], fields["run_id"]
        except (ValueError, TypeError, LookupError):
            return False
        if type(job_id) is not type(self.job_id) or job_id != self.job_id:
            return False
        record = (await self._store.records([run_id])).get(run_id)
        return record is None or record.sha in {None, self._sha}
