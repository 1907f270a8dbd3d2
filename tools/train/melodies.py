"""Melodies as a singer or a soloist bends them: pitch over time, note by note.

Singers and the instruments that must not be taken for them get their lines from here alike, so that
nothing can be learned from when and what they play.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.scales import SCALES

FRAMES_PER_SEC = 200
"""Pitch is given every 5 ms."""

_SCALES = ("major pentatonic", "minor pentatonic", "minor", "major")


@dataclass(frozen=True)
class Note:
    """One note of a melody, in seconds and in MIDI pitch."""

    start: float
    length: float
    pitch: int


@dataclass(frozen=True)
class Manner:
    """How pitch moves: seconds of glide, cents of vibrato and drift, semitones of scoop."""

    glide: float
    vibrato: float
    vibrato_hz: float
    drift: float
    scoop: float


def draw_notes(seconds: float, centre: float, rng: Generator) -> list[Note]:
    """Draw phrases of 2 to 6 s around a MIDI pitch, with rests between them."""
    beat = 60 / rng.uniform(70, 150)
    root, scale = int(rng.integers(12)), SCALES[_SCALES[rng.integers(len(_SCALES))]]
    tones = [p for p in range(24, 100) if (p - root) % 12 in scale]
    lengths = beat * np.array(
        ((0.5, 1, 0.5, 2), (0.25, 0.5, 0.5, 1), (1, 2, 1, 4))[rng.integers(3)]
    )
    notes: list[Note] = []
    now = rng.uniform(0, 2)
    while now < seconds - 0.3:
        place = int(np.searchsorted(tones, centre + rng.normal(0, 2.5)))
        end = min(seconds, now + rng.uniform(1.5, 6))
        while now < end - 0.15:
            length = float(min(rng.choice(lengths), end - now))
            notes.append(Note(now, length, tones[place]))
            place = int(np.clip(place + rng.choice((-2, -1, -1, 0, 1, 1, 2)), 0, len(tones) - 1))
            if abs(tones[place] - centre) > 8:
                place = int(np.searchsorted(tones, centre))
            now += length
        now += rng.choice((rng.uniform(0.3, 1.5), rng.uniform(1, 4)))
    return notes


def bend(notes: list[Note], seconds: float, manner: Manner, rng: Generator) -> NDArray[np.float64]:
    """Return the pitch in MIDI numbers every 5 ms, continuous through each phrase."""
    frames = round(seconds * FRAMES_PER_SEC)
    pitch = np.full(frames, float(notes[0].pitch) if notes else 60.0)
    wave = np.zeros(frames)
    for note, before in zip(notes, [None, *notes], strict=False):
        first = round(note.start * FRAMES_PER_SEC)
        last = min(frames, round((note.start + note.length) * FRAMES_PER_SEC))
        pitch[first:] = note.pitch
        time = np.arange(last - first) / FRAMES_PER_SEC
        if before is None or note.start - before.start - before.length > 0.1:
            scooped = max(0, min(round(0.15 * FRAMES_PER_SEC), last - first))
            pitch[first : first + scooped] -= manner.scoop * rng.random()
        grown = np.clip((time - 0.15) / 0.3, 0, 1)
        phase = 2 * np.pi * (manner.vibrato_hz * time + rng.random())
        wave[first:last] = manner.vibrato / 100 * grown * np.sin(phase)
    if manner.glide > 0:
        kernel = np.hanning(max(3, round(2 * manner.glide * FRAMES_PER_SEC)))
        padded = np.pad(pitch, len(kernel), mode="edge")
        pitch = np.convolve(padded, kernel / kernel.sum(), "same")[len(kernel) : -len(kernel)]
    noise = np.interp(
        np.arange(frames),
        np.arange(0, frames + 40, 40),
        rng.standard_normal(frames // 40 + 2)[: len(np.arange(0, frames + 40, 40))],
    )
    return np.asarray(pitch + wave + manner.drift / 100 * noise)
