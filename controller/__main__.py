"""`python -m controller`: settings, logs, and then `serve` until a signal."""

import asyncio
import sys

from pydantic import ValidationError

from controller.errors import ControllerError
from controller.serve import serve
from controller.settings import ControllerSettings
from offbeat import logs
from offbeat.errors import OffbeatError
from offbeat.inspection import forbid_inspection
from offbeat.logs import logger

__all__ = ["main"]


def main() -> int:
    """Run the controller; return the process' exit code."""
    forbid_inspection()  # local mode: children of this user must not read the URL of Redis
    try:
        settings = ControllerSettings()
    except ValidationError as error:
        sys.stderr.write(f"offbeat controller: {error}\n")
        return 2
    logs.configure(settings.log_level, settings.log_format)
    try:
        asyncio.run(serve(settings))
    except (ControllerError, OffbeatError) as error:
        logger.error("{}", error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
