"""`python -m local`: what it needs, and how its parts are put together."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from controller.serve import serve
from controller.settings import ControllerSettings
from local import __main__ as program


def test_neither_kopf_nor_kubernetes_is_needed() -> None:
    """Who has no cluster need not install them."""
    code = (
        "import sys; sys.modules |= dict.fromkeys(['kopf', 'kubernetes'])\n"  # import them: fails
        "import local.__main__"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


async def test_the_end_of_an_attempt_is_heard_of_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Children tell the reconciler themselves."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    settings = ControllerSettings(
        _env_file=None,
        redis_url="redis://127.0.0.1:1/0",
        health_port=0,
    )
    heard = []
    monkeypatch.setattr(
        "controller.reconcile.Reconciler.finished", lambda _, attempt: heard.append(attempt)
    )
    made = []

    class Launcher:
        """Keeps its callback."""

        def __init__(self, *_: object) -> None:
            made.append(self)

        async def close(self) -> None:
            """End."""

    monkeypatch.setattr(program, "ProcessLauncher", Launcher)
    serves = asyncio.create_task(serve(settings, program.local_side))
    async with asyncio.timeout(120):
        while not (made and hasattr(made[0], "on_end")):
            await asyncio.sleep(0.01)
    made[0].on_end("it")
    assert heard == ["it"]
    os.kill(os.getpid(), signal.SIGTERM)
    await serves
