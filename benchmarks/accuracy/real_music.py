"""Real music that Debian packages, with labels of our own.

`real_music.toml` says how each label was found and how sure it is; what is not clear has none.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.truth import Truth

__all__ = ["RealMusic", "load_labels", "real_exam"]


class RealMusic(BaseModel):
    """The label of one file.

    Attributes:
        path: Where the package puts it.
        package: What to install.
        bpm: Quarter notes a minute; absent where it is not clear.
        bpm_sure: How sure.
        key: Such as 'A minor'; absent where it is not clear.
        key_sure: How sure.
        note: What was seen.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    package: str
    bpm: float | None = None
    bpm_sure: Literal["high", "medium"] | None = None
    key: str | None = None
    key_sure: Literal["high", "medium"] | None = None
    note: str = ""


def load_labels() -> list[RealMusic]:
    """Read the labels."""
    text = Path(__file__).with_name("real_music.toml").read_text()
    return [RealMusic.model_validate(entry) for entry in tomllib.loads(text).get("piece", [])]


def real_exam(_seed: int, *, quick: bool = False) -> Exam:
    """Return the labelled files that are installed."""
    pieces, missing = [], set()
    for label in load_labels():
        if not label.path.exists():
            missing.add(f"real music: apt-get install {label.package}")
            continue
        truth = Truth(bpm=label.bpm, steady=False, key=label.key)
        group = "real, sure" if label.bpm_sure == "high" else "real"
        pieces.append(
            Piece(name=label.path.stem, group=group, seed=0, path=label.path, truth=truth)
        )
    return Exam(pieces, tuple(sorted(missing)))
