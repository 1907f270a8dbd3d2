"""Chords by Roman numerals, in semitones."""

import re
from dataclasses import dataclass

__all__ = ["Chord", "parse_chords"]

_DEGREES = {"i": 0, "ii": 2, "iii": 4, "iv": 5, "v": 7, "vi": 9, "vii": 11}
_SHAPES = {
    "": ((0, 4, 7), (0, 3, 7)),
    "7": ((0, 4, 7, 10), (0, 3, 7, 10)),
    "M7": ((0, 4, 7, 11), (0, 3, 7, 11)),
    "6": ((0, 4, 7, 9), (0, 3, 7, 9)),
    "9": ((0, 4, 7, 10, 14), (0, 3, 7, 10, 14)),
    "add9": ((0, 4, 7, 14), (0, 3, 7, 14)),
    "sus4": ((0, 5, 7), (0, 5, 7)),
    "sus2": ((0, 2, 7), (0, 2, 7)),
    "sus": ((0, 5, 7), (0, 5, 7)),
    "b5": ((0, 4, 6, 10), (0, 3, 6, 10)),
    "5": ((0, 7), (0, 7)),
    "+": ((0, 4, 8), (0, 4, 8)),
    "o": ((0, 3, 6), (0, 3, 6)),
    "o7": ((0, 3, 6, 9), (0, 3, 6, 9)),
    "h7": ((0, 3, 6, 10), (0, 3, 6, 10)),
    "M9": ((0, 4, 7, 11, 14), (0, 3, 7, 11, 14)),
}
_NUMERAL = re.compile(r"(b|#)?([iv]+|[IV]+)(.*)")


@dataclass(frozen=True)
class Chord:
    """A chord: semitones of its root above the tonic, and of its notes above the root."""

    root: int
    notes: tuple[int, ...]


def parse_chords(numerals: str) -> list[Chord]:
    """Return the chords of a progression such as `i bVI bIII bVII7`."""
    return [_chord(numeral) for numeral in numerals.split()]


def _chord(numeral: str) -> Chord:
    match = _NUMERAL.fullmatch(numeral)
    if match is None:
        raise ValueError(f"not a roman numeral: {numeral}")
    accidental, degree, shape = match.groups()
    root = _DEGREES[degree.lower()] + {"b": -1, "#": 1, None: 0}[accidental]
    return Chord(root % 12, _SHAPES[shape][degree.islower()])
