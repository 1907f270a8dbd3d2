"""Signals of which loudness, brightness, band shares and peaks follow by arithmetic.

Loudness: ITU-R BS.1770-4 defines a 997-Hz sine at 0 dBFS in one front channel as −3.01 LKFS.
Brightness is the centroid weighted by power, so sines of known powers have an exact one.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.grooves import GROOVES
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.rhythm import band_score, choose_groove, perform
from benchmarks.accuracy.score import steady_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH
from benchmarks.accuracy.truth import Rendered, Truth
from tools.render.waves import RATE, time_axis

__all__ = ["BANDS_HZ", "levels_exam"]

Random = np.random.Generator
Samples = npt.NDArray[np.float64]

BANDS_HZ = (60.0, 250.0, 2000.0, 6000.0)
"""Edges of the five bands of the balance."""


def levels_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return analytic signals; the seed draws levels and frequencies."""
    count = 3 if quick else 6
    kinds: dict[str, Callable[[Random], Rendered]] = {
        "sine": _sine,
        "gated sine": _gated,
        "two sines": _sines,
        "five bands": _five_bands,
        "band of noise": _noise,
        "stereo": _stereo,
        "music": _music,
    }
    return Exam(
        [
            Piece(name=f"levels/{kind}/{index}", group=kind, seed=seed, render=make)
            for kind, make in kinds.items()
            for index in range(count)
        ]
    )


def _music(random: Random) -> Rendered:
    """Play band music whose levels nobody knows: programs are compared on it."""
    groove, bpm = choose_groove([g for g in GROOVES if g.beats == 4], 0.5, random)
    score, _ = band_score(groove, bpm, random, seconds=40)
    clock = steady_clock(bpm, score.beats, start_sec=0.1)
    band = "numpy" if FLUIDSYNTH.missing() else "GM"
    return Rendered(perform(band, score, clock, random), Truth())


def _rendered(left: Samples, right: Samples, **figures: float) -> Rendered:
    samples = np.stack([left, right], axis=1).astype(np.float32)
    return Rendered(samples, Truth(figures=tuple(figures.items())))


def _sine(random: Random) -> Rendered:
    """Sound one sine of 997 Hz: loudness, peaks and brightness."""
    dbfs = float(random.uniform(-35, -3))
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * 997 * time_axis(20))
    return _rendered(
        wave,
        wave,
        loudness_lufs_total=dbfs,
        loudness_lufs_short_term_max=dbfs,
        true_peak_dbtp=dbfs,
        sample_peak_dbfs=dbfs,
        average_brightness=997.0,
    )


def _gated(random: Random) -> Rendered:
    """Follow a loud part by one 15 to 40 dB softer, which falls below the relative gate."""
    loud = float(random.uniform(-20, -6))
    soft = loud - float(random.uniform(15, 40))
    time = time_axis(40)
    level = np.where(time < 20, 10 ** (loud / 20), 10 ** (soft / 20))
    wave = level * np.sin(2 * np.pi * 997 * time)
    # 197 blocks of 400 ms are loud throughout, three end in the soft part, yet pass the gate.
    edge = 10 * np.log10((197 + 0.75 + 0.5 + 0.25) / 200)
    return _rendered(wave, wave, loudness_lufs_total=loud + float(edge))


def _sines(random: Random) -> Rendered:
    """Sound two sines of known powers: brightness."""
    low, high = float(random.uniform(60, 900)), float(random.uniform(1200, 14000))
    gains = random.uniform(0.05, 0.4, 2)
    time = time_axis(15)
    wave = gains[0] * np.sin(2 * np.pi * low * time) + gains[1] * np.sin(2 * np.pi * high * time)
    power = gains**2
    centroid = float((low * power[0] + high * power[1]) / power.sum())
    return _rendered(wave, wave, average_brightness=centroid)


def _five_bands(random: Random) -> Rendered:
    """Sound one sine within each band: their shares of the power, and brightness."""
    edges = (25.0, *BANDS_HZ, 16_000.0)
    hz = np.array([lo * (hi / lo) ** random.uniform(0.3, 0.7)
                   for lo, hi in pairwise(edges)])  # fmt: skip
    gains = random.uniform(0.05, 0.19, 5)
    time = time_axis(15)
    wave = np.asarray(
        sum(gain * np.sin(2 * np.pi * f * time) for gain, f in zip(gains, hz, strict=True))
    )
    shares = gains**2 / (gains**2).sum()
    named = {f"band_{index}": float(share) for index, share in enumerate(shares)}
    return _rendered(wave, wave, average_brightness=float((hz * shares).sum()), **named)


def _noise(random: Random) -> Rendered:
    """Make noise that is flat between two frequencies: brightness is their mean."""
    low = float(random.uniform(100, 3000))
    high = low + float(random.uniform(2000, 10_000))
    spectrum = np.fft.rfft(random.standard_normal(20 * RATE))
    hz = np.fft.rfftfreq(20 * RATE, 1 / RATE)
    inside = (hz >= low) & (hz <= high)
    flat = np.where(inside, spectrum / np.maximum(np.abs(spectrum), 1e-12), 0)
    wave = np.fft.irfft(flat, 20 * RATE)
    wave *= 0.1 / wave.std()
    return _rendered(wave, wave, average_brightness=(low + high) / 2)


def _stereo(random: Random) -> Rendered:
    """Put a sine of its own level into each channel: they add by power."""
    dbfs = random.uniform(-30, -6, 2)
    time = time_axis(20)
    left = 10 ** (dbfs[0] / 20) * np.sin(2 * np.pi * 997 * time)
    right = 10 ** (dbfs[1] / 20) * np.cos(2 * np.pi * 997 * time)
    total = 10 * np.log10(np.sum(10 ** (dbfs / 10))) - 3.01
    return _rendered(left, right, loudness_lufs_total=float(total),
                     sample_peak_dbfs=float(dbfs.max()))  # fmt: skip
