"""Many inputs through workers, each with a time limit, and what came out of them."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.inputs import Maker
from tests.fuzz.worker import Verdict

__all__ = ["Figures", "Plan", "run"]

_WORKER = ("-m", "tests.fuzz.worker")
_TIMEOUT_SEC = 120.0
"""Only a hang takes that long, on however busy a machine; `Figures.slowest` tells of the slow."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to run.

    Attributes:
        executions: How many inputs.
        seed: The number that the run is named by.
        first: The input to begin with; a run can be cut in parts.
        ffmpeg: Per cent of files that only ffmpeg reads.
        signals: Per cent of healthy files of degenerate sound.
        most_rss_mib: What the process may hold after an input.

    """

    executions: int
    seed: int = 0
    first: int = 0
    ffmpeg: int = 15
    signals: int = 10
    most_rss_mib: float = 300.0

    def seeds(self) -> Iterator[str]:
        """Yield the name of every input."""
        for number in range(self.first, self.first + self.executions):
            yield f"{self.seed}:{number}"


@dataclass
class Figures:
    """What came out."""

    executions: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    kinds: "defaultdict[str, Counter[str]]" = field(default_factory=lambda: defaultdict(Counter))
    slowest: tuple[float, str, str] = (0.0, "", "")
    rss_mib: float = 0.0
    child_rss_mib: float = 0.0
    broken: list[Verdict] = field(default_factory=list)

    def add(self, verdict: Verdict) -> None:
        """Count one input."""
        self.executions += 1
        self.outcomes[verdict.outcome] += 1
        self.kinds[verdict.kind][verdict.outcome] += 1
        self.slowest = max(self.slowest, (verdict.seconds, verdict.seed, verdict.kind))
        self.rss_mib = max(self.rss_mib, verdict.rss_mib)
        self.child_rss_mib = max(self.child_rss_mib, verdict.child_rss_mib)
        if verdict.outcome == "broken":
            self.broken.append(verdict)


class _Worker:
    """One worker process, started again after a crash or a hang."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None

    def ask(self, seed: str) -> Verdict:
        """Let the worker analyse one input."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # it is dead, and reads as that below
            process.stdin.write(f"{seed}\n".encode())
            process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], _TIMEOUT_SEC)
        line = process.stdout.readline() if ready else b""
        if line:
            return Verdict(**json.loads(line))
        crashed = process.wait() if ready else None
        self.end()
        what = f"crashed with {crashed}" if ready else f"took more than {_TIMEOUT_SEC:g} s"
        kind = Maker(ffmpeg=self._plan.ffmpeg, signals=self._plan.signals).make(seed).kind
        return Verdict(seed, kind, "broken", what, 0.0, 0.0, 0.0)

    def _start(self) -> "subprocess.Popen[bytes]":
        self._process = subprocess.Popen(
            [sys.executable, *_WORKER, str(self._plan.ffmpeg), str(self._plan.signals)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # libmpg123 writes there of every bad frame
            env=dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        return self._process

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process.kill()
            self._process.wait()
            self._process = None


def run(plan: Plan, folder: Path | None = None) -> Iterator[Figures]:
    """Run a plan in one worker, yield the figures after each input, and keep what broke it."""
    figures, worker = Figures(), _Worker(plan)
    try:
        for seed in plan.seeds():
            verdict = worker.ask(seed)
            if verdict.outcome != "broken" and verdict.rss_mib > plan.most_rss_mib:
                worker.end()
                verdict = Verdict(
                    seed, verdict.kind, "broken", f"{verdict.rss_mib} MiB are held after it",
                    verdict.seconds, verdict.rss_mib, verdict.child_rss_mib,
                )  # fmt: skip
            figures.add(verdict)
            if verdict.outcome == "broken" and folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
                made = Maker(ffmpeg=plan.ffmpeg, signals=plan.signals).make(seed)
                (folder / seed.replace(":", "-")).write_bytes(made.data)
            yield figures
    finally:
        worker.end()
