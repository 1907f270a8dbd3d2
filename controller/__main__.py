"""`python -m controller`: Jobs in a cluster."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from controller.cluster import Cluster
from controller.handlers import watch
from controller.identity import cluster_owner
from controller.launcher import KubernetesLauncher
from controller.reconcile import Reconciler
from controller.serve import Side, run
from controller.settings import ControllerSettings, JobsConfig

__all__ = ["main"]


def main() -> int:
    """Run the controller; return the exit code of the process."""
    return run(_cluster_side)


@asynccontextmanager
async def _cluster_side(config: JobsConfig, settings: ControllerSettings) -> AsyncIterator[Side]:
    async with Cluster.connect(settings.namespace) as cluster:

        async def watch_cluster(reconciler: Reconciler, on_ready: Callable[[], None]) -> None:
            await watch(reconciler, settings, namespace=cluster.namespace, on_ready=on_ready)

        owner = settings.owner or cluster_owner(
            cluster.authority(), cluster.namespace, settings.release
        )
        yield Side(owner, KubernetesLauncher(cluster, config, settings), watch_cluster)


if __name__ == "__main__":
    sys.exit(main())
