"""A short mix, made of nothing but arithmetic: what `offbeat demo` analyses.

Three tracks that sound different are cross-faded, with silence before and after, so that every
figure has something to show. The same seed gives the same samples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RATE_HZ", "Mix", "make_mix"]

RATE_HZ = 44_100
_TRACK_SEC = 14.0
_FADE_SEC = 2.0
_LEAD_IN_SEC = 0.5
_LEAD_OUT_SEC = 1.0

Samples = NDArray[np.float32]
"""Mono samples, full scale = 1."""


@dataclass(frozen=True)
class Mix:
    """A mix and where its tracks begin."""

    samples: NDArray[np.float32]
    """Shape (frames, 2), full scale = 1."""
    cues: list[tuple[float, str]]
    """Seconds and title of each track."""


def make_mix(seed: int = 0) -> Mix:
    """Make the mix."""
    noise = np.random.default_rng(seed)
    tracks = [
        ("Four to the Floor", _house(noise)),
        ("Broken Beat", _breakbeat(noise)),
        ("Afterglow", _ambient()),
    ]
    length = _LEAD_IN_SEC + len(tracks) * (_TRACK_SEC - _FADE_SEC) + _FADE_SEC + _LEAD_OUT_SEC
    mix = np.zeros((round(length * RATE_HZ), 2), np.float32)
    cues = []
    for position, (title, sound) in enumerate(tracks):
        start_sec = _LEAD_IN_SEC + position * (_TRACK_SEC - _FADE_SEC)
        start = round(start_sec * RATE_HZ)
        faded = _faded(sound, fade_in=position > 0)
        mix[start : start + len(sound)] += np.stack((faded, np.roll(faded, 400)), axis=1)
        cues.append((start_sec, title))
    return Mix(np.clip(mix, -1.0, 1.0), cues)


def _house(noise: np.random.Generator) -> Samples:
    """124 beats a minute: a drum on each, a hat between, a bass line in A minor."""
    beat = 60 / 124
    kicks = _hits(_kick(), [n * beat for n in range(int(_TRACK_SEC / beat))])
    hats = _hits(_hat(noise), [(n + 0.5) * beat for n in range(int(_TRACK_SEC / beat))])
    bass = _line([55.0, 55.0, 65.41, 49.0], beat * 4)
    return _mixed(0.5 * kicks, 0.15 * hats, 0.18 * bass)


def _breakbeat(noise: np.random.Generator) -> Samples:
    """172 beats a minute: a broken pattern under bright noise."""
    beat = 60 / 172
    bars = range(int(_TRACK_SEC / (4 * beat)))
    kicks = _hits(_kick(), [(4 * bar + at) * beat for bar in bars for at in (0.0, 2.5)])
    snares = _hits(
        _hat(noise, decay_sec=0.12), [(4 * bar + at) * beat for bar in bars for at in (1.0, 3.0)]
    )
    hats = _hits(_hat(noise), [n * beat / 2 for n in range(int(2 * _TRACK_SEC / beat))])
    return _mixed(0.5 * kicks, 0.45 * snares, 0.25 * hats)


def _ambient() -> Samples:
    """No drums: a quiet chord that swells."""
    time = _time(_TRACK_SEC)
    pitches_hz = np.asarray([[146.83], [185.0], [220.0], [293.66]])
    chord = np.sin(2 * np.pi * pitches_hz * time).sum(axis=0)
    swell = 0.6 - 0.4 * np.cos(2 * np.pi * time / _TRACK_SEC)
    sound: Samples = np.asarray(0.06 * chord * swell, np.float32)
    return sound


def _kick() -> Samples:
    time = _time(0.25)
    sweep = 2 * np.pi * (50 * time + 6 * (1 - np.exp(-time * 25)))
    thump: Samples = np.asarray(np.sin(sweep) * np.exp(-time * 14), np.float32)
    return thump


def _hat(noise: np.random.Generator, decay_sec: float = 0.04) -> Samples:
    time = _time(decay_sec * 5)
    hiss = np.diff(noise.standard_normal(len(time) + 1)) / 3
    return (hiss * np.exp(-time / decay_sec)).astype(np.float32)


def _line(pitches_hz: list[float], note_sec: float) -> Samples:
    """Play a saw wave that changes its pitch with each note."""
    time = _time(_TRACK_SEC)
    pitch = np.asarray(pitches_hz)[(time / note_sec).astype(int) % len(pitches_hz)]
    phase = np.cumsum(pitch) / RATE_HZ
    saw: Samples = np.asarray(2 * (phase % 1.0) - 1.0, np.float32)
    return saw


def _hits(sound: Samples, times_sec: list[float]) -> Samples:
    """Place a sound at each time."""
    track = np.zeros(round(_TRACK_SEC * RATE_HZ), np.float32)
    for at in times_sec:
        start = round(at * RATE_HZ)
        part = track[start : start + len(sound)]
        part += sound[: len(part)]
    return track


def _mixed(*parts: Samples) -> Samples:
    total: Samples = np.sum(parts, axis=0, dtype=np.float32)
    return total


def _faded(sound: Samples, *, fade_in: bool) -> Samples:
    """Fade a track with equal power."""
    ramp = np.sin(np.linspace(0, np.pi / 2, round(_FADE_SEC * RATE_HZ), dtype=np.float32))
    faded = sound.copy()
    if fade_in:
        faded[: len(ramp)] *= ramp
    faded[-len(ramp) :] *= ramp[::-1]
    return faded


def _time(seconds: float) -> NDArray[np.float64]:
    """Return the time of each frame, seconds."""
    return np.arange(round(seconds * RATE_HZ)) / RATE_HZ
