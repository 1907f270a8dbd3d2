"""Which labelled music may be tuned on, and which only examines: decided by its name alone."""

import hashlib
from pathlib import Path
from typing import Literal

__all__ = ["Part", "key_group", "part_of"]

Part = Literal["tuned on", "examined"]


def part_of(path: Path) -> Part:
    """Return the part of a file: by the first digit of the SHA-256 of its last folder and name."""
    digest = hashlib.sha256("/".join(path.parts[-2:]).encode()).hexdigest()
    return "examined" if int(digest[0], 16) % 2 else "tuned on"


def key_group(part: Part, sure: Literal["high", "medium"] | None) -> str:
    """Return the group of a piece whose key is labelled."""
    return f"{part}, sure" if sure == "high" else part
