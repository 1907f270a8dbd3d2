"""A long queue: finding a job in it, and waiting for one behind it."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from benchmarks.backlog.bench import Bench
from benchmarks.backlog.messages import job_id_of, message
from benchmarks.figure import Figure, figure_table
from benchmarks.tables import Table
from offbeat.client import Client

__all__ = ["find", "submit"]

_STATUS_SEC, _SUBMIT_MS = 0.3, 1.0
_LONGEST_SEC = 15.0
"""What is this slow needs no more looks to be seen."""
_LEFT_OUT = {"info", "config", "config|resetstat", "exec"}
"""Commands of the benchmark itself; and EXEC, whose time is that of the commands in it."""


async def find(bench: Bench) -> list[Table]:
    """Time `Client.status` at both ends and in the middle of the queue, and for absent jobs."""
    await bench.fill()
    # One digit stands in nearly every message, so it tells Redis nothing.
    bench.redis.lpush(bench.keys.queue, message(bench.waiting, job_id=7))
    async with Client.connect(settings=bench.settings) as client:
        figures = [
            await _look_for(bench, client, name, job_id)
            for name, job_id in _looked_for(bench.waiting).items()
        ]
    bench.redis.lpop(bench.keys.queue)
    size = int(bench.redis.memory_usage(bench.keys.queue) or 0) / 1e6
    note = (
        f"Worst of {bench.looks} looks, or of fewer if they take {_LONGEST_SEC:g} s. "
        f"{bench.waiting:,} messages ({size:.0f} MB) of six encoders. "
        "Floor: Redis itself compares each message with one that is not there (LPOS)."
    )
    return [figure_table("Client.status", figures, note)]


def _looked_for(waiting: int) -> dict[str, int | str]:
    """Return jobs of every kind of job_id; first is what is claimed first."""
    kinds = {"integer": 0, "string": 1, "not ASCII": 2}
    ends = {"first": 0, "middle": waiting // 6 * 3, "last": (waiting - 3) // 3 * 3}
    jobs = {
        f"{end}, {kind}": job_id_of(start + offset)
        for end, start in ends.items()
        for kind, offset in kinds.items()
    }
    absent: dict[str, int | str] = {
        "absent, integer": 99_999_999,
        "absent, string": "mix-none",
        "absent, not ASCII": "Größe none",
        "absent, nothing but foreign letters": "ÄÖÜ",
        "absent, nothing but punctuation": "#!",
        "last, integer of one digit": 7,
        "absent, integer of one digit": 8,
    }
    return jobs | absent


async def _look_for(bench: Bench, client: Client, name: str, job_id: int | str) -> Figure:
    looks: list[float] = []
    floors: list[float] = []
    while len(looks) < bench.looks and sum(looks) < _LONGEST_SEC:
        begun = time.perf_counter()
        found = await client.status(job_id)
        looks.append(time.perf_counter() - begun)
        assert (found is None) == name.startswith("absent"), f"{name}: {found}"
        begun = time.perf_counter()
        bench.redis.lpos(bench.keys.queue, "no message", rank=-1)
        floors.append(time.perf_counter() - begun)
    return Figure(name=name, value=max(looks), unit="s", target=_STATUS_SEC, floor=max(floors))


async def submit(bench: Bench) -> list[Table]:
    """Sum up what Redis does for one `Client.submit` behind the queue."""
    await bench.fill()
    async with Client.connect(settings=bench.settings) as client:
        bench.redis.config_resetstat()
        job = {"job_id": "bench-submit", "relative_path": "a.mp3"}
        waiting = asyncio.create_task(client.submit(job))
        await asyncio.sleep(bench.window_sec)
        commands = _commands(bench)
        assert not waiting.done(), "nobody should have answered"
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        bench.redis.lpop(bench.keys.queue)
    calls = sum(command.calls for command in commands)
    floor = await _spend_on_gets(bench, calls)
    dearest = max(commands, key=lambda command: command.usec)
    figures = [
        Figure(
            name="time of Redis for a waiting submit",
            value=_milliseconds(commands) / bench.window_sec,
            unit="ms/s",
            target=_SUBMIT_MS,
            floor=floor / bench.window_sec,
        ),
        Figure(name="its commands", value=calls / bench.window_sec, unit="1/s"),
    ]
    note = (
        f"INFO commandstats over {bench.window_sec:g} s, from the push on, behind "
        f"{bench.waiting:,} messages. The dearest command: {dearest.calls} x {dearest.name}, "
        f"{dearest.usec / 1e3:.1f} ms in all. Floor: as many GETs."
    )
    return [figure_table("Client.submit", figures, note)]


@dataclass(frozen=True)
class _Command:
    """How often Redis has executed a command, and the microseconds that this took."""

    name: str
    calls: int
    usec: float


async def _spend_on_gets(bench: Bench, calls: int) -> float:
    """Return the milliseconds that Redis needs for as many of its simplest commands."""
    bench.redis.config_resetstat()
    for _ in range(calls):
        bench.redis.get("nothing")
        await asyncio.sleep(0.01)
    return _milliseconds(_commands(bench))


def _commands(bench: Bench) -> list[_Command]:
    """Return the commands since the last reset, without those that do not count."""
    named = {
        name.removeprefix("cmdstat_"): values
        for name, values in bench.redis.info("commandstats").items()
    }
    return [
        _Command(name, int(values["calls"]), float(values["usec"]))
        for name, values in named.items()
        if name not in _LEFT_OUT
    ]


def _milliseconds(commands: list[_Command]) -> float:
    return sum(command.usec for command in commands) / 1e3
