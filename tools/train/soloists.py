"""Instruments that bend their notes as singers do, and must not be taken for them.

Half are General MIDI soloists with vibrato and glides by pitch bend, half synthesiser leads: with
portamento, with a wah, with a resonance that is swept.
"""

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray

from tools.train import midi
from tools.train.melodies import FRAMES_PER_SEC, Manner, Note, bend, draw_notes
from tools.train.singing import vocode

RATE = 44_100
HELD_OUT = (41, 22, 57, 68, 77, 110)
"""Viola, harmonica, trombone, oboe, shakuhachi and fiddle: for validation alone."""

TRAINED = (
    40,
    42,
    56,
    60,
    64,
    65,
    66,
    71,
    72,
    73,
    75,
    78,
    79,
    26,
    27,
    29,
    30,
    80,
    81,
    84,
    104,
    109,
    111,
)
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
    track = mido.MidiTrack()
    events: list[tuple[float, int, mido.Message]] = []
    for control, value in ((101, 0), (100, 0), (6, _BEND_SEMITONES), (38, 0)):
        events.append((0.0, 0, mido.Message("control_change", control=control, value=value)))
    events.append((0.0, 0, mido.Message("program_change", program=program)))
    sounding = np.full(len(pitch), 60.0)
    for note in notes:
        sounding[round(note.start * FRAMES_PER_SEC) :] = note.pitch
        end = note.start + note.length * 0.97
        events.append((note.start, 2, mido.Message("note_on", note=note.pitch, velocity=96)))
        events.append((end, 1, mido.Message("note_off", note=note.pitch)))
    for frame in range(0, len(pitch), 2):
        wheel = round(8192 * (pitch[frame] - sounding[frame]) / _BEND_SEMITONES)
        message = mido.Message("pitchwheel", pitch=max(-8192, min(8191, wheel)))
        events.append((frame / FRAMES_PER_SEC, 1, message))
    now = 0
    for second, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(second * 1_000)
        track.append(message.copy(time=tick - now))
        now = tick
    file = mido.MidiFile(ticks_per_beat=500)
    file.tracks.append(track)
    if not midi.available():
        raise midi.FluidSynthMissing(midi.FluidSynthMissing.__doc__)
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder, "score.mid"), Path(folder, "sound.wav")
        file.save(score)
        command = ["fluidsynth", "-ni", "-q", "-g", "0.6", "-r", str(RATE), "-R", "0", "-C", "0"]
        command += ["-o", "synth.dynamic-sample-loading=1", "-O", "float", "-F", str(wave)]
        command += [str(midi.SOUND_FONT), str(score)]
        subprocess.run(command, capture_output=True, timeout=120, check=True)
        samples, _ = soundfile.read(wave, dtype="float64", always_2d=True)
    out = np.zeros(round(seconds * RATE))
    count = min(len(out), len(samples))
    out[:count] = samples[:count].mean(axis=1)
    return out


def _lead(
    notes: list[Note], pitch: NDArray[np.float64], seconds: float, rng: Generator
) -> NDArray[np.float64]:
    samples = round(seconds * RATE)
    at = np.arange(samples) * (FRAMES_PER_SEC / RATE)
    hz = 440 * 2 ** ((np.interp(at, np.arange(len(pitch)), pitch) - 69) / 12)
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
