"""Drum kit of decaying sines, noise and squares: no recordings."""

import numpy as np
import numpy.typing as npt

from tools.render.kits.kit import DrumKit, Sound
from tools.render.waves import RATE, Wide, swept_sine, time_axis

__all__ = ["make_kit"]

_PANS = {"hat": 0.25, "open_hat": 0.25, "ride": -0.3, "tom": 0.2, "low_tom": -0.2, "shaker": -0.35}


def _above(noise: Wide, hz: float, top: float = 20_000) -> Sound:
    """Keep a band of a noise, in the frequency domain."""
    spectrum = np.fft.rfft(noise)
    bins = np.fft.rfftfreq(len(noise), 1 / RATE)
    gain = 1 / (1 + (hz / np.maximum(bins, 1)) ** 6) / (1 + (bins / top) ** 6)
    return np.asarray(np.fft.irfft(spectrum * gain, len(noise)), np.float32)


def _swept(time: Wide, high: float, low: float, fall: float) -> Sound:
    return swept_sine(time, low, high, fall).astype(np.float32)


def make_kit(random: np.random.Generator, level: float) -> DrumKit:
    """Build a kit whose pitches and decays are its own, all of its drums at a level."""

    def vary(low: float, high: float) -> float:
        return float(random.uniform(low, high))

    def noise(time: Wide) -> Wide:
        return random.standard_normal(len(time))

    def decay(time: Wide, seconds: float) -> Wide:
        return np.asarray(np.exp(-time / seconds))

    long, short = time_axis(0.5), time_axis(0.18)
    kick = _swept(long, vary(110, 320), vary(42, 62), vary(0.012, 0.04)) * decay(
        long, vary(0.07, 0.2)
    )
    kick = kick + vary(0.05, 0.3) * _above(noise(long), 1500) * decay(long, 0.004)
    snare = vary(0.3, 0.7) * _swept(long, 300, vary(165, 230), 0.01) * decay(long, 0.07)
    snare = snare + 0.35 * _above(noise(long), vary(700, 1800)) * decay(long, vary(0.06, 0.16))
    bursts = sum(np.where(long >= at, np.exp(-(long - at) / 0.008), 0) for at in (0, 0.01, 0.02))
    clap = 0.4 * _above(noise(long), 900, 6000) * (bursts + 0.6 * decay(long, vary(0.07, 0.14)))
    rim = _swept(short, 1900, vary(400, 900), 0.004) * decay(short, 0.018)
    metal = sum(np.sign(np.sin(2 * np.pi * hz * long)) for hz in random.uniform(2000, 9000, 6))
    hiss = 0.6 * _above(noise(long), vary(5500, 8500)) + 0.05 * _above(np.asarray(metal), 7000)
    hat = 0.5 * hiss * decay(long, vary(0.018, 0.05))
    open_hat = 0.5 * hiss * decay(long, vary(0.12, 0.22))
    ring = time_axis(1.2)
    bell = sum(np.sin(2 * np.pi * hz * ring) for hz in random.uniform(2500, 9000, 9))
    ride = 0.05 * np.asarray(bell) * decay(ring, 0.3)
    ride = ride + 0.15 * _above(noise(ring), 6000) * decay(ring, 0.04)
    crash = 0.35 * _above(noise(ring), 3000) * decay(ring, 0.4)
    tom = _swept(long, vary(220, 260), vary(140, 180), 0.03) * decay(long, 0.12)
    low_tom = _swept(long, vary(140, 170), vary(80, 110), 0.03) * decay(long, 0.16)
    shaker = 0.3 * _above(noise(short), 5000) * np.minimum(short / 0.006, 1) * decay(short, 0.03)
    kit: dict[str, npt.NDArray[np.floating]] = {
        "kick": kick,
        "snare": snare,
        "clap": clap,
        "rim": 0.5 * rim,
        "hat": hat,
        "open_hat": open_hat,
        "ride": ride,
        "crash": crash,
        "tom": 0.7 * tom,
        "low_tom": 0.8 * low_tom,
        "shaker": shaker,
    }
    return DrumKit(
        {drum: (np.asarray(samples, np.float32),) for drum, samples in kit.items()},
        {drum: _PANS.get(drum, 0.0) for drum in kit},
        dict.fromkeys(kit, level),
        response=1.5,
    )
