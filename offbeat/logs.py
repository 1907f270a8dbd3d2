"""One shape for every log line: JSON with the bound fields (`job_id`, `run`), or text for people.

Records of the standard library (kopf, asyncio, aiohttp) are taken over, so that one process writes
one format.
"""

import json
import logging
import sys
from typing import TYPE_CHECKING

from loguru import logger

if TYPE_CHECKING:
    from loguru import Message, Record

__all__ = ["configure", "logger"]


class _Intercept(logging.Handler):
    """Passes records of the standard library on to loguru."""

    def emit(self, record: logging.LogRecord) -> None:
        level = record.levelname if record.levelname in logging.getLevelNamesMapping() else "INFO"
        logger.bind(logger=record.name).opt(exception=record.exc_info).log(
            level, "{}", record.getMessage()
        )


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
    print(json.dumps(line, default=str), file=sys.stderr, flush=True)  # noqa: T201


def configure(level: str, style: str) -> None:
    """Send all logs to standard error as JSON or text, at `level` and above."""
    logger.remove()
    if style == "json":
        logger.add(_write_json, level=level, format="", diagnose=False, backtrace=False)
    else:
        logger.add(sys.stderr, level=level, format=_line, diagnose=False, backtrace=False)
    logging.basicConfig(
        handlers=[_Intercept()], level=max(logging.INFO, logging.getLevelName(level)), force=True
    )


def _line(record: "Record") -> str:
    """Choose the format of one line for a terminal: bound fields are shown where there are any."""
    fields = "".join(f" {name}={{extra[{name}]}}" for name in record["extra"])
    start = "<dim>{time:HH:mm:ss}</dim> <level>{level: <7}</level> {message}"
    return f"{start}<dim>{fields}</dim>\n{{exception}}"
