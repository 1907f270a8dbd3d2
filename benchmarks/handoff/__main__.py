"""Speed and cost of the hand-off, through the chart, on a kind cluster: `make bench-handoff`.

All times are on one clock, since a kind node shares that of its machine. The last two parts use
Jobs whose pods find no node, and a larger cap; the controller is restarted for that.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Mapping

from benchmarks.handoff.latency import created, results
from benchmarks.handoff.load import burst, cost, restart
from benchmarks.handoff.site import Site
from benchmarks.tables import Table
from controller.cluster import Cluster
from tests.e2e.conftest import write_tone
from tests.e2e.installation import E2ESettings, Installation

_WITH_PODS = ("results", "cost", "restart")
_WITHOUT_PODS = ("created", "burst")
_CAP = "OFFBEAT_MAX_CONCURRENT_JOBS"
_PENDING = "OFFBEAT_PENDING_TIMEOUT_SEC"


async def _run(
    parts: Mapping[str, Callable[[Site], Awaitable[list[Table]]]], wanted: list[str]
) -> None:
    settings = E2ESettings()
    async with Cluster.connect(settings.namespace) as cluster:
        site = Site(Installation(settings), cluster)
        site.add_tone(lambda path: write_tone(path, seconds=2))

        async def measure(names: tuple[str, ...]) -> None:
            for name in names:
                if name in wanted:
                    for table in await parts[name](site):
                        print(table.markdown(), flush=True)

        await measure(_WITH_PODS)
        if not set(wanted) & set(_WITHOUT_PODS):
            return
        usual = {name: site.environment[name] for name in (_CAP, _PENDING)}
        site.set_environment(**{_CAP: "20000", _PENDING: "3600"})
        try:
            for name in _WITHOUT_PODS:
                await measure((name,))
                site.clear()
        finally:
            site.set_environment(**usual)


def main() -> int:
    """Run the parts that are asked for."""
    every = (*_WITH_PODS, *_WITHOUT_PODS)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(every), metavar="PARTS",
                        help=f"some of {','.join(every)}")  # fmt: skip
    parser.add_argument("--results", type=int, default=20, help="jobs that are waited for")
    parser.add_argument("--cpu-burst", type=int, default=100, help="real jobs at once")
    parser.add_argument("--kept", type=int, default=300, help="real jobs after them")
    parser.add_argument("--restarts", type=int, default=2)
    parser.add_argument("--pushes", type=int, default=200, help="of which creation is timed")
    parser.add_argument("--burst", type=int, default=1000, help="messages at once")
    given = parser.parse_args()
    wanted = given.only.split(",")
    if unknown := set(wanted) - set(every):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start\n", flush=True)
    parts: dict[str, Callable[[Site], Awaitable[list[Table]]]] = {
        "results": lambda site: results(site, given.results),
        "cost": lambda site: cost(site, given.cpu_burst, given.kept),
        "restart": lambda site: restart(site, given.restarts),
        "created": lambda site: created(site, given.pushes),
        "burst": lambda site: burst(site, given.burst),
    }
    asyncio.run(_run(parts, wanted))
    return 0


if __name__ == "__main__":
    sys.exit(main())
