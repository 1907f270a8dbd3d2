"""Real music that Debian packages, with labels of our own.

`real_music.toml` (tempo, and seven keys) and `real_keys.toml` say how each label was found and how
sure it is; what is not clear has none.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmarks.accuracy.parts import key_group, part_of
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.truth import Truth

__all__ = ["RealMusic", "load_key_labels", "load_labels", "real_exam", "real_key_exam"]


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
    """Read the labels of tempo."""
    return _load("real_music.toml")


def load_key_labels() -> list[RealMusic]:
    """Read the labels of keys that are not among those of tempo."""
    return _load("real_keys.toml")


def _load(name: str) -> list[RealMusic]:
    text = Path(__file__).with_name(name).read_text("utf-8")
    return [RealMusic.model_validate(entry) for entry in tomllib.loads(text).get("piece", [])]


def real_exam(_seed: int, *, quick: bool = False) -> Exam:
    """Return the files with a tempo that are installed."""
    pieces, missing = [], set()
    for label in load_labels():
        if not label.path.exists():
            missing.add(_install(label))
            continue
        group = "real, sure" if label.bpm_sure == "high" else "real"
        pieces.append(_piece(label, group, Truth(bpm=label.bpm, steady=False)))
    return Exam(pieces, tuple(sorted(missing)))


def real_key_exam(_seed: int, *, quick: bool = False) -> Exam:
    """Return the files with a key that are installed, by parts; those with a tempo are tuned on."""
    labels = [(label, key_group("tuned on", label.key_sure)) for label in load_labels()]
    labels += [(label, key_group(part_of(label.path), label.key_sure))
               for label in load_key_labels()]  # fmt: skip
    pieces, missing = [], set()
    for label, group in labels:
        if label.key is None:
            continue
        if not label.path.exists():
            missing.add(_install(label))
            continue
        pieces.append(_piece(label, group, Truth(key=label.key)))
    return Exam(pieces, tuple(sorted(missing)))


def _install(label: RealMusic) -> str:
    return f"real music: apt-get install {label.package}"


def _piece(label: RealMusic, group: str, truth: Truth) -> Piece:
    name = "/".join(label.path.parts[-2:])
    return Piece(name=name, group=group, seed=0, path=label.path, truth=truth)
