"""One TCP address before Redis: connections through it can be slow, mute, cut or led elsewhere."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

__all__ = ["RedisProxy"]

_CHUNK = 64 * 1024


class RedisProxy:
    """A proxy on a free loopback port."""

    def __init__(self, target: int) -> None:
        self.target = target
        """Port that new connections are led to."""
        self.delay_sec = 0.0
        self.is_mute = False
        """Whether answers are dropped after the commands went through."""
        self.is_blocked = False
        """Whether connections are closed at once."""
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    @asynccontextmanager
    async def open(cls, target: int) -> AsyncIterator[Self]:
        """Listen until the end of the block."""
        proxy = cls(target)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            proxy.cut()
            for task in list(proxy._tasks):
                task.cancel()

    def cut(self) -> None:
        """Reset all connections."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_blocked:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        pumps = [
            asyncio.create_task(self._pump(reader, up_writer, is_answer=False)),
            asyncio.create_task(self._pump(up_reader, writer, is_answer=True)),
        ]
        self._writers |= {writer, up_writer}
        self._tasks |= set(pumps)
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in (writer, up_writer):
                self._writers.discard(end)
                end.transport.abort()
            for pump in pumps:
                pump.cancel()
                self._tasks.discard(pump)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                if is_answer and self.delay_sec:
                    await asyncio.sleep(self.delay_sec)
                if is_answer and self.is_mute:
                    continue
                writer.write(data)
                await writer.drain()
