"""What Kubernetes keeps of a process that has ended: its termination message."""

import json
import os
from pathlib import Path

from offbeat.failure import FailureReason

__all__ = ["message", "write_termination_message"]

_MAX_BYTES = 4096
"""Kubernetes keeps no more of a termination message."""


def message(reason: FailureReason, error: str) -> bytes:
    """Write reason and sentence as JSON that fits, cutting the sentence where it does not."""
    text = _encode(reason, error)
    while len(text) > _MAX_BYTES:
        error = error[: -max(1, (len(text) - _MAX_BYTES) // 4)]
        text = _encode(reason, error + "…")
    return text


def _encode(reason: FailureReason, error: str) -> bytes:
    return json.dumps({"reason": reason.value, "error": error}, ensure_ascii=False).encode(
        "utf-8", "replace"
    )


def write_termination_message(path: Path, reason: FailureReason, error: str) -> bool:
    """Write the termination message if there is a place for it, as there is in Kubernetes."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    except OSError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(message(reason, error))
    return True
