"""Keys and chords: the theory that every generator here composes by."""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = ["CHORDS", "KeyName", "Mode", "parse_key"]

Mode = Literal["major", "minor"]

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_KEY = re.compile(r"^\s*([A-Ga-g])([#♯b♭]*)\s*(.*)$")

CHORDS: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m9": (0, 3, 7, 10, 14),
    "dim": (0, 3, 6),
    "5": (0, 7, 12),
    "sus4": (0, 5, 7),
}
"""Chord quality → semitones above the root."""


@dataclass(frozen=True)
class KeyName:
    """A major or minor key: pitch class of the tonic (C = 0), and mode."""

    tonic: int
    mode: Mode

    def __str__(self) -> str:
        return f"{_NAMES[self.tonic % 12]} {self.mode}"


def parse_key(text: str) -> KeyName:
    """Read 'A minor', 'Bb major', 'F# min', 'Ebm' or 'c♯ Minor'.

    Raises:
        ValueError: It is not the name of a key.

    """
    match = _KEY.match(text)
    if not match:
        raise ValueError(f"{text!r} is not a key")
    letter, accidentals, rest = match.groups()
    shift = sum(1 if sign in "#♯" else -1 for sign in accidentals)
    word = rest.strip().lower()
    if word not in {"", "m", "min", "minor", "maj", "major"}:
        raise ValueError(f"{text!r} is not a key")
    mode: Mode = "minor" if word in {"m", "min", "minor"} else "major"
    return KeyName((_LETTERS[letter.upper()] + shift) % 12, mode)
