"""The producer that pushes and the consumer that pops: both lose nothing when Redis dies."""

import asyncio
import random
import time
from typing import cast

from redis.exceptions import RedisError

from tests.faults.messages import Message
from tests.faults.redis_server import Redises

__all__ = ["Consumer", "Producer", "push_order"]

_PUSHED = "faults:pushed"
_PAUSE_SEC = 0.1
_APART = 12
_BURST = 40


def push_order(seed: int, found: list[Message]) -> list[bytes]:
    """Return every push in order: the copies of a message come shortly after it."""
    choice = random.Random(f"{seed} order")
    placed: list[tuple[float, bytes]] = []
    for number, message in enumerate(found):
        placed.append((number, message.raw))
        placed += [
            (number + choice.random() * _APART, message.raw) for _ in range(message.pushes - 1)
        ]
    return [raw for _, raw in sorted(placed, key=lambda pair: pair[0])]


class Producer:
    """Pushes in bursts, so that all is pushed when the time is up."""

    def __init__(self, redises: Redises, queue: str, seed: int) -> None:
        self.pushed: list[bytes] = []
        self.lock = asyncio.Lock()
        """Held while it pushes: whoever holds it keeps it from pushing."""
        self._redises = redises
        self._queue = queue
        self._pushes: list[bytes] = []
        self._random = random.Random(f"{seed} bursts")

    def prepare(self, pushes: list[bytes]) -> None:
        """Say what is to be pushed."""
        self._pushes = pushes

    async def run(self, duration_sec: float) -> None:
        """Push everything."""
        began = time.monotonic()
        while len(self.pushed) < len(self._pushes):
            share = min(1.0, (time.monotonic() - began) / duration_sec)
            behind = int(share * len(self._pushes)) - len(self.pushed)
            if behind < min(self._random.randrange(1, _BURST), len(self._pushes) // 4) and (
                share < 1.0
            ):
                await asyncio.sleep(_PAUSE_SEC)
                continue
            for raw in self._pushes[len(self.pushed) :][: max(behind, 1)]:
                async with self.lock:
                    await self._push(raw)
                    self.pushed.append(raw)

    async def _push(self, raw: bytes) -> None:
        """Push one message exactly once, whatever the connection does."""
        number = len(self.pushed) + 1
        while True:
            client = self._redises.master.client
            try:
                if int(await client.get(_PUSHED) or 0) == number:
                    return
                async with client.pipeline(transaction=True) as pipeline:
                    pipeline.lpush(self._queue, raw)
                    pipeline.set(_PUSHED, number)
                    await pipeline.execute()
                    return
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_SEC)


class Consumer:
    """Pops as BLMOVE does, and remembers what it has popped."""

    def __init__(self, redises: Redises, results: str, taken: str) -> None:
        self.popped: list[bytes] = []
        self.pause = asyncio.Lock()
        """Held while it pops: whoever holds it keeps it from popping."""
        self._redises = redises
        self._results = results
        self._taken = taken
        self._position = 0

    async def run(self) -> None:
        """Pop until cancelled."""
        while True:
            async with self.pause:
                try:
                    await self._pop()
                except (RedisError, OSError, TimeoutError):
                    await self.catch_up()
            await asyncio.sleep(0)

    async def catch_up(self) -> None:
        """Read what was moved without an answer."""
        while True:
            client = self._redises.master.client
            try:
                length = await client.llen(self._taken)
                while self._position < length:
                    raw = await client.lindex(self._taken, -1 - self._position)
                    assert raw is not None
                    self.popped.append(cast("bytes", raw))
                    self._position += 1
            except (RedisError, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_SEC)
            else:
                return

    async def begin_anew(self) -> None:
        """Take what the list of popped results holds now as known: it has another history."""
        self._position = await self._redises.master.client.llen(self._taken)

    async def _pop(self) -> None:
        client = self._redises.master.client
        raw = await client.blmove(self._results, self._taken, 0.2, "RIGHT", "LEFT")  # type: ignore[arg-type]
        if raw is not None:
            self.popped.append(cast("bytes", raw))
            self._position += 1
