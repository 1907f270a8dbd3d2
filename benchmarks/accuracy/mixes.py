"""Mixes with cues: tracks of different tempo and key, cross-faded, each examined on its own."""

import numpy as np

from benchmarks.accuracy.grooves import GROOVES
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.rhythm import band_score, choose_groove, perform
from benchmarks.accuracy.score import steady_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH
from benchmarks.accuracy.truth import Rendered, TrackTruth, Truth
from tools.render.waves import RATE

__all__ = ["mixes_exam"]

Random = np.random.Generator

_TRACK_SEC, _FADE_SEC = 75.0, 8.0


def mixes_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return mixes of six tracks."""
    absent = FLUIDSYNTH.missing()
    count = 1 if quick else 3
    pieces = [
        Piece(name=f"mixes/{index}", group="mix", seed=seed, render=_mix) for index in range(count)
    ]
    return Exam(pieces, (f"mixes by General MIDI: {absent}",) if absent else ())


def _mix(random: Random) -> Rendered:
    """Join six tracks with linear fades of 8 s; a cue stands in the middle of each fade."""
    bands = ("numpy",) if FLUIDSYNTH.missing() else ("numpy", "GM")
    grooves = [groove for groove in GROOVES if groove.style != "3/4" and groove.fastest > 100]
    out = np.zeros((0, 2), np.float32)
    tracks: list[TrackTruth] = []
    fade = round(_FADE_SEC * RATE)
    for number in range(6):
        groove, bpm = choose_groove(grooves, float(random.uniform(0, 1)), random)
        score, key = band_score(groove, bpm, random, seconds=_TRACK_SEC)
        clock = steady_clock(bpm, score.beats, start_sec=0.02)
        sound = perform(bands[number % len(bands)], score, clock, random)
        sound = sound[: round(clock.times[score.beats] * RATE)]
        start = max(len(out) - fade, 0)
        longer = np.zeros((start + len(sound), 2), np.float32)
        longer[: len(out)] = out
        if number:
            ramp = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
            longer[start : start + fade] *= 1 - ramp
            sound[:fade] *= ramp
        longer[start:] += sound
        out = longer
        cue = (start + fade / 2) / RATE if number else 0.0
        tracks.append(TrackTruth(start_sec=cue, end_sec=0.0, bpm=bpm, key=str(key)))
    ends = [track.start_sec for track in tracks[1:]] + [len(out) / RATE]
    closed = tuple(
        TrackTruth(start_sec=track.start_sec, end_sec=end, bpm=track.bpm, key=track.key)
        for track, end in zip(tracks, ends, strict=True)
    )
    return Rendered(out / max(1.0, float(np.abs(out).max()) / 0.95), Truth(tracks=closed))
