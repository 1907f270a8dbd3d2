"""The API's stream of Jobs, read beside the controller: it keeps the controller's times honest."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from offbeat.keys import LABEL_JOB_ID

__all__ = ["watched_jobs"]


@contextmanager
def watched_jobs(namespace: str) -> Iterator[dict[str, float]]:
    """Note when each Job first shows, by its label of the job_id, until the end of the block."""
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs?watch=1"
    seen: dict[str, float] = {}
    with subprocess.Popen(
        ["kubectl", "get", "--raw", path], stdout=subprocess.PIPE, text=True
    ) as process:
        reader = threading.Thread(target=_read, args=(process, seen), daemon=True)
        reader.start()
        try:
            yield seen
        finally:
            process.terminate()
            reader.join(timeout=10)


def _read(process: "subprocess.Popen[str]", seen: dict[str, float]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        now = time.time()
        labels: dict[str, str] = json.loads(line)["object"]["metadata"].get("labels", {})
        seen.setdefault(labels.get(LABEL_JOB_ID, ""), now)
