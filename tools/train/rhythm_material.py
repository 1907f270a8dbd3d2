"""Pieces of music with exact truth of beats, downbeats and tempo, for training and validation.

Seeds 0–999 are for training and validation; those above are left to other uses. About half of the
pieces are rendered by FluidSynth, the rest by our own synthesisers or by both together. The truth
is where the grid of the music lies: single players are late or early around it. Beats are those
at which the piece goes on: from the first sounding bar (or its pickup) to the end or final chord.
"""

import math
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from numpy.typing import NDArray

from tools.render import mixing, tone_synth
from tools.render.kits import machine
from tools.render.kits.kit import strike
from tools.render.notes import Hit, Tone
from tools.render.waves import RATE
from tools.train import midi
from tools.train.arrangement import plan_bars
from tools.train.drumming import drum_part, fill
from tools.train.harmony import Chord, progression
from tools.train.lines import arp_part, bass_part, chord_part, lead_part
from tools.train.performance import Timeline, draw_feel, draw_timeline, perform
from tools.train.score import Score, Sounds
from tools.train.styles import STYLES, Style


@dataclass(frozen=True)
class RhythmPiece:
    """A rendered piece and its truth.

    ``samples`` is float32 of shape (frames, 2) at ``rate`` Hz; ``beats`` and ``downbeats`` are
    float64 seconds, increasing; ``bpm`` is the median of 60 / beat interval, in the octave a DJ
    reads. ``drums`` are the seconds at which one is struck; ``has_drums`` is false where no drum
    sounds at all.
    """

    style: str
    seed: int
    rate: int
    samples: NDArray[np.float32]
    beats: NDArray[np.float64]
    downbeats: NDArray[np.float64]
    bpm: float
    has_drums: bool
    drums: NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What is drawn about a piece before a note is written."""

    style: Style
    bpm: float
    renderer: str
    """`fluidsynth`, `synth`, or `hybrid`: numpy drums under FluidSynth instruments."""
    drummed: bool
    bars: int
    cut: float
    """Beats before the cut-in that are not heard; 0 for a piece that starts."""
    pickup: int
    ends: bool
    timeline: Timeline


def draw_plan(seed: int, seconds: float, style: str | None = None) -> Plan:
    """Draw style, tempo, form and clock of a piece."""
    rng = Random(f"{seed}/plan")
    chosen = rng.choices(list(STYLES.values()), [s.weight for s in STYLES.values()])[0]
    chosen = STYLES[style] if style else chosen
    bpm = rng.uniform(*chosen.bpm)
    if rng.random() < (0.67 if chosen.electronic else 0.3):
        bpm = float(round(bpm))
    generic = chosen.name.startswith("generic")
    acoustic = not chosen.electronic and not generic
    shares = (0.5, 0.32, 0.18) if acoustic else (0.38, 0.5, 0.12)
    renderer = rng.choices(("fluidsynth", "synth", "hybrid"), shares)[0]
    drummed = bool(chosen.grooves) and not (acoustic and rng.random() < 0.06)
    beats_per_bar, period = chosen.beats_per_bar, 60.0 / bpm
    begin = rng.choices(("rest", "cut", "at_once"), (0.5, 0.4, 0.1))[0]
    cut = rng.uniform(0, 4 * beats_per_bar) if begin == "cut" else 0.0
    pickup = rng.randrange(1, beats_per_bar) if begin == "rest" and rng.random() < 0.15 else 0
    rest = rng.choice((rng.uniform(0.0, 0.5), rng.uniform(0.2, 3.0))) if begin == "rest" else 0.0
    first = rest + pickup * period - cut * period
    bars = math.ceil((seconds - first) / (period * beats_per_bar)) + 1
    ends = rng.random() < 0.25
    if ends:
        bars = max(2, bars - 2 - math.ceil(rng.uniform(1.5, 4.0) / (period * beats_per_bar)))
    steady = chosen.electronic or rng.random() < 0.6
    drift = 0.0 if steady else rng.uniform(0.004, 0.03)
    timeline = draw_timeline(bpm, bars * beats_per_bar, first=first, drift=drift, rng=rng)
    return Plan(chosen, bpm, renderer, drummed, bars, cut, pickup, ends, timeline)


def draw_sounds(style: Style, rng: Random) -> Sounds:
    """Draw the instruments and their places."""
    programs = {"bass": rng.choice(style.basses), "chords": rng.choice(style.keys)}
    programs |= {"arp": rng.choice(style.keys), "lead": rng.choice(style.leads)}
    pans = {"chords": rng.uniform(-0.6, 0.6), "arp": rng.uniform(-0.7, 0.7)}
    pans |= {"bass": rng.uniform(-0.1, 0.1), "lead": rng.uniform(-0.3, 0.3)}
    loud = {"drums": 0.9, "bass": 0.7, "chords": 0.5, "arp": 0.48, "lead": 0.55}
    gains = {part: min(1.0, level * rng.uniform(0.65, 1.2)) for part, level in loud.items()}
    return Sounds(rng.choice(style.kits), programs, pans, gains)


def compose(plan: Plan, rng: Random) -> Score:
    """Write the piece, in beats from its first bar line."""
    style, beats = plan.style, plan.bars * plan.style.beats_per_bar
    plans = plan_bars(style, plan.bars, drummed=plan.drummed, rng=rng)
    rhythm = rng.choice(style.bars_per_chord) * style.beats_per_bar
    chords = progression(style.mood, beats + 2 * rhythm, rhythm, rng)
    bare = plan.drummed and rng.random() < 0.06
    tones: list[Tone] = []
    if not bare:
        for part in (bass_part, chord_part, arp_part, lead_part):
            tones += part(style, plans, chords, rng)
        if not plan.drummed and not any(t.part in ("chords", "arp") for t in tones):
            tones += chord_part(replace(style, comp=("X-------",)), plans, chords, rng)
    hits = drum_part(style, plans, rng) if plan.drummed else []
    if plan.pickup:
        hits += _pickup_hits(plan, rng) if plan.drummed else []
        tones += _pickup_tones(plan, chords[0], rng)
    if plan.ends:
        tones += _final_chord(beats, chords[0])
        hits += [Hit(beats, "kick", 1.0), Hit(beats, "crash", 0.9)] if plan.drummed else []
    return Score(tuple(hits), tuple(tones))


def _pickup_hits(plan: Plan, rng: Random) -> list[Hit]:
    """Fill into the first bar, or leave the pickup to the melody."""
    if rng.random() < 0.5:
        return []
    bar = fill(plan.style, float(plan.pickup), rng)
    return [Hit(hit.at - plan.style.beats_per_bar, hit.drum, hit.velocity) for hit in bar]


def _pickup_tones(plan: Plan, chord: Chord, rng: Random) -> list[Tone]:
    """Lead into the first bar by chord tones on every beat."""
    scale = chord.pitches(60, 5)
    return [
        Tone(float(beat), 0.9, scale[rng.randrange(5)], 0.75, "lead")
        for beat in range(-plan.pickup, 0)
    ]


def _final_chord(beat: float, chord: Chord) -> list[Tone]:
    """Close on a long chord over its root."""
    tones = [Tone(beat, 4.0, pitch, 0.8, "chords") for pitch in chord.pitches(53, 4)]
    return [*tones, Tone(beat, 4.0, 31 + (chord.root - 31) % 12, 0.85, "bass")]


def heard(score: Score) -> Score:
    """Drop what lies before the cut-in; notes that still ring are cut off at it."""
    hits = tuple(hit for hit in score.hits if hit.at >= 0)
    tones = tuple(
        replace(tone, at=max(tone.at, 0.0), length=tone.length + min(tone.at, 0.0))
        for tone in score.tones
        if tone.at >= 0 or tone.at + tone.length > 0.1
    )
    return Score(hits, tones)


def render(score: Score, plan: Plan, sounds: Sounds, seed: int, frames: int) -> NDArray[np.float32]:
    """Render a score in seconds to (frames, 2)."""
    chance, rng = Random(f"{seed}/render"), np.random.default_rng([seed, 7])
    mix = np.zeros((2, frames), np.float32)
    room = midi.Room(0.4, chance.random() < 0.6, chance.random() < 0.3)
    wet = plan.renderer == "synth" and rng.random() < 0.6
    if plan.renderer == "fluidsynth":
        return mixing.master(midi.render(score, sounds, room, frames).T, rng, reverb=False)
    if plan.renderer == "hybrid":
        mix += midi.render(Score((), score.tones), sounds, room, frames).T
    else:
        for part in ("bass", "chords", "arp", "lead"):
            tones = [tone for tone in score.tones if tone.part == part]
            if tones:
                patch = tone_synth.draw_patch(part, sounds.programs[part], rng)
                line = tone_synth.play(tones, tone_synth.ToneSynth(patch, rng), frames)
                mixing.add_panned(mix, line, 0, sounds.gains[part], sounds.pans[part])
    kicks = [hit.at for hit in score.hits if hit.drum == "kick"]
    if rng.random() < plan.style.pumping:
        mix = mixing.pump(mix, kicks, rng.uniform(0.3, 0.95), rng.uniform(0.05, 0.25))
    if score.hits:
        kit = machine.build_kit(sorted({hit.drum for hit in score.hits}), rng)
        drums = strike(score.hits, kit, frames)
        balance = np.std(mix) / (np.std(drums) + 1e-9) * 10 ** rng.uniform(-0.35, 0.4)
        mix += drums * np.float32(balance if np.any(mix) else 1.0)
    return mixing.master(mix, rng, reverb=wet)


def make_piece(seed: int, *, seconds: float = 40.0, style: str | None = None) -> RhythmPiece:
    """Compose and render the piece of ``seed``, always the same.

    Raises:
        ProgramMissing: The piece needs FluidSynth and there is none.

    """
    plan = draw_plan(seed, seconds, style)
    frames = round(seconds * RATE)
    sounds = draw_sounds(plan.style, Random(f"{seed}/sounds"))
    feel = draw_feel(plan.style, Random(f"{seed}/feel"))
    written = compose(plan, Random(f"{seed}/score"))
    score = heard(perform(written, plan.timeline, feel, Random(f"{seed}/play")))
    samples = render(score, plan, sounds, seed, frames)
    total = plan.bars * plan.style.beats_per_bar
    numbers = np.arange(-plan.pickup, total + (1 if plan.ends else 0))
    seconds_of = np.interp(numbers, plan.timeline.numbers, plan.timeline.seconds)
    inside = (seconds_of >= 0) & (seconds_of < seconds - 0.02)
    beats, numbers = seconds_of[inside], numbers[inside]
    return RhythmPiece(
        style=plan.style.name,
        seed=seed,
        rate=RATE,
        samples=samples,
        beats=beats,
        downbeats=beats[numbers % plan.style.beats_per_bar == 0],
        bpm=float(np.median(60.0 / np.diff(beats))),
        has_drums=bool(score.hits),
        drums=np.unique([hit.at for hit in score.hits]),
    )
