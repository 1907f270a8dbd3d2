"""Instruments that bend their notes as singers do, and must not be taken for them.

Half are General MIDI soloists with vibrato and glides by pitch bend, half synthesiser leads: with
portamento, with a wah, with a resonance that is swept.
"""

import mido
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render import midi
from tools.render.midi import Event
from tools.render.waves import RATE, hertz
from tools.train.melodies import FRAMES_PER_SEC, Manner, Note, bend, draw_notes
from tools.train.singing import vocode
from tools.train.sound_font import fluidsynth

HELD_OUT = (41, 22, 57, 68, 77, 110)
"""Viola, harmonica, trombone, oboe, shakuhachi and fiddle: for validation alone."""

TRAINED = (
    40, 42, 56, 60, 64, 65, 66, 71, 72, 73, 75, 78, 79, 26, 27, 29, 30, 80, 81, 84, 104, 109, 111,
)  # fmt: skip
_BEND_SEMITONES = 12
_HOP = 128


def play(seconds: float, rng: Generator, *, held_out: bool) -> NDArray[np.float64]:
    """Return a bent line of a soloist, mono, at 44.1 kHz."""
    manner = Manner(
        glide=rng.choice((0.0, rng.uniform(0.02, 0.1))),
        vibrato=rng.choice((0.0, rng.uniform(10, 60))),
        vibrato_hz=rng.uniform(4.5, 7),
        drift=rng.uniform(0, 6),
        scoop=rng.choice((0.0, rng.uniform(0, 2.5))),
    )
    notes = draw_notes(seconds, rng.uniform(52, 80), rng)
    pitch = bend(notes, seconds, manner, rng)
    if rng.random() < 0.6:
        program = int(rng.choice(HELD_OUT if held_out else TRAINED))
        return _sampled(notes, pitch, program, seconds)
    return _lead(notes, pitch, seconds, rng)


def _sampled(
    notes: list[Note], pitch: NDArray[np.float64], program: int, seconds: float
) -> NDArray[np.float64]:
    events = [
        Event(0.0, mido.Message("control_change", control=control, value=value))
        for control, value in ((101, 0), (100, 0), (6, _BEND_SEMITONES), (38, 0))
    ]
    events += midi.program(0, program)
    sounding = np.full(len(pitch), 60.0)
    for note in notes:
        sounding[round(note.start * FRAMES_PER_SEC) :] = note.pitch
        events += midi.note(0, note.pitch, note.start, note.start + note.length * 0.97, 96)
    for frame in range(0, len(pitch), 2):
        wheel = round(8192 * (pitch[frame] - sounding[frame]) / _BEND_SEMITONES)
        message = mido.Message("pitchwheel", pitch=max(-8192, min(8191, wheel)))
        events.append(Event(frame / FRAMES_PER_SEC, message))
    samples = fluidsynth(1000).render(events, gain=0.6, reverb=False, chorus=False)
    mono = samples.mean(axis=1, dtype=np.float64)[: round(seconds * RATE)]
    return np.pad(mono, (0, round(seconds * RATE) - len(mono)))


def _lead(
    notes: list[Note], pitch: NDArray[np.float64], seconds: float, rng: Generator
) -> NDArray[np.float64]:
    samples = round(seconds * RATE)
    at = np.arange(samples) * (FRAMES_PER_SEC / RATE)
    hz = hertz(np.interp(at, np.arange(len(pitch)), pitch))
    wave = np.zeros(samples)
    for detune in rng.choice(((0.0,), (-0.004, 0.004), (-0.008, 0.0, 0.007))[rng.integers(3)], 3):
        phase = np.cumsum(hz * (1 + detune) / RATE) + rng.random()
        wave += 2 * (phase % 1) - 1 if rng.random() < 0.6 else np.sign((phase % 1) - 0.4)
    frames = samples // _HOP + 1
    second = np.arange(frames) * _HOP / RATE
    rate = float(rng.choice((0.5, 1, 2, 4, 8))) * rng.uniform(0.9, 1.2)
    swing = (0.5 + 0.5 * np.sin(2 * np.pi * rate * second)) ** rng.uniform(0.5, 3)
    envelope = np.zeros(frames)
    for note in notes:
        first, last = (
            round(t * RATE / _HOP) for t in (note.start, note.start + note.length * 0.95)
        )
        fall = np.exp(-rng.uniform(0, 6) * np.arange(max(0, last - first)) * _HOP / RATE)
        envelope[first:last] = np.maximum(fall, rng.uniform(0.2, 1))[: len(envelope[first:last])]
    bins = np.fft.rfftfreq(512, 1 / RATE)
    low, depth = rng.uniform(300, 1_500), rng.uniform(0, 2.5)
    centre = (low * 2 ** (depth * (swing if rng.random() < 0.5 else envelope)))[:, None]
    width = centre / rng.uniform(0.7, 8)
    gain = centre**2 / np.sqrt((centre**2 - bins**2) ** 2 + (width * bins) ** 2)
    smooth = np.convolve(envelope, np.ones(8) / 8, "same")
    return vocode(wave, gain * smooth[:, None])
