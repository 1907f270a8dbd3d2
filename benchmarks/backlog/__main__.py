"""Long queues, duplicates and a huge message, against what is promised; needs a redis-server.

`python -m benchmarks.backlog` runs all parts on a private Redis, in about two minutes.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import redis

from benchmarks.backlog.bench import Bench
from benchmarks.backlog.duplicates import duplicates
from benchmarks.backlog.huge import huge
from benchmarks.backlog.waiting import find, submit
from offbeat import logs
from offbeat.embedded import EmbeddedRedis
from offbeat.settings import Settings

_PARTS = {"find": find, "submit": submit, "duplicates": duplicates, "huge": huge}


async def _run(bench: Bench, parts: list[str]) -> None:
    for part in parts:
        for table in await _PARTS[part](bench):
            print(table.markdown(), flush=True)


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(_PARTS), metavar="PARTS",
                        help=f"some of {','.join(_PARTS)}")  # fmt: skip
    parser.add_argument("--waiting", type=int, default=100_000, help="messages in the queue")
    parser.add_argument("--looks", type=int, default=20, help="for each job")
    parser.add_argument("--window", type=float, default=20.0, metavar="SEC")
    parser.add_argument("--duplicates", type=int, default=8_000)
    parser.add_argument("--huge-mb", type=float, default=100.0)
    given = parser.parse_args()
    parts = given.only.split(",")
    if unknown := set(parts) - set(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    logs.configure("WARNING", "text")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n")
    with (
        tempfile.TemporaryDirectory(prefix="offbeat-backlog-") as name,
        EmbeddedRedis(Path(name) / "redis", port=0) as server,
    ):
        bench = Bench(
            folder=Path(name),
            settings=Settings(redis_url=server.url, _env_file=None),
            redis=redis.from_url(server.url, socket_timeout=300),
            waiting=given.waiting,
            looks=given.looks,
            window_sec=given.window,
            duplicates=given.duplicates,
            huge_bytes=int(given.huge_mb * 1e6),
        )
        asyncio.run(_run(bench, parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
