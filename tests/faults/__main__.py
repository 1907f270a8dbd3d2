"""Break everything around Offbeat and count: `python -m tests.faults --seed 7 --messages 10000`.

The plan of the faults is printed first. The same seed, number of messages and scenario give the
same plan. Exit code 1 says that something was lost, doubled, above its cap or stuck.
"""

import argparse
import asyncio
import os
import shutil
import sys
from pathlib import Path

from offbeat.logs import logger
from tests.faults.kind_site import a_kind_site
from tests.faults.plan import FaultKind, Plan, make_plan
from tests.faults.run import Report, run
from tests.faults.scenario import SCENARIOS, Pace
from tests.faults.sites import a_bare_site

__all__ = ["main"]

_LONG = 1000
"""From so many messages on, pods are lost on dead nodes, too."""


def main() -> int:
    """Run one plan, print the verdict and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="decides messages and faults")
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="cluster")
    parser.add_argument("--site", choices=("bare", "kind"), default="bare", help="API server")
    parser.add_argument("--rate", type=float, default=12.0, help="messages pushed a second")
    parser.add_argument("--cap", type=int, default=12, help="Jobs at once, of each release")
    parser.add_argument("--every", type=float, default=1.5, help="seconds between two faults")
    parser.add_argument("--longest", type=float, default=2.0, help="seconds a fault lasts at most")
    parser.add_argument("--calm", type=float, default=120.0, help="seconds to come to rest")
    parser.add_argument("--only", default=None, help="kinds of faults, with commas between them")
    parser.add_argument("--without", default="", help="kinds of faults to leave out")
    parser.add_argument("--quiet-world", action="store_true", help="no faults at all")
    parser.add_argument("--folder", type=Path, default=Path("build/faults"))
    given = parser.parse_args()
    logger.disable("offbeat")  # the played analyzers complain of what is done to them
    only = [FaultKind(kind) for kind in given.only.split(",")] if given.only else None
    plan = make_plan(
        given.seed,
        duration_sec=max(10.0, given.messages / given.rate),
        every_sec=given.every,
        longest_sec=given.longest,
        only=[] if given.quiet_world else only,
        without=[FaultKind(kind) for kind in given.without.split(",") if kind],
    )
    _say(str(plan))
    report = asyncio.run(_run(given, plan))
    _say(report.figures)
    for note in report.notes:
        _say(f"note: {note}")
    _say(report.verdict.report())
    return 0 if report.verdict.is_good else 1


async def _run(given: argparse.Namespace, plan: Plan) -> Report:
    folder = (given.folder / str(given.seed)).resolve()
    earlier = folder.with_name(f"{folder.name}-before")
    shutil.rmtree(earlier, ignore_errors=True)
    if folder.exists():
        folder.rename(earlier)
    folder.mkdir(parents=True)
    is_long = given.messages >= _LONG
    pace = Pace(
        cap=given.cap,
        longest_sec=1.0 if is_long else 0.5,
        job_ttl_sec=10,
        with_lost_nodes=is_long,
    )
    image = os.environ.get("KIND_NODE_IMAGE", "")
    opened = a_kind_site(folder, image=image) if given.site == "kind" else a_bare_site()
    async with opened as site:
        return await run(
            site,
            SCENARIOS[given.scenario],
            plan,
            pace,
            count=given.messages,
            folder=folder,
            calm_sec=given.calm,
            say=_say,
        )


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
