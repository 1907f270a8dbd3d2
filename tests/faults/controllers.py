"""The controllers under test: real processes, started again when they end as Kubernetes does it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from offbeat.lifeline import die_with_parent

__all__ = ["ControllerProcess", "inherited"]

_RESTART_SEC = 1.0
_END_SEC = 20.0
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")


class ControllerProcess:
    """One replica."""

    def __init__(
        self,
        name: str,
        environment: Mapping[str, str],
        folder: Path,
        *,
        program: str = "controller",
    ) -> None:
        self.name = name
        self._program = program
        self.health_port = int(environment["OFFBEAT_HEALTH_PORT"])
        self.ended_by_itself: list[str] = []
        self._environment = dict(environment)
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._is_wanted = False
        self._clock = folder / f"{name}.clock"
        self.set_clock(0)
        if _FAKETIME.exists():
            self._environment |= {
                "LD_PRELOAD": str(_FAKETIME),
                "FAKETIME_TIMESTAMP_FILE": str(self._clock),
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "FAKETIME_CACHE_DURATION": "1",
            }

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self._folder / f"{self.name}.log"

    def set_clock(self, ahead_sec: int) -> None:
        """Set its clock, where libfaketime is installed."""
        self._clock.write_text(f"{ahead_sec:+d}\n", encoding="ascii")

    def start(self) -> None:
        """Start it, and from now on start it again whenever it ends."""
        self._is_wanted = True
        if self._process is None:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", self._program],
                    env=self._environment,
                    cwd=self._folder,
                    stdout=log,
                    stderr=log,
                    preexec_fn=die_with_parent(),  # noqa: PLW1509 - it only calls prctl
                )

    def kill(self) -> None:
        """End it by SIGKILL; nobody starts it again."""
        self._is_wanted = False
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def stop(self) -> None:
        """End it by SIGTERM."""
        self._is_wanted = False
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        until = time.monotonic() + _END_SEC
        while process.poll() is None and time.monotonic() < until:
            await asyncio.sleep(0.05)
        if process.poll() is None:
            self.ended_by_itself.append(f"{self.name} did not end within {_END_SEC:g} s of SIGTERM")
            process.kill()
        process.wait()

    async def freeze(self, seconds: float) -> None:
        """Stop it in the middle of what it does, for a while."""
        process = self._process
        if process is not None:
            process.send_signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(signal.SIGCONT)

    async def supervise(self) -> None:
        """Start it again whenever it ends by itself."""
        while True:
            await asyncio.sleep(0.1)
            if self._process is None or self._process.poll() is None:
                continue
            code, self._process = self._process.returncode, None
            if self._is_wanted:
                self.ended_by_itself.append(f"{self.name} ended by itself with code {code}")
                await asyncio.sleep(_RESTART_SEC)
                if self._is_wanted:
                    self.start()


def inherited() -> dict[str, str]:
    """Return what a controller needs of this environment."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
