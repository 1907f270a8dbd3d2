"""Fill, rest, change, restart: four phases, and one table of what they cost."""

import asyncio
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.figure import Figure, figure_table, percentile
from benchmarks.procfs import cpu_sec, usage
from benchmarks.scale.bench import Bench, Run, imports_sec
from benchmarks.scale.cluster import JobPatcher, running_pods
from benchmarks.scale.probe import Probe, probe
from benchmarks.tables import Table
from offbeat.failure import FailureReason
from offbeat.result import FailedResult
from offbeat.run_session import RunSession
from tests.e2e.installation import eventually

__all__ = ["measure"]

_PEAK_MIB, _SLOT_SEC, _ROUND_SEC, _READY_MS, _CLAIM_SEC = 150.0, 1.0, 0.05, 100.0, 2.0
_PODS_PATIENCE_SEC = 1_800.0
_JOBS_A_SECOND_AT_LEAST = 10


@dataclass
class _Taken:
    """What the phases have measured."""

    figures: list[Figure] = field(default_factory=list)
    phases: dict[str, tuple[float, float]] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Note when a phase begins and ends."""
        begun = time.time()
        sys.stderr.write(f"{name} …\n")
        yield
        self.phases[name] = (begun, time.time())


async def measure(bench: Bench) -> list[Table]:
    """Go through all phases."""
    taken = _Taken()
    with probe(bench.port) as asking:
        with bench.controller() as controller:
            taken.peaks["none"] = usage(controller.pid).peak_mib
            with taken.phase("empty"):
                idle_floor = await _rest(controller.pid, min(bench.idle_sec, 20))
            with taken.phase("fill"):
                names = await _fill(bench, taken)
            with taken.phase("idle"):
                idle = await _rest(controller.pid, bench.idle_sec)
            with taken.phase("changes"):
                await _change(bench, taken, controller.pid, names)
            taken.peaks["filled"] = usage(controller.pid).peak_mib
        (late,) = bench.push(bench.jobs, 1)
        with taken.phase("restart"), bench.controller() as controller:
            claimed = bench.claimed_at(late) - controller.started_at
            await asyncio.sleep(bench.idle_sec)
            taken.peaks["restarted"] = usage(controller.pid).peak_mib
        asking.stop()
    held = bench.slots()
    assert held == bench.jobs - bench.changes + 1, f"{held} runs hold a slot"
    taken.figures += [
        Figure(name="CPU at rest", value=1e3 * idle, unit="ms/s", floor=1e3 * idle_floor),
        Figure(
            name="peak memory",
            value=taken.peaks["filled"],
            unit="MiB",
            target=_PEAK_MIB,
            floor=taken.peaks["none"],
        ),
        Figure(
            name="peak memory after a restart",
            value=taken.peaks["restarted"],
            unit="MiB",
            target=_PEAK_MIB,
            floor=taken.peaks["none"],
        ),
        Figure(
            name="restart → first claim",
            value=claimed,
            unit="s",
            target=_CLAIM_SEC,
            floor=imports_sec(),
        ),
    ]
    note = (
        f"{bench.jobs:,} Jobs with messages of 1.7 KB; kwok plays their pods, which run. Floors: "
        "for CPU and memory the same controller with no run in flight; for a change the PATCH "
        "of the Job; for a claim Python importing the controller."
    )
    return [figure_table("Scale", taken.figures, note), _readiness(taken, asking)]


async def _fill(bench: Bench, taken: _Taken) -> list[str]:
    """Push everything, and wait until every pod runs."""
    begun = time.perf_counter()
    names = bench.push(0, bench.jobs)
    patience = 60 + bench.jobs / _JOBS_A_SECOND_AT_LEAST
    await asyncio.to_thread(bench.await_launched, names, timeout_sec=patience)
    taken.figures.append(
        Figure(
            name="Jobs created while it fills up",
            value=bench.jobs / (time.perf_counter() - begun),
            unit="1/s",
        )
    )
    await asyncio.to_thread(
        eventually,
        lambda: running_pods(bench.kubeconfig) >= bench.jobs,
        timeout_sec=_PODS_PATIENCE_SEC,
        what=f"{bench.jobs} pods",
        every_sec=15,
    )
    return names


async def _rest(pid: int, seconds: float) -> float:
    """Return the CPU seconds a second while nothing changes."""
    before, begun = cpu_sec(pid), time.perf_counter()
    await asyncio.sleep(seconds)
    return (cpu_sec(pid) - before) / (time.perf_counter() - begun)


async def _change(bench: Bench, taken: _Taken, pid: int, names: list[str]) -> None:
    """End one run after another, at random moments of the controller's rounds."""
    rng = random.Random(1)
    slots, rounds, patches = [], [], []
    async with JobPatcher.connect(bench.kubeconfig) as patcher:
        for name in rng.sample(names, bench.changes):
            await asyncio.sleep(rng.uniform(1, 2))
            run = bench.run_of(name)
            before = cpu_sec(pid)
            _settle(bench, run)
            begun = time.perf_counter()
            patches.append(await patcher.complete(run.job_name))
            slots.append(await asyncio.to_thread(bench.slot_free_after, run, begun))
            rounds.append(cpu_sec(pid) - before)
    taken.figures += [
        Figure(
            name="Job complete → its slot free, median",
            value=percentile(slots, 0.5),
            unit="s",
            floor=percentile(patches, 0.5),
        ),
        Figure(
            name="the slowest",
            value=max(slots),
            unit="s",
            target=_SLOT_SEC,
            floor=max(patches),
        ),
        Figure(
            name="CPU of the controller meanwhile, median",
            value=percentile(rounds, 0.5),
            unit="s",
            target=_ROUND_SEC,
        ),
        Figure(name="the dearest", value=max(rounds), unit="s"),
    ]


def _settle(bench: Bench, run: Run) -> None:
    """Settle a run as its analyzer does."""
    session = RunSession(bench.settings, run.run_id, 1)
    result = FailedResult.because(
        FailureReason.FILE_NOT_FOUND, "no file", job_id=run.job_id, run_id=run.run_id, attempt=1
    )
    try:
        assert session.settle(result, raw=run.raw)
    finally:
        session.close()


def _readiness(taken: _Taken, asking: Probe) -> Table:
    figures = []
    for phase, (begun, ended) in taken.phases.items():
        ours = asking.slowest(begun, ended, of_idle_server=False)
        idle = asking.slowest(begun, ended, of_idle_server=True)
        figures.append(
            Figure(
                name=f"slowest answer, {phase}",
                value=None if ours is None else ours * 1e3,
                unit="ms",
                target=_READY_MS,
                floor=None if idle is None else idle * 1e3,
            )
        )
    note = "Asked every 50 ms. Floor: the same of a server that does nothing else."
    return figure_table("/readyz", figures, note)
