"""A short piece of music whose key is known: its notes, and its chords where it has any."""

from dataclasses import dataclass, field

import numpy as np

from tools.render.notes import Tone
from tools.train.key_harmony import Chord

__all__ = ["Piece", "Random"]

Random = np.random.Generator


@dataclass(kw_only=True)
class Piece:
    """A piece of music with its key.

    Attributes:
        style: A key of `PROGRESSIONS` or `RIFFS`.
        arrangement: Which parts play.
        tonic: Pitch class, C = 0.
        minor: Whether the key is minor.
        clear: Whether cadences make the key clear.
        bpm: Tempo in beats per minute.
        notes: All notes, in seconds.
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
    notes: list[Tone] = field(default_factory=list)
    chords: list[Chord] = field(default_factory=list)
    chord_seconds: float = 1.0
    seconds: float = 0.0
