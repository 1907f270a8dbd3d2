"""How many Jobs are active, read from the API's own stream of events.

The API server orders all changes of Jobs, so the maximum over that order is exact: no poll can miss
a moment.
"""

import json
import subprocess
import threading
from typing import Any, Self

from tests.e2e.installation import Installation

__all__ = ["ActiveJobs"]


class ActiveJobs:
    """Watches while it is open; `peak` is the most Jobs that were active at once."""

    def __init__(self, installation: Installation) -> None:
        namespace = installation.settings.namespace
        selector = installation.selector.replace("=", "%3D").replace(",", "%2C")
        path = f"/apis/batch/v1/namespaces/{namespace}/jobs?watch=1&labelSelector={selector}"
        self._command = ["kubectl", "get", "--raw", path]
        self._active: set[str] = set()
        self.peak = 0
        self.created = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.poll() is None, "the watch broke off"
        self._process.terminate()
        self._reader.join(timeout=10)
        self._process.wait(timeout=10)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._note(json.loads(line))
        self._process.stdout.close()

    def _note(self, event: dict[str, Any]) -> None:
        job = event["object"]
        name = job["metadata"]["name"]
        if event["type"] == "ADDED":
            self.created += 1
        if event["type"] == "DELETED" or _has_finished(job):
            self._active.discard(name)
        else:
            self._active.add(name)
        self.peak = max(self.peak, len(self._active))


def _has_finished(job: dict[str, Any]) -> bool:
    conditions = job.get("status", {}).get("conditions", [])
    return any(c["type"] in {"Complete", "Failed"} and c["status"] == "True" for c in conditions)
