"""Ten thousand Jobs in flight, on a kind cluster whose pods kwok plays: `make bench-scale`.

It makes the cluster and deletes it. The controller is a process of this machine, with a Redis of
its own. Needs kind, kubectl, kwok and a redis-server.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import redis

from benchmarks.local_controller import free_port
from benchmarks.scale.bench import Bench
from benchmarks.scale.cluster import cluster
from benchmarks.scale.measure import measure
from offbeat.embedded import EmbeddedRedis
from offbeat.settings import Settings


def main() -> int:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=20, help="Jobs that end, one by one")
    parser.add_argument("--idle", type=float, default=70.0, metavar="SEC",
                        help="time at rest; each run is looked at every 60 s")  # fmt: skip
    parser.add_argument("--node-image", default="", help="of kind; default: kind's own")
    parser.add_argument("--kubeconfig", type=Path, help="use this cluster instead of making one")
    given = parser.parse_args()
    for tool in ("kind", "kubectl", "kwok"):
        if shutil.which(tool) is None:
            parser.error(f"{tool} is not on PATH")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="offbeat-scale-") as name,
        EmbeddedRedis(Path(name) / "redis", port=0) as server,
        cluster(Path(name), kubeconfig=given.kubeconfig, node_image=given.node_image) as kubeconfig,
    ):
        bench = Bench(
            folder=Path(name),
            kubeconfig=kubeconfig,
            settings=Settings(redis_url=server.url, _env_file=None),
            redis=redis.from_url(server.url),
            port=free_port(),
            jobs=given.jobs,
            changes=given.changes,
            idle_sec=given.idle,
        )
        for table in asyncio.run(measure(bench)):
            print(table.markdown(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
