"""What a player reads: strokes on drums, and notes."""

from dataclasses import dataclass

__all__ = ["Hit", "Tone"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke on a drum: when (in beats or seconds), which one, how hard (0–1)."""

    at: float
    drum: str
    velocity: float


@dataclass(frozen=True, slots=True)
class Tone:
    """A note: start and length (in beats or seconds), MIDI pitch, how hard (0–1), who plays it."""

    at: float
    length: float
    pitch: float
    velocity: float
    part: str
