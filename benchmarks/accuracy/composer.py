"""Write a piece: drums by a groove, and chords, bass and melody over them in a key."""

from dataclasses import dataclass

import numpy as np

from benchmarks.accuracy.grooves import Groove
from benchmarks.accuracy.scales import CHORDS, KeyName
from benchmarks.accuracy.score import Score
from tools.render.notes import Hit, Tone
from tools.render.scales import SCALES

__all__ = ["Chord", "compose_band", "compose_drumless", "compose_drums", "progression"]

Random = np.random.Generator


@dataclass(frozen=True)
class Chord:
    """A chord by the pitch class of its root, and its quality in `CHORDS`."""

    root: int
    quality: str

    def pitches(self, low: int) -> list[int]:
        """Return its notes, the lowest of which is the first at or above `low`."""
        root = low + (self.root - low) % 12
        return [root + interval for interval in CHORDS[self.quality]]


_MAJOR = (
    ((0, ""), (7, ""), (9, "m"), (5, "")),
    ((0, ""), (9, "m"), (5, ""), (7, "")),
    ((0, ""), (5, ""), (0, ""), (7, "")),
    ((0, "maj7"), (9, "m7"), (2, "m7"), (7, "7")),
)
_MINOR = (
    ((0, "m"), (8, ""), (5, "m"), (7, "")),
    ((0, "m"), (10, ""), (8, ""), (7, "")),
    ((0, "m"), (5, "m"), (0, "m"), (7, "m")),
    ((0, "m7"), (5, "m7"), (8, "maj7"), (7, "7")),
)


def progression(key: KeyName, random: Random) -> list[Chord]:
    """Choose four chords that begin on the tonic of a key."""
    choices = _MAJOR if key.mode == "major" else _MINOR
    chosen = choices[random.integers(len(choices))]
    return [Chord((key.tonic + degree) % 12, quality) for degree, quality in chosen]


def compose_drums(groove: Groove, bars: int, random: Random, *, intro_bars: int = 0) -> list[Hit]:
    """Play a groove for some bars, with small changes, a fill every eighth bar, and crashes."""
    hits: list[Hit] = []
    for bar in range(bars):
        lines = groove.bars[bar % len(groove.bars)]
        fill = bar % 8 == 7 and random.random() < 0.7
        for drum, line in lines:
            if bar < intro_bars and drum in {"snare", "clap"}:
                continue
            step = groove.beats / len(line)
            for index, mark in enumerate(line):
                if mark == "." or (int(mark) < 7 and random.random() < 0.06):
                    continue
                beat = index * step
                if index % 2 and len(line) in {8, 16}:
                    beat += (groove.swing - 0.5) * 2 * step
                if fill and drum != "kick" and beat >= groove.beats - 1:
                    continue
                velocity = int(mark) / 9 * random.uniform(0.88, 1.0)
                hits.append(Hit(bar * groove.beats + beat, drum, velocity))
        if fill:
            hits += _fill(groove, (bar + 1) * groove.beats - 1, random)
        if bar % 8 == 0 and bar >= intro_bars and random.random() < 0.6:
            hits.append(Hit(bar * groove.beats, "crash", 0.8))
    return hits


def _fill(groove: Groove, beat: float, random: Random) -> list[Hit]:
    triplets = any(len(line) in {9, 12} for _, line in groove.bars[0]) and groove.beats == 4
    steps = 3 if triplets else int(random.choice([2, 4]))
    drums = ["snare", "tom", "low_tom"]
    return [
        Hit(beat + index / steps, drums[min(index, 2)], random.uniform(0.6, 0.9))
        for index in range(steps)
    ]


def compose_band(groove: Groove, bars: int, key: KeyName, random: Random) -> list[Tone]:
    """Play chords, bass and a melody that belong to a groove."""
    chords = progression(key, random)
    bars_per_chord = 2 if groove.style == "half-time" and random.random() < 0.5 else 1
    walking = groove.name in {"jazz ride", "swing brushes", "jazz waltz"}
    comping = str(random.choice(["pad", "stabs", "offbeat", "held"]))
    notes: list[Tone] = []
    for bar in range(bars):
        chord = chords[bar // bars_per_chord % len(chords)]
        start = float(bar * groove.beats)
        notes += _bass(chord, start, groove, walking=walking, random=random)
        if bar >= 4:
            notes += _comping(chord, start, groove.beats, comping)
        if bar >= 8 and bar // 8 % 3 != 2:
            notes += _melody(key, chord, start, groove.beats, random)
    return notes


def _bass(
    chord: Chord, start: float, groove: Groove, *, walking: bool, random: Random
) -> list[Tone]:
    root = chord.pitches(33)[0]
    if walking:
        steps = [root, *(int(random.choice(chord.pitches(33))) for _ in range(groove.beats - 1))]
        return [Tone(start + i, 0.9, pitch, 0.8, "bass") for i, pitch in enumerate(steps)]
    if groove.style == "half-time":
        return [Tone(start, groove.beats * 0.9, root, 0.85, "bass")]
    kicks = sorted(
        {
            index * groove.beats / len(line)
            for drum, line in groove.bars[0]
            if drum == "kick"
            for index, mark in enumerate(line)
            if mark != "."
        }
    )
    if groove.name in {"house", "techno", "disco"}:
        octave = 12 if groove.name == "disco" else 0
        return [
            Tone(start + beat + 0.5, 0.4, root + octave * (beat % 2), 0.8, "bass")
            for beat in range(groove.beats)
        ]
    return [Tone(start + beat, 0.45, root, 0.8, "bass") for beat in kicks]


def _comping(chord: Chord, start: float, beats: int, kind: str) -> list[Tone]:
    pitches = chord.pitches(55)
    if kind in {"pad", "held"}:
        part = "pad" if kind == "pad" else "chords"
        return [Tone(start, beats * 0.97, pitch, 0.5, part) for pitch in pitches]
    at = [0.0, 1.5] if kind == "stabs" else [beat + 0.5 for beat in range(beats)]
    return [
        Tone(start + beat, 0.35, pitch, 0.6, "chords")
        for beat in at
        if beat < beats
        for pitch in pitches
    ]


def _melody(key: KeyName, chord: Chord, start: float, beats: int, random: Random) -> list[Tone]:
    scale = [60 + (key.tonic + step) % 12 for step in SCALES[key.mode]]
    scale = sorted([*scale, *(pitch + 12 for pitch in scale)])
    tones = {pitch % 12 for pitch in chord.pitches(60)}
    notes: list[Tone] = []
    beat, place = 0.0, int(random.integers(3, 9))
    while beat < beats - 0.25:
        length = float(random.choice([0.5, 0.5, 1.0, 1.0, 1.5]))
        place = int(np.clip(place + random.integers(-2, 3), 0, len(scale) - 1))
        pitch = scale[place]
        if beat == 0.0:
            pitch = min(scale, key=lambda other: (other % 12 not in tones, abs(other - pitch)))
        if random.random() < 0.85:
            notes.append(Tone(start + beat, min(length, beats - beat) * 0.9, pitch, 0.7, "lead"))
        beat += length
    return notes


def compose_drumless(kind: str, bars: int, key: KeyName, random: Random) -> Score:
    """Write a piece without drums; the beat is in who plays what when.

    Args:
        kind: 'ballad' (broken chords in eighths), 'strum' (a guitar), 'ostinato' (eighths),
            'sequence' (sixteenths, bass on the quarter), 'waltz' (bass and two chords), or
            'march' (bass and chord in turn).
        bars: How many.
        key: Of all chords.
        random: Where choices come from.

    """
    beats = 3 if kind == "waltz" else 4
    chords = progression(key, random)
    notes: list[Tone] = []
    for bar in range(bars):
        chord = chords[bar % len(chords)]
        start = float(bar * beats)
        notes += _figure(kind, chord, start)
        if bar % 8 >= 4 and kind != "strum":
            notes += _melody(key, chord, start, beats, random)
    return Score(beats=bars * beats, beats_per_bar=beats, notes=notes)


def _figure(kind: str, chord: Chord, start: float) -> list[Tone]:
    low = chord.pitches(40)[0]
    high = chord.pitches(57)
    if kind == "waltz":
        return [
            Tone(start, 0.9, low, 0.9, "pluck"),
            *(Tone(start + at, 0.6, pitch, 0.6, "pluck") for at in (1, 2) for pitch in high),
        ]
    if kind == "march":
        return [
            *(Tone(start + at, 0.8, low + 7 * (at // 2 % 2), 0.9, "pluck") for at in (0, 2)),
            *(Tone(start + at, 0.6, pitch, 0.65, "pluck") for at in (1, 3) for pitch in high),
        ]
    if kind == "strum":
        strokes = ((0.0, 0.9), (1.0, 0.75), (1.5, 0.55), (2.5, 0.6), (3.0, 0.8), (3.5, 0.5))
        return [
            Tone(start + at, 0.45, pitch, hard, "pluck")
            for at, hard in strokes
            for pitch in [low, *high]
        ]
    steps = {"ballad": 8, "ostinato": 8, "sequence": 16}[kind]
    order = [0, 2, 1, 2] if kind == "ballad" else [0, 1, 2, 1]
    figure = [
        Tone(
            start + index * 4 / steps,
            4 / steps * 0.95,
            high[order[index % 4]] + (12 if kind == "sequence" else 0),
            0.85 if index % (steps // 4) == 0 else 0.6,
            "pluck",
        )
        for index in range(steps)
    ]
    at = (0, 2) if kind == "ballad" else (0, 1, 2, 3)
    return figure + [Tone(start + beat, 0.9, low, 0.8, "bass") for beat in at]
