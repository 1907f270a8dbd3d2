"""Names of folders in the output mount, from names that producers chose freely.

Requirements: a folder's name is safe on every file system and in every URL, and two jobs that
differ in their job_id never share one.
"""

import hashlib
import re
from pathlib import PurePosixPath

__all__ = ["job_folder", "slug"]

_LONGEST = 64


def job_folder(job_id: int | str, run: str) -> PurePosixPath:
    """Return where the files of one run lie below the output mount: `<slug of job_id>/<run>`.

    Guarantees: every attempt of a run has the same folder, and another run another.
    """
    return PurePosixPath(slug(str(job_id)), slug(run))


def slug(text: str) -> str:
    """Return a name of at most 64 of `[A-Za-z0-9._-]` that begins and ends with none of `._-`.

    Guarantees: a text that is such a name stays as it is; any other gets the hash of itself at its
    end.
    """
    if len(text) <= _LONGEST and re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?", text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[: _LONGEST - 17].strip("-._")
    return f"{readable}-{digest}" if readable else digest
