"""Pieces in a known key: clear cadences in all 24 keys, and hard ones where the tonic must be felt.

The key of a mode is that of its tonic and its third: D dorian is D minor, G mixolydian G major.
"""

from collections.abc import Callable
from functools import partial
from typing import Literal

import numpy as np

from benchmarks.accuracy.composer import Chord, compose_drums
from benchmarks.accuracy.grooves import GROOVES
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.rhythm import perform
from benchmarks.accuracy.scales import KeyName, Mode
from benchmarks.accuracy.score import Score, steady_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH
from benchmarks.accuracy.truth import Rendered, Truth
from tools.render.notes import Hit, Tone
from tools.render.scales import SCALES

__all__ = ["harmony_exam"]

Random = np.random.Generator
Degrees = tuple[tuple[int, str], ...]

_CADENCES: dict[Mode, tuple[Degrees, ...]] = {
    "major": (
        ((0, ""), (5, ""), (7, ""), (0, "")),
        ((0, ""), (9, "m"), (2, "m"), (7, "7")),
        ((0, "maj7"), (2, "m7"), (7, "7"), (0, "")),
        ((0, ""), (4, "m"), (5, ""), (7, "")),
    ),
    "minor": (
        ((0, "m"), (5, "m"), (7, ""), (0, "m")),
        ((0, "m"), (8, ""), (2, "dim"), (7, "7")),
        ((0, "m"), (5, "m"), (7, "7"), (0, "m")),
        ((0, "m"), (10, ""), (8, ""), (7, "7")),
    ),
}
_VAMPS: tuple[tuple[Mode, str, Degrees], ...] = (
    ("minor", "minor", ((0, "m"), (10, ""))),
    ("minor", "dorian", ((0, "m7"), (5, "7"))),
    ("major", "mixolydian", ((0, ""), (10, ""))),
    ("minor", "phrygian", ((0, "m"), (1, ""))),
    ("major", "major", ((0, "maj7"), (2, "m7"))),
    ("minor", "minor", ((0, "m7"), (7, "m7"))),
)
_MODES: tuple[tuple[Mode, str], ...] = (
    ("minor", "dorian"),
    ("minor", "phrygian"),
    ("major", "lydian"),
    ("major", "mixolydian"),
)
_BPM_RANGE = (80.0, 132.0)


def harmony_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return the pieces of one seed: 72 cadences and 48 hard ones, or 24 and 18."""
    absent = FLUIDSYNTH.missing()
    bands = ("numpy",) if absent else ("numpy", "GM")
    pieces = []
    keys = [KeyName(tonic, mode) for tonic in range(12) for mode in ("major", "minor")]
    for index, key in enumerate(keys):
        for place, cents in enumerate(((-40, -25), (-10, 10), (25, 40))):
            if quick and place != index % 3:
                continue
            band = bands[(index // 2 + place) % len(bands)]
            render = partial(_cadence, key, band, cents)
            pieces.append(_piece(seed, "cadences", f"{key}/{place}", render))
    hard = {
        "one chord": _one_chord,
        "two chords": _two_chords,
        "drone": _drone,
        "mode": _mode,
        "percussion": _percussion,
        "riff": _riff,
    }
    for kind, make in hard.items():
        for index in range(3 if quick else 8):
            band = bands[index % len(bands)]
            pieces.append(_piece(seed, kind, str(index), partial(make, index, band)))
    return Exam(pieces, (f"key by General MIDI: {absent}",) if absent else ())


def _piece(seed: int, group: str, name: str, render: Callable[[Random], Rendered]) -> Piece:
    return Piece(name=f"harmony/{group}/{name}", group=group, seed=seed, render=render)


def _finish(
    score: Score, key: KeyName, band: str, cents: float, random: Random, *, drums: float = 1.0
) -> Rendered:
    bpm = float(random.uniform(*_BPM_RANGE))
    clock = steady_clock(bpm, score.beats, start_sec=0.2)
    samples = perform(band, score, clock, random, detune_cents=cents, drum_level=drums)
    return Rendered(samples, Truth(key=str(key), tuning_cents=cents))


def _any_cents(random: Random) -> float:
    return float(random.uniform(-40, 40))


def _cadence(key: KeyName, band: str, cents: tuple[float, float], random: Random) -> Rendered:
    """Play a cadence of four chords four times, and end on the tonic; a soft beat under half."""
    chosen = _CADENCES[key.mode][int(random.integers(4))]
    notes: list[Tone] = []
    bars = 17
    for bar in range(bars):
        degree, quality = chosen[bar % 4] if bar < 16 else chosen[0]
        chord = Chord((key.tonic + degree) % 12, quality)
        notes += _block(chord, bar * 4.0, "pluck" if bar % 2 else "chords")
        notes += _line(chord, bar * 4.0, random)
    hits = _soft_beat(bars, random) if random.random() < 0.5 else []
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=hits)
    return _finish(score, key, band, float(random.uniform(*cents)), random, drums=0.5)


def _block(chord: Chord, start: float, part: Literal["pluck", "chords"]) -> list[Tone]:
    notes = [Tone(start, 1.9, chord.pitches(36)[0], 0.9, "bass")]
    notes.append(Tone(start + 2, 1.9, chord.pitches(36)[0], 0.8, "bass"))
    at = (0.0, 1.0, 2.0, 3.0) if part == "pluck" else (0.0,)
    length = 0.95 if part == "pluck" else 3.9
    return notes + [
        Tone(start + beat, length, pitch, 0.6, part) for beat in at for pitch in chord.pitches(55)
    ]


def _line(chord: Chord, start: float, random: Random) -> list[Tone]:
    tones = chord.pitches(67)
    return [
        Tone(start + beat, 0.9, int(random.choice(tones)), 0.6, "lead")
        for beat in range(4)
        if random.random() < 0.7
    ]


def _soft_beat(bars: int, random: Random) -> list[Hit]:
    groove = next(groove for groove in GROOVES if groove.name == "pop")
    return compose_drums(groove, bars, random)


def _scale(key: KeyName, name: str, low: int) -> list[int]:
    base = low + (key.tonic - low) % 12
    return [base + step for step in SCALES[name]] + [base + 12]


def _wander(
    scale: list[int], beats: int, random: Random, *, start: float = 0.0, home: float = 0.3
) -> list[Tone]:
    """Return a line that returns to the tonic at bar lines and holds it there."""
    notes: list[Tone] = []
    beat, place = 0.0, 0
    while beat < beats:
        on_bar = beat % 4 == 0
        if on_bar and random.random() < 0.5 + home:
            place, length = int(random.choice([0, len(scale) - 1])), 1.5
        else:
            place = int(np.clip(place + random.choice([-2, -1, 1, 2]), 0, len(scale) - 1))
            length = float(random.choice([0.5, 0.5, 1.0]))
        length = min(length, 4 - beat % 4)
        notes.append(Tone(start + beat, length * 0.95, scale[place], 0.65, "lead"))
        beat += length
    return notes


def _random_key(random: Random, mode: Mode | None = None) -> KeyName:
    chosen: Mode = mode or ("minor" if random.random() < 0.6 else "major")
    return KeyName(int(random.integers(12)), chosen)


def _groove_hits(bars: int, random: Random, style: str = "straight") -> list[Hit]:
    grooves = [g for g in GROOVES if g.style == style and g.beats == 4 and g.fastest > 100]
    return compose_drums(grooves[int(random.integers(len(grooves)))], bars, random)


def _one_chord(index: int, band: str, random: Random) -> Rendered:
    """Stay on the tonic chord, with the bass on root, fifth and octave, and drums."""
    key = _random_key(random)
    chord = Chord(key.tonic, ["m7", "m9", "m"][index % 3] if key.mode == "minor" else "")
    bars, notes = 14, []
    for bar in range(bars):
        root = chord.pitches(33)[0]
        notes += [Tone(bar * 4 + at, 0.5, root + up, 0.8, "bass")
                  for at, up in ((0, 0), (1.5, 12), (2.5, 7), (3.5, 12))]  # fmt: skip
        notes += [Tone(bar * 4 + at, 0.4, pitch, 0.6, "chords")
                  for at in (0.5, 2.5) for pitch in chord.pitches(55)]  # fmt: skip
    notes += _wander(_scale(key, f"{key.mode} pentatonic", 64), bars * 4, random)
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=_groove_hits(bars, random))
    return _finish(score, key, band, _any_cents(random), random)


def _two_chords(index: int, band: str, random: Random) -> Rendered:
    """Alternate the tonic chord with one other that does not resolve to it."""
    mode, scale, degrees = _VAMPS[index % len(_VAMPS)]
    key = _random_key(random, mode)
    bars, notes = 16, []
    for bar in range(bars):
        degree, quality = degrees[0] if bar % 4 in {0, 1, 3} else degrees[1]
        if index % 2 and bar % 2:
            degree, quality = degrees[1]
        if bar == bars - 1:
            degree, quality = degrees[0]
        notes += _block(Chord((key.tonic + degree) % 12, quality), bar * 4.0, "chords")
    notes += _wander(_scale(key, scale, 62), bars * 4, random)
    hits = _groove_hits(bars, random) if index % 2 else []
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=hits)
    return _finish(score, key, band, _any_cents(random), random)


def _drone(index: int, band: str, random: Random) -> Rendered:
    """Hold the tonic, with or without its fifth, under a line in the scale."""
    key = _random_key(random)
    bars, notes = 14, []
    low = 36 + key.tonic
    for bar in range(0, bars, 2):
        notes.append(Tone(bar * 4.0, 7.9, low, 0.8, "pad"))
        notes.append(Tone(bar * 4.0, 7.9, low + 12, 0.6, "pad"))
        if index % 2:
            notes.append(Tone(bar * 4.0, 7.9, low + 19, 0.5, "pad"))
    notes += _wander(_scale(key, key.mode, 60), bars * 4, random)
    return _finish(
        Score(beats=bars * 4, beats_per_bar=4, notes=notes), key, band, _any_cents(random), random
    )


def _mode(index: int, band: str, random: Random) -> Rendered:
    """Play triads of a mode over a bass that keeps coming back to its tonic."""
    mode, name = _MODES[index % len(_MODES)]
    key = _random_key(random, mode)
    steps = SCALES[name]
    bars, notes = 16, []
    for bar in range(bars):
        place = 0 if bar % 2 == 0 else int(random.choice([1, 3, 6]))
        triad = [steps[(place + up) % 7] + 12 * ((place + up) // 7) for up in (0, 2, 4)]
        low = 52 + (key.tonic - 52) % 12
        notes += [Tone(bar * 4.0, 3.9, low + step, 0.55, "chords") for step in triad]
        notes.append(Tone(bar * 4.0, 1.9, 36 + key.tonic, 0.85, "bass"))
        notes.append(Tone(bar * 4.0 + 2, 1.9, 36 + key.tonic + triad[0] % 12, 0.75, "bass"))
    notes += _wander(_scale(key, name, 62), bars * 4, random)
    hits = _groove_hits(bars, random, "breakbeat") if index % 2 else []
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=hits)
    return _finish(score, key, band, _any_cents(random), random)


def _percussion(index: int, band: str, random: Random) -> Rendered:
    """Let loud toms, kicks and noise that know no key drown soft chords with a cadence."""
    key = _random_key(random)
    degrees = _CADENCES[key.mode][index % 4]
    bars, notes = 16, []
    for bar in range(bars):
        degree, quality = degrees[bar % 4]
        chord = Chord((key.tonic + degree) % 12, quality)
        notes += [Tone(bar * 4.0, 3.9, pitch, 0.3, "pad") for pitch in chord.pitches(52)]
        notes.append(Tone(bar * 4.0, 3.0, chord.pitches(36)[0], 0.45, "bass"))
    hits = _groove_hits(bars, random, "breakbeat")
    toms: tuple[str, ...] = ("tom", "low_tom")
    hits += [
        Hit(beat / 2, toms[int(random.integers(2))], 0.95)
        for beat in range(bars * 8)
        if random.random() < 0.35
    ]
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=hits)
    return _finish(score, key, band, _any_cents(random), random, drums=1.2)


def _riff(index: int, band: str, random: Random) -> Rendered:
    """Repeat a riff in octaves over two bars: no chord is ever heard, only its tones."""
    key = _random_key(random)
    scale = SCALES[f"{key.mode} pentatonic"]
    third = scale[1] if key.mode == "minor" else scale[2]
    figure = [0, 0, third, int(random.choice(scale)), 0, int(random.choice(scale)), third, 0]
    bars, notes = 16, []
    for bar in range(bars):
        for place, step in enumerate(figure):
            beat = bar * 4 + place / 2
            notes.append(Tone(beat, 0.45, 36 + key.tonic + step, 0.85, "bass"))
            notes.append(Tone(beat, 0.45, 48 + key.tonic + step, 0.7, "pluck"))
            if index % 2:
                notes.append(Tone(beat, 0.45, 60 + key.tonic + step, 0.5, "lead"))
    score = Score(beats=bars * 4, beats_per_bar=4, notes=notes, hits=_groove_hits(bars, random))
    return _finish(score, key, band, _any_cents(random), random)
