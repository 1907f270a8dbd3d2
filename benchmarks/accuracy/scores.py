"""Real compositions in a known key, from the corpus of music21, played by FluidSynth.

`scores.toml` says which, how they were chosen and where their keys come from. What is played is the
text as it stands: no repeats, no dynamics, one tempo for each kind of music.
"""

import tomllib
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from benchmarks.accuracy.parts import key_group, part_of
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.sound_font import FLUIDSYNTH, GAIN, PEAK
from benchmarks.accuracy.truth import Rendered, Truth
from tools.render import midi
from tools.render.midi import DRUM_CHANNEL, Event
from tools.render.mixing import to_peak

__all__ = ["ScoreLabel", "SoundingNote", "load_scores", "scores_exam", "sounding_notes"]

Kind = Literal["chorale", "quartet", "piano", "tune"]

_QUARTERS_A_MINUTE: dict[Kind, float] = {
    "chorale": 72, "quartet": 132, "piano": 108, "tune": 176,
}  # fmt: skip
_PATCHES: dict[Kind, tuple[tuple[int, ...], ...]] = {
    "chorale": ((19,), (52,), (48,), (0,)),
    "quartet": ((40, 40, 41, 42), (48,)),
    "piano": ((0,), (1,)),
    "tune": ((40,), (73,), (21,), (24,)),
}
"""General MIDI patches of the parts, from top to bottom; which row plays goes round."""
_VELOCITY = 84
_HELD = 0.97
"""Of the length of a note."""

_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
"""All but that of the drums."""


class ScoreLabel(BaseModel):
    """The label of one score.

    Attributes:
        path: Within the corpus of music21.
        kind: Who plays it.
        key: Such as 'A minor'.
        key_sure: How sure.
        note: Where the key is known from.

    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    kind: Kind
    key: str
    key_sure: Literal["high", "medium"]
    note: str


@dataclass(frozen=True, kw_only=True)
class SoundingNote:
    """A note of a score: its part, start and end in quarter notes, and MIDI pitch."""

    part: int
    start: float
    end: float
    pitch: int


def load_scores() -> list[ScoreLabel]:
    """Read the labels."""
    text = Path(__file__).with_name("scores.toml").read_text("utf-8")
    return [ScoreLabel.model_validate(entry) for entry in tomllib.loads(text)["score"]]


def scores_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return all scores, or every third; nothing without FluidSynth and music21."""
    absent = FLUIDSYNTH.missing()
    if absent is None and find_spec("music21") is None:
        absent = "music21 (pip install music21)"
    if absent:
        return Exam([], (f"scores: {absent}",))
    pieces = [
        Piece(
            name=f"scores/{label.path}",
            group=key_group(part_of(label.path), label.key_sure),
            seed=seed,
            render=partial(_render, label, place),
        )
        for place, label in enumerate(load_scores())
    ]
    return Exam(pieces[::3] if quick else pieces)


def sounding_notes(path: Path) -> list[SoundingNote]:
    """Return the notes of a score, part after part, without grace notes."""
    return [
        SoundingNote(
            part=number,
            start=float(note.offset),
            end=float(note.offset + note.quarterLength),
            pitch=int(pitch.midi),
        )
        for number, part in enumerate(_parts(path))
        for note in part.flatten().stripTies().notes
        if note.quarterLength > 0
        for pitch in note.pitches
    ]


def _render(label: ScoreLabel, place: int, _random: np.random.Generator) -> Rendered:
    rows = _PATCHES[label.kind]
    patches = rows[place % len(rows)]
    second = 60 / _QUARTERS_A_MINUTE[label.kind]
    notes = sounding_notes(label.path)
    events: list[Event] = []
    for part in sorted({note.part for note in notes}):
        events += midi.program(_channel(part), patches[min(part, len(patches) - 1)])
    for note in notes:
        start, end = note.start * second, (note.start + _HELD * (note.end - note.start)) * second
        events += midi.note(_channel(note.part), note.pitch, start, end, _VELOCITY)
    samples = FLUIDSYNTH.render(events, gain=GAIN)
    return Rendered(to_peak(samples, PEAK), Truth(key=label.key))


def _channel(part: int) -> int:
    return _CHANNELS[part % len(_CHANNELS)]


def _parts(path: Path) -> list[Any]:
    """Return the parts of a score as music21 has them, which has no types for what they hold."""
    import music21  # takes seconds, and only who makes these pieces needs it

    corpus = Path(music21.__file__).parent / "corpus"
    score = music21.converter.parse(corpus / path)
    return list(getattr(score, "parts", ())) or [score]
