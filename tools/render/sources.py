"""A name for the sources that rendered material depends on: what is kept is told from stale."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fingerprint"]


def fingerprint(paths: Iterable[Path]) -> str:
    """Return a digest of files, and of all modules of this package."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in [*paths, *sorted(here.rglob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()
