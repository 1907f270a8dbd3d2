"""One shape for every log line: JSON with the bound fields (`job_id`, `run`), or text for people.

Records of the standard library (kopf, asyncio, aiohttp) and its warnings are taken over, so that
one process writes one format.

Whoever reads standard error may stop reading (`less`) or go away (`head`). Work must go on, so one
thread writes, from a queue that is bounded, and no caller ever waits for it or hears of its errors.
"""

import atexit
import json
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["LineWriter", "configure", "logger", "pass_on"]

_QUEUE_BYTES = 4 << 20
_EXIT_SEC = 1.0
_ROOM_TIMEOUT_SEC = 1.0


class LineWriter:
    """Writes to a file descriptor in a thread of its own.

    Guarantees: `write` neither waits nor raises. Lines that find the queue full, or that cannot be
    written, are dropped; how many is written as soon as something can be written again.
    """

    def __init__(
        self,
        descriptor: int,
        *,
        note: Callable[[int], str],
        limit_bytes: int = _QUEUE_BYTES,
    ) -> None:
        self.note = note
        """Makes the line that says how many are missing."""
        self._descriptor = descriptor
        self._limit_bytes = limit_bytes
        # Reentrant, as Condition's own lock is: a finalizer may log while this thread holds it.
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._dropped = 0
        self._busy = False
        self._thread: threading.Thread | None = None

    def write(self, text: str) -> None:
        """Queue one line, which ends with its line break."""
        line = text.encode("utf-8", "backslashreplace")
        with self._changed:
            running = self._is_running()
            # Once a line is dropped, so are those behind it: the gap stays in one place.
            full = self._dropped > 0 or self._bytes + len(line) > self._limit_bytes
            if full or not running:
                self._dropped += 1
            else:
                self._lines.append(line)
                self._bytes += len(line)
            self._changed.notify_all()

    def drain(self, timeout_sec: float) -> bool:
        """Wait until all is written; return whether it was in time."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._lines or self._dropped or self._busy), timeout_sec
            )

    def isatty(self) -> bool:
        """Return whether people read it: loguru then writes in colours."""
        return os.isatty(self._descriptor)

    def _is_running(self) -> bool:
        """Start the thread if it does not run, as after a fork; return whether it runs."""
        if self._thread is None or not self._thread.is_alive():
            # A daemon: the end of the process does not wait for a pipe that nobody reads.
            thread = threading.Thread(target=self._run, name="log writer", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the limit of threads, or the interpreter is ending
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        missing = 0
        while True:
            lines, dropped = self._take()
            for line in lines:
                if missing and self._put(self.note(missing).encode()):
                    missing = 0
                if not self._put(line):
                    missing += 1
            missing += dropped
            if missing and self._put(self.note(missing).encode()):
                missing = 0
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _take(self) -> tuple[deque[bytes], int]:
        """Wait for lines; return all there are, and how many were dropped behind them."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._dropped)
            lines, dropped = self._lines, self._dropped
            self._lines, self._bytes, self._dropped, self._busy = deque(), 0, 0, True
            return lines, dropped

    def _put(self, line: bytes) -> bool:
        """Write one line by itself: pipes keep short writes of several processes apart."""
        rest = memoryview(line)
        try:
            while rest:
                try:
                    rest = rest[os.write(self._descriptor, rest) :]
                except BlockingIOError:  # another process has made the shared file non-blocking
                    select.select([], [self._descriptor], [], _ROOM_TIMEOUT_SEC)
        except OSError:  # the reader is gone, or the disk is full
            return False
        return True


class _Intercept(logging.Handler):
    """Passes records of the standard library on to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in logging.getLevelNamesMapping() else "INFO"
        logger.bind(logger=record.name).opt(exception=record.exc_info).log(
            level, "{}", record.getMessage()
        )


def configure(level: str, style: str) -> None:
    """Send all logs to standard error as JSON or text, at `level` and above."""
    logger.remove()
    writer = _standard_error()
    if writer is not None and style == "json":
        writer.note = _json_note
        logger.add(_write_json, level=level, format="", diagnose=False, backtrace=False)
    elif writer is not None:
        writer.note = _text_note
        logger.add(writer, level=level, format=_line, diagnose=False, backtrace=False)
    logging.basicConfig(
        handlers=[_Intercept()], level=max(logging.INFO, logging.getLevelName(level)), force=True
    )
    logging.captureWarnings(True)


def pass_on(line: str) -> None:
    """Write a line of a child process to standard error as it is."""
    writer = _standard_error()
    if writer is not None:
        writer.write(line + "\n")


@cache
def _standard_error() -> LineWriter | None:
    """Return the one writer of this process; `None` if it was started without a standard error."""
    if sys.__stderr__ is None:
        return None
    writer = LineWriter(sys.__stderr__.fileno(), note=_text_note)
    atexit.register(writer.drain, _EXIT_SEC)
    return writer


def _write_json(message: "Message") -> None:
    record = message.record
    line: dict[str, object] = {
        "time": record["time"].isoformat(timespec="milliseconds"),
        "level": record["level"].name.lower(),
        "message": record["message"],
        **record["extra"],
    }
    if record["exception"] is not None and record["exception"].type is not None:
        line["exception"] = str(message).partition("\n")[2].strip() or repr(
            record["exception"].value
        )
    pass_on(json.dumps(line, default=str))


def _line(record: "Record") -> str:
    """Choose the format of one line for a terminal: bound fields are shown where there are any."""
    fields = "".join(f" {name}={{extra[{name}]}}" for name in record["extra"])
    start = "<dim>{time:HH:mm:ss}</dim> <level>{level: <7}</level> {message}"
    return f"{start}<dim>{fields}</dim>\n{{exception}}"


def _json_note(missing: int) -> str:
    now = datetime.now().astimezone().isoformat(timespec="milliseconds")
    return json.dumps({"time": now, "level": "warning", "message": _explain(missing)}) + "\n"


def _text_note(missing: int) -> str:
    return f"{datetime.now().astimezone():%H:%M:%S} WARNING {_explain(missing)}\n"


def _explain(missing: int) -> str:
    return f"log lines dropped because standard error was not read or not writable: {missing}"
