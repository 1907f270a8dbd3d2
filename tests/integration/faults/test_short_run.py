"""Everything around real controllers breaks for a few seconds, and every message has one result.

The long runs are `python -m tests.faults`; this one is small enough for every day.
"""

from pathlib import Path

import pytest

from tests.faults.plan import FaultKind, make_plan
from tests.faults.run import run
from tests.faults.scenario import SCENARIOS, Pace
from tests.faults.sites import a_bare_site

MESSAGES = 200
PACE = Pace(cap=16, longest_sec=0.3, job_ttl_sec=10)

SLOW = (FaultKind.API_HANG, FaultKind.CLOCK)
"""Faults that cost seconds each."""


@pytest.mark.parametrize(
    ("seed", "scenario"), [(1, "cluster"), (2, "two-releases"), (3, "cluster")]
)
async def test_one_result_for_every_message(tmp_path: Path, seed: int, scenario: str) -> None:
    """Whatever breaks, nothing is lost, doubled, above its cap or stuck."""
    plan = make_plan(seed, duration_sec=12, every_sec=0.8, longest_sec=1.2, without=SLOW)
    lines = [str(plan)]
    async with a_bare_site() as site:
        report = await run(
            site,
            SCENARIOS[scenario],
            plan,
            PACE,
            count=MESSAGES,
            folder=tmp_path,
            calm_sec=120,
            say=lines.append,
        )
    told = "\n".join([*lines, report.figures, *report.notes, report.verdict.report()])
    assert report.verdict.is_good, told
