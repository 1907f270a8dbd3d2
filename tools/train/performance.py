"""From beats to seconds: the time line of a piece, swing, push and lay-back, human jitter."""

from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray

from tools.render.notes import Hit, Tone
from tools.train.score import Score
from tools.train.styles import Style


@dataclass(frozen=True)
class Timeline:
    """Where every beat lies: beat numbers (from below 0) and their seconds, both increasing."""

    numbers: NDArray[np.float64]
    seconds: NDArray[np.float64]

    def at(self, beat: float) -> float:
        """Give the second of a beat position; between beats time runs evenly."""
        return float(np.interp(beat, self.numbers, self.seconds))


@dataclass(frozen=True)
class Feel:
    """How the band plays: swing of pairs, spread in seconds, offset per part in seconds."""

    swing: float
    swing_unit: float
    jitter: float
    offsets: dict[str, float]


def draw_timeline(bpm: float, beats: int, *, first: float, drift: float, rng: Random) -> Timeline:
    """Lay beats −8 … ``beats`` + 8; beat 0 falls on ``first`` seconds.

    ``drift`` is the largest deviation of the tempo, a slow sine plus a slope.
    """
    numbers = np.arange(-8, beats + 9, dtype=np.float64)
    period = rng.uniform(24, 96)
    phase, slope = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1)
    curve = 0.6 * np.sin(2 * np.pi * numbers / period + phase) + 0.4 * slope * (
        2 * numbers / max(beats, 1) - 1
    )
    periods = 60.0 / bpm / (1.0 + drift * curve)
    seconds = np.concatenate(([0.0], np.cumsum(periods[:-1])))
    return Timeline(numbers, seconds - np.interp(0.0, numbers, seconds) + first)


def draw_feel(style: Style, rng: Random) -> Feel:
    """Draw how tightly and where against the beat a band of this style plays."""
    machine = style.electronic and rng.random() < 0.8
    jitter = 0.0 if machine else rng.uniform(0.0005, 0.0045)
    offsets: dict[str, float] = {}
    if not machine and rng.random() < 0.3:
        for part, most in (("snares", 0.01), ("cymbals", 0.008), ("bass", 0.012)):
            offsets[part] = rng.uniform(-most, most)
        offsets["chords"] = rng.uniform(-0.015, 0.015)
        offsets["lead"] = rng.uniform(-0.02, 0.03)
    return Feel(rng.uniform(*style.swing), style.swing_unit, jitter, offsets)


def swung(beat: float, feel: Feel) -> float:
    """Move a beat position within its pair of swing units."""
    pair = 2 * feel.swing_unit
    whole, inside = divmod(beat + 1e-9, pair)
    share = inside / pair
    if share < 0.5:
        bent = 2 * share * feel.swing
    else:
        bent = feel.swing + (2 * share - 1) * (1 - feel.swing)
    return (whole + bent) * pair


def _offset(name: str, feel: Feel) -> float:
    groups = {"snare": "snares", "clap": "snares", "rim": "snares", "hat": "cymbals"}
    groups |= {"ride": "cymbals", "open": "cymbals", "shaker": "cymbals", "arp": "chords"}
    return feel.offsets.get(groups.get(name, name), 0.0)


def perform(score: Score, timeline: Timeline, feel: Feel, rng: Random) -> Score:
    """Play a score of beats in seconds."""

    def moment(beat: float, name: str) -> float:
        late = rng.gauss(0.0, feel.jitter) if feel.jitter else 0.0
        bounded = max(-0.012, min(0.012, late))
        return timeline.at(swung(beat, feel)) + bounded + _offset(name, feel)

    hits = tuple(
        Hit(moment(hit.at, hit.drum), hit.drum, _alive(hit.velocity, feel, rng))
        for hit in score.hits
    )
    tones = []
    for tone in score.tones:
        at = moment(tone.at, tone.part)
        end = timeline.at(swung(tone.at + tone.length, feel))
        level = _alive(tone.velocity, feel, rng)
        tones.append(Tone(at, max(end - at, 0.04), tone.pitch, level, tone.part))
    return Score(hits, tuple(tones))


def _alive(velocity: float, feel: Feel, rng: Random) -> float:
    """Vary a velocity, more for people than for machines."""
    spread = 0.02 + 15.0 * feel.jitter
    return max(0.05, min(1.0, velocity + rng.uniform(-spread, spread)))
