"""One child process under asyncio: its lines, its end, and nothing left of it afterwards.

A child leads its own session, so what it has started can be killed with it. Its exit is
noticed without reaping it: until then its id cannot be given to another process, and no signal of
ours can reach a stranger. `asyncio`'s own subprocesses reap at once, and one whose watching cannot
begin runs on unwatched.
"""

import asyncio
import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from offbeat.lifeline import die_with_parent
from offbeat.logs import logger

__all__ = ["ChildProcess", "LineBuffer"]

_CHUNK_BYTES = 1 << 16
_LAST_LINES_SEC = 1.0
"""How long to wait for the end of the output once the child is gone."""


class LineBuffer:
    """Cuts bytes into lines; a line longer than `limit` is cut into several."""

    def __init__(self, on_line: Callable[[str], None], *, limit: int = _CHUNK_BYTES) -> None:
        self._on_line = on_line
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._emit(line)
        if len(self._rest) >= self._limit:
            self.end()

    def end(self) -> None:
        """Take what is left for the last line."""
        rest, self._rest = self._rest, b""
        if rest:
            self._emit(rest)

    def _emit(self, line: bytes) -> None:
        for start in range(0, max(len(line), 1), self._limit):
            piece = line[start : start + self._limit]
            self._on_line(piece.decode("utf-8", "replace").rstrip())


class _Output:
    """The reading end of a pipe, in the event loop."""

    def __init__(self, descriptor: int, on_line: Callable[[str], None]) -> None:
        self.ended = asyncio.Event()
        self._descriptor = descriptor
        self._lines = LineBuffer(on_line)
        self._loop = asyncio.get_running_loop()
        os.set_blocking(descriptor, False)
        self._loop.add_reader(descriptor, self._read)

    def close(self) -> None:
        """Stop to read; do nothing if it has ended."""
        if not self.ended.is_set():
            self.ended.set()
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._lines.end()

    def _read(self) -> None:
        try:
            data = os.read(self._descriptor, _CHUNK_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if data:
            self._lines.feed(data)
        else:
            self.close()


class ChildProcess:
    """A process that runs, or has ended and is not reaped yet, until `wait` or `end` returns."""

    def __init__(self, process: subprocess.Popen[bytes], output: _Output) -> None:
        self._process = process
        self._output = output
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
    ) -> Self:
        """Start it from the event loop's own thread, which lives as long as the controller.

        Raises:
            OSError: It cannot be started, for lack of descriptors, threads, memory or the program.

        """
        reading, writing = os.pipe()
        try:
            try:
                output = _Output(reading, on_line)
            except BaseException:
                os.close(reading)
                raise
            try:
                process = subprocess.Popen(
                    command,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=writing,
                    stderr=writing,
                    start_new_session=True,
                    preexec_fn=die_with_parent(),  # noqa: PLW1509 - one system call, no locks
                )
            except BaseException:
                output.close()
                raise
        finally:
            os.close(writing)
        child = cls(process, output)
        child._watch()
        return child

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit code, or minus the signal that killed it; `None` until it is reaped."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait until it has ended and all its lines are read; return its status."""
        await self._exited.wait()
        return await self._reap()

    async def end(self, *, kill_after_sec: float) -> None:
        """End it if it runs: SIGTERM, and SIGKILL where that does not help. Take no longer than
        twice the time given, even where the kernel cannot end it.
        """
        try:
            if not self._exited.is_set():
                self._signal(signal.SIGTERM)
                await self._wait_for_exit(kill_after_sec)
            self.kill()
            if await self._wait_for_exit(kill_after_sec):
                await self._reap()
            else:
                logger.error("process {} does not end although it was killed", self.pid)
        finally:
            self.kill()
            self._output.close()

    def kill(self) -> None:
        """Kill it and what it has started, at once; do nothing once it is reaped."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def _reap(self) -> int:
        self.kill()  # what it has left behind
        status = self._process.wait()
        with contextlib.suppress(TimeoutError):  # a process that has left the session holds on
            async with asyncio.timeout(_LAST_LINES_SEC):
                await self._output.ended.wait()
        self._output.close()
        return status

    async def _wait_for_exit(self, timeout_sec: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_sec):
                await self._exited.wait()
        return self._exited.is_set()

    def _watch(self) -> None:
        thread = threading.Thread(target=self._await_exit, name=f"child {self.pid}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            self.kill()
            self._process.wait()
            self._output.close()
            raise OSError(errno.EAGAIN, str(error)) from error

    def _await_exit(self) -> None:
        if sys.platform == "linux":
            with contextlib.suppress(ChildProcessError):
                os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT)
        else:
            self._process.wait()  # macOS has no waitid before Python 3.13
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._exited.set)
