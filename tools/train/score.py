"""The score of a piece: in beats while it is composed, in seconds once it is played."""

from dataclasses import dataclass

from tools.render.notes import Hit, Tone

__all__ = ["Score", "Sounds"]


@dataclass(frozen=True)
class Score:
    """All that sounds in a piece."""

    hits: tuple[Hit, ...]
    tones: tuple[Tone, ...]


@dataclass(frozen=True)
class Sounds:
    """Which instruments play: a General MIDI kit and programs counted from 0, pan −1…1, gains."""

    kit: int
    programs: dict[str, int]
    pans: dict[str, float]
    gains: dict[str, float]
