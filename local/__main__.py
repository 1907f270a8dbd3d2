"""`python -m local`: the controller of local mode, with analyzers as its children."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext

from controller.reconcile import Reconciler
from controller.serve import Side, run
from controller.settings import ControllerSettings, JobsConfig
from local.owner import LocalOwner
from local.process import ProcessLauncher

__all__ = ["local_side", "main"]


def main() -> int:
    """Run the controller; return the exit code of the process."""
    return run(local_side)


@asynccontextmanager
async def local_side(config: JobsConfig, settings: ControllerSettings) -> AsyncIterator[Side]:
    """Start children for as long as the block lasts, in the name that is kept for this queue."""
    launcher = ProcessLauncher(config, settings)

    async def watch_children(reconciler: Reconciler, on_ready: Callable[[], None]) -> None:
        launcher.on_end = reconciler.finished
        on_ready()
        await asyncio.Event().wait()

    url = settings.redis_url.get_secret_value() if settings.redis_url else ""
    named = nullcontext(settings.owner) if settings.owner else None
    try:
        with named or LocalOwner(url, settings.analysis_queue) as owner:
            yield Side(owner, launcher, watch_children)
    finally:
        await launcher.close()


if __name__ == "__main__":
    sys.exit(main())
