"""Pieces with a known beat: six styles on two bands, a drifting tempo, breakdowns, clicks.

The tempo is the number that a DJ reads on the record (docs/analysis/). A ballad whose drums sound
exactly as half-time between 130 and 150 (65 to 75) is not asked for: nobody could tell.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.accuracy import general_midi, numpy_band
from benchmarks.accuracy.composer import compose_band, compose_drumless, compose_drums
from benchmarks.accuracy.grooves import GROOVES, Groove
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.scales import KeyName
from benchmarks.accuracy.score import Clock, Score, steady_clock, wandering_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH
from benchmarks.accuracy.truth import Rendered, Span, Truth
from tools.render.mixing import add
from tools.render.notes import Tone
from tools.render.waves import RATE, time_axis

__all__ = ["STYLES", "band_score", "choose_groove", "choose_key", "perform", "rhythm_exam"]

Random = np.random.Generator

STYLES = ("straight", "swung", "half-time", "breakbeat", "3/4")
_BANDS = ("numpy", "GM")
_SECONDS = 60
_DRUMLESS: dict[str, tuple[float, float]] = {
    "ballad": (60, 92),
    "strum": (84, 140),
    "ostinato": (92, 150),
    "sequence": (90, 140),
    "waltz": (84, 180),
    "march": (92, 150),
}


def rhythm_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return the pieces of one seed: 146, or 46 where it must be quick."""
    each = 3 if quick else 10
    few = 3 if quick else 8
    absent = FLUIDSYNTH.missing()
    bands = _BANDS[:1] if absent else _BANDS
    pieces = [
        _piece(seed, style, f"{band}/{index}", partial(_styled, style, band, (index + 0.5) / each))
        for style in STYLES
        for band in bands
        for index in range(each)
    ]
    pieces += [
        _piece(seed, "drum-less", f"{band}/{index}", partial(_drumless, band, index))
        for band in bands
        for index in range(each)
    ]
    for index in range(few):
        band = bands[index % len(bands)]
        pieces += [
            _piece(seed, "drifting", f"{band}/{index}", partial(_drifting, band)),
            _piece(seed, "breakdown", f"{band}/{index}", partial(_breakdown, band)),
            _piece(seed, "clicks", str(index), partial(_clicks, index)),
        ]
    return Exam(pieces, (f"rhythm by General MIDI: {absent}",) if absent else ())


def _piece(seed: int, group: str, name: str, render: Callable[[Random], Rendered]) -> Piece:
    return Piece(name=f"rhythm/{group}/{name}", group=group, seed=seed, render=render)


def choose_key(random: Random) -> KeyName:
    """Draw a key; dance music is mostly minor."""
    return KeyName(int(random.integers(12)), "minor" if random.random() < 0.65 else "major")


def choose_groove(grooves: list[Groove], place: float, random: Random) -> tuple[Groove, float]:
    """Draw a tempo near a place (0–1) of the range of grooves, and one that is played so fast.

    The tempo is a whole number, half of one, or any with two decimals.
    """
    slowest = min(groove.slowest for groove in grooves)
    fastest = max(groove.fastest for groove in grooves)
    while True:
        near = float(np.clip(place + random.uniform(-0.1, 0.1), 0, 1))
        bpm = slowest + (fastest - slowest) * near
        bpm = float([round(bpm), round(2 * bpm) / 2, round(bpm, 2)][int(random.integers(3))])
        fitting = [
            groove
            for groove in grooves
            if groove.slowest <= bpm <= groove.fastest
            and not ("ballad" in groove.name and 64 < bpm < 76)
        ]
        if fitting:
            return fitting[int(random.integers(len(fitting)))], bpm
        place = float(np.clip(place + random.uniform(-0.15, 0.15), 0, 1))


def _leading_sec(random: Random) -> float:
    """Return how long the file is silent at first: a moment, or in one of four some seconds."""
    return float(random.uniform(2.0, 8.0) if random.random() < 0.25 else random.uniform(0.02, 1.0))


def perform(
    band: str,
    score: Score,
    clock: Clock,
    random: Random,
    *,
    detune_cents: float = 0.0,
    drum_level: float = 1.0,
) -> numpy_band.Samples:
    """Play a score on one of the two bands."""
    if band == "GM":
        orchestra = general_midi.choose_orchestra(random)
        return general_midi.play(
            score, clock, orchestra, detune_cents=detune_cents, drum_level=drum_level
        )
    human = 0.002 if random.random() < 0.3 else 0.0
    return numpy_band.play(
        score, clock, random, detune_cents=detune_cents, drum_level=drum_level, human_sec=human
    )


def _truth(clock: Clock, score: Score, *, steady: bool = True, key: KeyName | None = None) -> Truth:
    times = clock.times[: score.beats]
    return Truth(
        bpm=round(clock.bpm, 6),
        steady=steady,
        beats=tuple(times.tolist()),
        downbeats=tuple(times[:: score.beats_per_bar].tolist()),
        key=str(key) if key else None,
    )


def _bars(bpm: float, beats: int, seconds: float = _SECONDS) -> int:
    return max(round(seconds * bpm / 60 / beats), 8)


def _styled(style: str, band: str, place: float, random: Random) -> Rendered:
    grooves = [groove for groove in GROOVES if groove.style == style]
    groove, bpm = choose_groove(grooves, place, random)
    score, key = band_score(groove, bpm, random)
    clock = steady_clock(bpm, score.beats, start_sec=_leading_sec(random))
    return Rendered(perform(band, score, clock, random), _truth(clock, score, key=key))


def band_score(
    groove: Groove, bpm: float, random: Random, *, seconds: float = _SECONDS
) -> tuple[Score, KeyName]:
    """Write drums, chords, bass and melody for about a minute."""
    bars, key = _bars(bpm, groove.beats, seconds), choose_key(random)
    intro = int(random.choice([0, 0, 4]))
    score = Score(
        beats=bars * groove.beats,
        beats_per_bar=groove.beats,
        hits=compose_drums(groove, bars, random, intro_bars=intro),
        notes=compose_band(groove, bars, key, random),
    )
    return score, key


def _drumless(band: str, index: int, random: Random) -> Rendered:
    kind = list(_DRUMLESS)[index % len(_DRUMLESS)]
    bpm, key = round(float(random.uniform(*_DRUMLESS[kind])), 2), choose_key(random)
    score = compose_drumless(kind, _bars(bpm, 3 if kind == "waltz" else 4), key, random)
    clock = steady_clock(bpm, score.beats, start_sec=_leading_sec(random))
    return Rendered(perform(band, score, clock, random), _truth(clock, score, key=key))


def _drifting(band: str, random: Random) -> Rendered:
    names = {"pop", "rock", "motown", "shuffle", "jazz ride", "big beat", "rock waltz", "disco"}
    grooves = [groove for groove in GROOVES if groove.name in names]
    groove, bpm = choose_groove(grooves, float(random.uniform(0, 1)), random)
    score, key = band_score(groove, bpm, random)
    clock = wandering_clock(bpm, score.beats, start_sec=_leading_sec(random) + 0.05, random=random)
    truth = _truth(clock, score, steady=False, key=key)
    return Rendered(perform(band, score, clock, random), truth)


def _breakdown(band: str, random: Random) -> Rendered:
    """Play 45 s, then 30 s of nothing but pads that enter gently, then 45 s."""
    names = {"house", "techno", "disco", "pop", "two-step", "breaks", "swung house", "trap"}
    grooves = [groove for groove in GROOVES if groove.name in names]
    groove, bpm = choose_groove(grooves, float(random.uniform(0, 1)), random)
    full, key = band_score(groove, bpm, random, seconds=120)
    bar = groove.beats
    first = round(45 * bpm / 60 / bar) * bar
    last = first + round(30 * bpm / 60 / bar) * bar
    heard = [hit for hit in full.hits if not first <= hit.at < last]
    notes = [note for note in full.notes if not first - bar <= note.at < last]
    held = [
        Tone(float(at), (last - first) / 2 - 0.5, 48 + key.tonic + interval, 0.6, "pad")
        for at in (first, first + (last - first) // 2)
        for interval in ((0, 3, 7) if key.mode == "minor" else (0, 4, 7))
    ]
    score = replace(full, hits=heard, notes=notes + held)
    clock = steady_clock(bpm, score.beats, start_sec=_leading_sec(random))
    truth = replace(_truth(clock, score, key=key), breakdown=Span(clock.at(first), clock.at(last)))
    return Rendered(perform(band, score, clock, random), truth)


def _clicks(index: int, random: Random) -> Rendered:
    """Strike a metronome: sine, noise or impulse, of equal loudness or with an accented bar."""
    bpm = round(float(random.uniform(60, 190)), int(random.integers(3)))
    beats = round(_SECONDS * bpm / 60)
    clock = steady_clock(bpm, beats, start_sec=_leading_sec(random))
    time = time_axis(0.03)
    decay = np.exp(-time / 0.006)
    click = [
        np.sin(2 * np.pi * 1000 * time) * decay,
        random.standard_normal(len(time)) * decay * 0.4,
        np.where(time < 0.0005, 1.0, 0.0),
    ][index % 3]
    mono = np.zeros(round((clock.times[-1] + 0.5) * RATE), np.float32)
    for beat in range(beats):
        level = 0.8 if beat % 4 == 0 and index % 2 else 0.55
        add(mono, level * click.astype(np.float32), round(clock.times[beat] * RATE))
    samples = np.stack([mono, mono], axis=1)
    score = Score(beats=beats, beats_per_bar=4)
    truth = _truth(clock, score)
    return Rendered(samples, truth if index % 2 else replace(truth, downbeats=()))
