"""Where the peers' environment is, and whether it is there."""

import os
from pathlib import Path

__all__ = ["folder", "python"]


def folder() -> Path:
    """Return the folder of the environment, `$XDG_CACHE_HOME/offbeat-peers`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "offbeat-peers"


def python() -> Path | None:
    """Return its interpreter, or None where it was not made."""
    path = folder() / "bin" / "python"
    return path if path.exists() else None
