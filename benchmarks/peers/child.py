"""The child process that peers live in, asked one file at a time."""

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.peers.environment import python

__all__ = ["PeerProcess"]


class PeerProcess:
    """Starts when the first question is asked, and ends with its context."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait(timeout=30)

    def ask(self, peer: str, path: Path) -> dict[str, Any]:
        """Return the raw answer of a peer: figures, or `missing` or `error` with a reason."""
        interpreter = python()
        if interpreter is None:
            return {"missing": "no environment: python -m benchmarks.peers.install"}
        if self._process is None or self._process.poll() is not None:
            script = Path(__file__).with_name("answer.py")
            self._process = subprocess.Popen(
                [str(interpreter), "-I", str(script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"peer": peer, "path": str(path)}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            return {"error": f"the process died with status {self._process.wait()}"}
        answer: dict[str, Any] = json.loads(line)
        return answer
