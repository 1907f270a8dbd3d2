"""The notes of a piece: in beats while it is composed, in seconds once it is played."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hit:
    """A stroke on a drum: when, which one (see ``midi.DRUM_NOTES``), how hard (0–1)."""

    at: float
    drum: str
    velocity: float


@dataclass(frozen=True, slots=True)
class Tone:
    """A pitched note of one part (``bass``, ``chords``, ``arp``, ``lead``); MIDI pitch."""

    at: float
    length: float
    pitch: int
    velocity: float
    part: str


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
