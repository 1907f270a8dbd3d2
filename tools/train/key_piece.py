"""A short piece of music whose key is known: its notes, and its chords where it has any."""

from dataclasses import dataclass, field

import numpy as np

from tools.train.key_harmony import Chord

__all__ = ["Note", "Piece", "Random"]

Random = np.random.Generator


@dataclass(frozen=True)
class Note:
    """A note: start and length in seconds, MIDI pitch, velocity 0–1, and the role that plays it."""

    start: float
    length: float
    pitch: int
    velocity: float
    role: str


@dataclass(kw_only=True)
class Piece:
    """A piece of music with its key.

    Attributes:
        style: A key of `PROGRESSIONS` or `RIFFS`.
        arrangement: Which roles play.
        tonic: Pitch class, C = 0.
        minor: Whether the key is minor.
        clear: Whether cadences make the key clear.
        bpm: Tempo in beats per minute.
        notes: All notes.
        chords: The chords in order, each of `chord_seconds`; none where it is not made of chords.
        chord_seconds: How long a chord lasts.
        seconds: Length.

    """

    style: str
    arrangement: str
    tonic: int
    minor: bool
    clear: bool
    bpm: float
    notes: list[Note] = field(default_factory=list)
    chords: list[Chord] = field(default_factory=list)
    chord_seconds: float = 1.0
    seconds: float = 0.0
