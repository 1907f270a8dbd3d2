"""Drum machine in numpy: one-shots drawn anew for every piece, so that no model learns one kit.

Every sound starts at its first sample; none has a lead-in.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.kits.kit import DrumKit, Sound
from tools.render.waves import RATE, swept_sine, time_axis

__all__ = ["build_kit"]


def _band(
    noise: NDArray[np.float64], low: float, high: float, order: int = 2
) -> NDArray[np.float64]:
    """Band-pass by spectrum; fine for stationary noise, which has no onset to smear."""
    spectrum = np.fft.rfft(noise)
    hertz = np.fft.rfftfreq(len(noise), 1 / RATE) + 1e-9
    gain = (
        1 / np.sqrt(1 + (low / hertz) ** (2 * order)) / np.sqrt(1 + (hertz / high) ** (2 * order))
    )
    shaped = np.fft.irfft(spectrum * gain, len(noise))
    return shaped / (np.std(shaped) + 1e-9)


def _noise(rng: Generator, seconds: float, low: float, high: float) -> NDArray[np.float64]:
    return _band(rng.standard_normal(round(seconds * RATE)), low, high)


def _metal(rng: Generator, seconds: float, low: float) -> NDArray[np.float64]:
    """Six square waves at the ratios of an analogue cymbal circuit, high-passed."""
    t = time_axis(seconds)
    base = rng.uniform(280, 460)
    ratios = np.array([1.0, 1.34, 1.52, 1.81, 2.16, 2.63]) * rng.uniform(0.97, 1.03, 6)
    waves = sum(np.sign(np.sin(2 * np.pi * base * ratio * t)) for ratio in ratios)
    return _band(np.asarray(waves), low, 18_000)


def _finish(sound: NDArray[np.float64]) -> Sound:
    fade = min(len(sound), 200)
    sound[-fade:] *= np.linspace(1, 0, fade)
    sound /= np.max(np.abs(sound)) + 1e-9
    return np.asarray(sound, np.float32)


def kick(rng: Generator) -> Sound:
    """Swept sine, more or less driven, with or without a click."""
    decay = rng.choice([0.06, 0.1, 0.16, 0.3]) * rng.uniform(0.8, 1.2)
    t = time_axis(min(0.9, 5 * decay))
    body = swept_sine(t, rng.uniform(40, 62), rng.uniform(140, 600), rng.uniform(0.008, 0.05))
    body *= np.exp(-((t / (1.6 * decay)) ** rng.uniform(1.0, 2.0)))
    click = _noise(rng, len(t) / RATE, 1500, 9000)[: len(t)] * np.exp(-t / 0.003)
    sound = body[: len(click)] + rng.uniform(0.0, 0.25) * click
    drive = rng.choice([1.0, 1.5, 3.0, 8.0])
    return _finish(np.tanh(drive * sound) / np.tanh(drive))


def snare(rng: Generator) -> Sound:
    """Two drum modes under filtered noise."""
    decay = rng.uniform(0.05, 0.16)
    t = time_axis(5 * decay)
    tone = swept_sine(t, rng.uniform(160, 240), rng.uniform(260, 420), 0.01) * np.exp(
        -t / (0.5 * decay)
    )
    tone += 0.5 * np.sin(2 * np.pi * rng.uniform(300, 380) * t) * np.exp(-t / (0.3 * decay))
    wires = _noise(rng, 5 * decay, rng.uniform(500, 2500), rng.uniform(6000, 15_000))[: len(t)]
    return _finish(tone[: len(wires)] * rng.uniform(0.4, 1.4) + 0.5 * wires * np.exp(-t / decay))


def clap(rng: Generator) -> Sound:
    """Three or four bursts some milliseconds apart, then a tail."""
    decay = rng.uniform(0.05, 0.14)
    t = time_axis(5 * decay)
    gap, bursts = rng.uniform(0.006, 0.011), int(rng.integers(2, 5))
    envelope = 0.6 * np.exp(-np.maximum(t - bursts * gap, 0) / decay) * (t >= bursts * gap)
    for burst in range(bursts):
        since = t - burst * gap
        envelope += (since >= 0) * (since < gap) * np.exp(-np.maximum(since, 0) / 0.003)
    return _finish(
        _noise(rng, 5 * decay, rng.uniform(700, 1100), rng.uniform(2500, 7000)) * envelope
    )


def _ping(
    low: float, high: float, decay: tuple[float, float], dirt: float
) -> Callable[[Generator], Sound]:
    """Make a maker of short tuned knocks: claves, blocks, rims, cowbells."""

    def make(rng: Generator) -> Sound:
        fade, pitch = rng.uniform(*decay), rng.uniform(low, high)
        t = time_axis(6 * fade)
        sound = np.cos(2 * np.pi * pitch * t) + 0.6 * np.cos(2 * np.pi * 1.48 * pitch * t)
        sound += dirt * _noise(rng, 6 * fade, 1500, 9000)[: len(t)] * np.exp(-t / 0.004)
        return _finish(sound * np.exp(-t / fade))

    return make


def _skin(
    low: float, high: float, decay: tuple[float, float], slap: float
) -> Callable[[Generator], Sound]:
    """Make a maker of toms and hand drums: a slightly falling tone with some slap."""

    def make(rng: Generator) -> Sound:
        fade, pitch = rng.uniform(*decay), rng.uniform(low, high)
        t = time_axis(6 * fade)
        sound = swept_sine(t, pitch, pitch * rng.uniform(1.15, 2.0), 0.02) * np.exp(-t / fade)
        hand = _noise(rng, 6 * fade, 800, 6000)[: len(t)] * np.exp(-t / 0.008)
        return _finish(sound + slap * hand)

    return make


def _cymbal(low: float, decay: tuple[float, float], bell: float) -> Callable[[Generator], Sound]:
    """Make a maker of hats and cymbals: metal and noise in a random mixture."""

    def make(rng: Generator) -> Sound:
        fade, mixture = rng.uniform(*decay), rng.uniform(0, 1)
        seconds = min(2.5, 5 * fade)
        t = time_axis(seconds)
        floor = low * rng.uniform(0.7, 1.3)
        sound = mixture * _metal(rng, seconds, floor)
        sound += (1 - mixture) * _noise(rng, seconds, floor, 17_000)[: len(t)]
        sound *= np.exp(-t / fade) + 0.5 * np.exp(-t / 0.01)
        sound += bell * np.cos(2 * np.pi * rng.uniform(900, 3200) * t) * np.exp(-t / (0.7 * fade))
        return _finish(sound)

    return make


def _shake(
    low: float, swell: tuple[float, float], decay: tuple[float, float]
) -> Callable[[Generator], Sound]:
    """Make a maker of shakers and scrapers: noise that swells a few milliseconds."""

    def make(rng: Generator) -> Sound:
        rise, fade = rng.uniform(*swell), rng.uniform(*decay)
        t = time_axis(rise + 5 * fade)
        envelope = np.minimum(t / rise, 1) * np.exp(-np.maximum(t - rise, 0) / fade)
        return _finish(_noise(rng, rise + 5 * fade, low, 16_000)[: len(t)] * envelope)

    return make


MAKERS: dict[str, Callable[[Generator], Sound]] = {
    "kick": kick,
    "snare": snare,
    "clap": clap,
    "rim": _ping(400, 1800, (0.008, 0.03), 0.3),
    "hat": _cymbal(6500, (0.012, 0.05), 0.0),
    "open": _cymbal(6000, (0.08, 0.25), 0.0),
    "pedal": _cymbal(5000, (0.015, 0.04), 0.0),
    "ride": _cymbal(4500, (0.25, 0.6), 0.5),
    "crash": _cymbal(2500, (0.4, 0.9), 0.0),
    "tom_lo": _skin(70, 100, (0.1, 0.25), 0.2),
    "tom_mid": _skin(105, 145, (0.09, 0.22), 0.2),
    "tom_hi": _skin(150, 210, (0.08, 0.2), 0.2),
    "surdo": _skin(55, 75, (0.15, 0.3), 0.1),
    "timbale": _skin(350, 480, (0.05, 0.12), 0.4),
    "conga_hi": _skin(280, 360, (0.05, 0.12), 0.5),
    "conga_lo": _skin(180, 240, (0.07, 0.16), 0.2),
    "bongo": _skin(400, 560, (0.03, 0.07), 0.3),
    "shaker": _shake(5000, (0.002, 0.01), (0.015, 0.04)),
    "tamb": _cymbal(6500, (0.03, 0.09), 0.1),
    "guiro": _shake(2500, (0.003, 0.01), (0.03, 0.08)),
    "cowbell": _ping(540, 840, (0.04, 0.1), 0.1),
    "clave": _ping(2000, 2700, (0.01, 0.025), 0.0),
    "block": _ping(800, 1600, (0.01, 0.03), 0.1),
    "agogo": _ping(900, 1500, (0.06, 0.15), 0.0),
}
LEVELS = {
    "kick": 1.0,
    "snare": 0.6,
    "clap": 0.5,
    "rim": 0.4,
    "hat": 0.25,
    "open": 0.25,
    "pedal": 0.2,
    "ride": 0.2,
    "crash": 0.3,
    "shaker": 0.18,
    "tamb": 0.2,
    "surdo": 0.8,
    "guiro": 0.2,
    "cowbell": 0.25,
    "clave": 0.25,
    "agogo": 0.22,
}


def build_kit(drums: list[str], rng: Generator) -> DrumKit:
    """Draw a kit that has the given drums; the low and loud ones stand in the middle."""
    sounds, pans, levels = {}, {}, {}
    for drum in drums:
        sounds[drum] = tuple(MAKERS[drum](rng) for _ in range(1 if drum == "kick" else 2))
        middle = drum in ("kick", "snare", "clap", "surdo")
        pans[drum] = 0.0 if middle else float(rng.uniform(-0.6, 0.6))
        levels[drum] = LEVELS.get(drum, 0.4) * float(10 ** rng.uniform(-0.2, 0.2))
    return DrumKit(sounds, pans, levels, response=1.4)
