"""Fuzz the analyzer: `python -m tests.fuzz --executions 20000 --seed 0`.

An input that breaks it is kept under `build/fuzz`, and made again by its seed with `--only 0:17`.
"""

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz.inputs import Maker
from tests.fuzz.run import Figures, Plan, run
from tests.fuzz.worker import examine

_TOLD_SEC = 60.0


def main() -> int:
    """Run, print the figures, and return 1 if anything was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--executions", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0, help="names the run")
    parser.add_argument("--first", type=int, default=0, help="input to begin with")
    parser.add_argument("--ffmpeg", type=int, default=15, help="per cent read by ffmpeg alone")
    parser.add_argument("--signals", type=int, default=10, help="per cent of degenerate sound")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="for what breaks")
    parser.add_argument("--only", help="examine one input, such as 0:17, and keep it")
    given = parser.parse_args()
    plan = Plan(
        executions=given.executions,
        seed=given.seed,
        first=given.first,
        ffmpeg=given.ffmpeg,
        signals=given.signals,
    )
    if given.only:
        return _examine(given.only, plan, given.folder)
    began = told = time.monotonic()
    figures = Figures()
    for figures in run(plan, given.folder):
        if time.monotonic() - told > _TOLD_SEC:
            told = time.monotonic()
            sys.stdout.write(f"{figures.executions:,} of {plan.executions:,}\n")
            sys.stdout.flush()
    _print(figures, time.monotonic() - began)
    return 1 if figures.broken else 0


def _examine(seed: str, plan: Plan, folder: Path) -> int:
    made = Maker(ffmpeg=plan.ffmpeg, signals=plan.signals).make(seed)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / seed.replace(":", "-")
    path.write_bytes(made.data)
    outcome, complaint = examine(path, seed)
    sys.stdout.write(f"{path}: {len(made.data):,} bytes from {made.kind}: {outcome}\n{complaint}")
    return 1 if outcome == "broken" else 0


def _print(figures: Figures, seconds: float) -> None:
    print(f"{figures.executions:,} executions in {seconds:,.0f} s")
    for outcome, count in figures.outcomes.most_common():
        print(f"  {count:7,} {outcome}")
    for kind, outcomes in sorted(figures.kinds.items()):
        told = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes.most_common())
        print(f"  {kind:16} {outcomes.total():6,}: {told}")
    slowest, seed, kind = figures.slowest
    print(f"slowest: {slowest:.2f} s, {seed} from {kind}")
    print(f"memory: {figures.rss_mib:.0f} MiB, of ffmpeg children {figures.child_rss_mib:.0f} MiB")
    for verdict in figures.broken:
        print(f"BROKEN {verdict.seed} from {verdict.kind}: {verdict.complaint}")


if __name__ == "__main__":
    sys.exit(main())
