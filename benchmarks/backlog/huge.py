"""One message of 100 MB, pushed by mistake: what it costs the controller, and what is answered."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.backlog.bench import Bench
from benchmarks.figure import Figure, figure_table
from benchmarks.local_controller import local_controller
from benchmarks.procfs import reset_peak, usage
from benchmarks.tables import Table
from offbeat.result import FailedResult, parse_result

__all__ = ["huge"]

_GROWTH_MIB, _ANSWER_SEC = 5.0, 2.0
_PATIENCE_SEC = 60


async def huge(bench: Bench) -> list[Table]:
    """Push a short message that is refused, then a huge one, and compare."""
    bench.empty()
    return [await asyncio.to_thread(_huge, bench)]


def _huge(bench: Bench) -> Table:
    url = bench.settings.redis_url
    assert url is not None
    environment = {"XDG_STATE_HOME": str(bench.folder / "state")}
    log = bench.folder / "controller.log"
    start = b'{"job_id": "huge", "relative_path": "a.mp3", "padding": "'
    message = start + b"x" * (bench.huge_bytes - len(start) - 2) + b'"}'
    with local_controller(
        url.get_secret_value(), environment, log=log, program="local"
    ) as controller:
        _ask(bench, controller.pid, b"not JSON, the first time")  # what it loads once is loaded now
        short = _ask(bench, controller.pid, b"not JSON either")
        long = _ask(bench, controller.pid, message)
    assert long.result.reason == "invalid_job", long.result
    figures = [
        Figure(
            name=f"growth of the controller's peak by {bench.huge_bytes / 1e6:g} MB",
            value=long.growth_mib,
            unit="MiB",
            target=_GROWTH_MIB,
        ),
        Figure(name="growth by a short message", value=short.growth_mib, unit="MiB"),
        Figure(
            name="the answer after",
            value=long.seconds,
            unit="s",
            target=_ANSWER_SEC,
            floor=short.seconds,
        ),
    ]
    note = f'Floor: a short message that is refused. The answer: "{long.result.error}"'
    return figure_table("A huge message", figures, note)


@dataclass(frozen=True)
class _Answer:
    """A result, how long it took from the end of the push, and the growth of the peak."""

    result: FailedResult
    seconds: float
    growth_mib: float


def _ask(bench: Bench, pid: int, message: bytes) -> _Answer:
    reset_peak(pid)
    before = usage(pid).peak_mib
    bench.redis.lpush(bench.keys.queue, message)
    pushed = time.perf_counter()
    popped = bench.redis.brpop([bench.keys.results], timeout=_PATIENCE_SEC)
    seconds = time.perf_counter() - pushed
    assert isinstance(popped, tuple), f"no answer within {_PATIENCE_SEC} s"
    time.sleep(1)  # what follows the answer may cost memory, too
    result = parse_result(popped[1])
    assert isinstance(result, FailedResult), result
    return _Answer(result, seconds, usage(pid).peak_mib - before)
