"""A piece of an exam: a name, the group it counts in, and how it is made."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.accuracy.truth import Rendered, Truth

__all__ = ["Exam", "Piece", "random_for"]


@dataclass(frozen=True, kw_only=True)
class Piece:
    """One file of an exam.

    Attributes:
        name: Unique; with the seed it decides every choice.
        group: Row of the table that it counts in.
        seed: Of the set that it belongs to.
        render: Makes samples and truth, or None where the file exists.
        path: The file, where it exists.
        truth: Of a file that exists.

    """

    name: str
    group: str
    seed: int
    render: Callable[[np.random.Generator], Rendered] | None = None
    path: Path | None = None
    truth: Truth | None = None


@dataclass(frozen=True)
class Exam:
    """The pieces of one subject, and what could not be made."""

    pieces: list[Piece]
    missing: tuple[str, ...] = ()


def random_for(piece: Piece) -> np.random.Generator:
    """Return the generator of a piece: the same for the same seed and name on any machine."""
    return np.random.default_rng([piece.seed, zlib.crc32(piece.name.encode())])
