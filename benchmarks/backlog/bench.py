"""The queue under test: its private Redis, and as many messages as are asked for."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks.backlog.messages import message
from offbeat.keys import QueueKeys
from offbeat.settings import Settings

__all__ = ["Bench"]

_PAGE = 2_000


@dataclass(frozen=True)
class Bench:
    """A Redis that nobody else uses, and how much is to be measured."""

    folder: Path
    settings: Settings
    redis: redis.Redis
    waiting: int
    """How many messages wait."""
    looks: int
    """How often each job is looked for."""
    window_sec: float
    """For how long a waiting `submit` is watched."""
    duplicates: int
    huge_bytes: int

    @property
    def keys(self) -> QueueKeys:
        """The Redis keys of the queue."""
        return self.settings.keys

    async def fill(self) -> None:
        """Fill the queue; number 0 is claimed first. It is done once."""
        while (have := self.redis.llen(self.keys.queue)) < self.waiting:
            page = [message(number) for number in range(have, min(self.waiting, have + _PAGE))]
            self.redis.lpush(self.keys.queue, *page)
            await asyncio.sleep(0)

    def empty(self) -> None:
        """Forget everything: the server is this benchmark's own."""
        self.redis.flushall()
