"""The studio: placing, pumping, reverb, equaliser, band limits, saturation, noise and level."""

import math

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.waves import RATE

Stereo = NDArray[np.float32]


def add(track: NDArray[np.floating], sound: NDArray[np.floating], start: int) -> None:
    """Add a mono sound to a track (frames,) from a sample on; what passes its end is cut off."""
    part = track[start : start + len(sound)]
    part += sound[: len(part)]


def add_panned(mix: Stereo, sound: Stereo, start: int, gain: float, pan: float) -> None:
    """Add a mono sound to a mix (2, frames); full left at −1, full right at 1."""
    for track, side in zip(mix, (1 - pan, 1 + pan), strict=True):
        add(track, np.float32(gain * min(1.0, side)) * sound, start)


def to_peak(samples: Stereo, peak: float) -> Stereo:
    """Return samples whose largest is `peak`; silence stays as it is."""
    largest = float(np.abs(samples).max())
    return samples * np.float32(peak / largest) if largest else samples


def pump(
    music: Stereo,
    kicks: list[float],
    depth: float,
    release: float,
    *,
    longest: float = math.inf,
) -> Stereo:
    """Duck (2, frames) under every kick by `depth`; it returns within `release` s, or `longest`."""
    if not kicks or depth <= 0:
        return music
    starts = np.sort(np.round(np.asarray(kicks) * RATE).astype(np.int64))
    frames = np.arange(music.shape[1])
    last = np.searchsorted(starts, frames, side="right") - 1
    since = np.where(last >= 0, frames - starts[np.maximum(last, 0)], RATE * 10) / RATE
    dip = depth * np.exp(-since / release) * (since < longest)
    return music * (1 - dip).astype(np.float32)


def quick_length(frames: int) -> int:
    """Give the smallest length of only factors 2, 3 and 5 at or above ``frames``."""
    best = 1 << (frames - 1).bit_length()
    fives = 1
    while fives < best:
        threes = fives
        while threes < best:
            twos = threes << max(0, (-(-frames // threes) - 1).bit_length())
            best = min(best, twos) if twos >= frames else best
            threes *= 3
        fives *= 5
    return best


def _peak(
    hertz: NDArray[np.float64], centre: float, decibels: float, q: float
) -> NDArray[np.complex128]:
    """Analogue bell filter, minimum phase."""
    s = 1j * hertz / centre
    gain = 10 ** (decibels / 40)
    response: NDArray[np.complex128] = (s * s + s * gain / q + 1) / (s * s + s / (gain * q) + 1)
    return response


def _shelf(hertz: NDArray[np.float64], corner: float, decibels: float) -> NDArray[np.complex128]:
    """First-order high shelf, minimum phase."""
    gain = 10 ** (decibels / 40)
    s = 1j * hertz / corner
    return (1 + gain * s) / (1 + s / gain)


def colour(rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Draw a random desk: (Hz grid, complex gain), minimum phase but the brick wall."""
    hertz = np.concatenate(([0.0], np.geomspace(10, RATE / 2, 500)))
    response = np.ones(len(hertz), np.complex128)
    if rng.random() < 0.6:
        response *= _shelf(hertz, rng.uniform(200, 5000), rng.uniform(-8, 6))
        for _ in range(int(rng.integers(0, 4))):
            response *= _peak(
                hertz, 10 ** rng.uniform(1.7, 4), rng.uniform(-6, 6), rng.uniform(0.5, 3)
            )
    if rng.random() < 0.12:
        s = 1j * hertz / rng.uniform(30, 150)
        response *= s * s / (s * s + 1.414 * s + 1)
    if rng.random() < 0.1:
        s = 1j * hertz / rng.uniform(3000, 9000)
        response /= s * s + 1.414 * s + 1
    if rng.random() < 0.3:
        wall = rng.choice([11_000.0, 15_000.0, 16_000.0, 19_000.0])
        response *= 1 / (1 + (hertz / wall) ** 60)
    return hertz, response


def _echo_response(length: int, rng: Generator) -> NDArray[np.complex64]:
    """Draw the spectrum (2, bins) of a direct sound plus a decaying stereo room."""
    seconds = rng.uniform(0.2, 1.8)
    frames = int(min(seconds, 0.95) * RATE)
    t = np.arange(frames) / RATE
    tail = (
        rng.standard_normal((2, frames))
        * np.exp(-4.6 * t / seconds)
        * (t > rng.uniform(0.005, 0.03))
    )
    tail *= 10 ** rng.uniform(-1.6, -0.6) / np.sqrt(np.sum(tail**2, axis=1, keepdims=True))
    impulse = np.zeros((2, length), np.float32)
    impulse[:, :frames] = tail
    impulse[:, 0] += 1
    return np.fft.rfft(impulse, axis=1).astype(np.complex64)


def master(mix: Stereo, rng: Generator, *, reverb: bool) -> Stereo:
    """Finish a mix (2, frames) and give it back as (frames, 2), peak at most 1."""
    frames = mix.shape[1]
    length = quick_length(frames + RATE)
    spectrum = np.fft.rfft(mix, length, axis=1)
    hertz, response = colour(rng)
    bins = np.fft.rfftfreq(length, 1 / RATE)
    curve = np.interp(bins, hertz, response.real) + 1j * np.interp(bins, hertz, response.imag)
    spectrum *= curve.astype(np.complex64)
    if reverb:
        spectrum *= _echo_response(length, rng)
    out: Stereo = np.fft.irfft(spectrum, length, axis=1)[:, :frames].astype(np.float32)
    out /= np.float32(np.max(np.abs(out)) + 1e-9)
    if rng.random() < 0.4:
        drive = np.float32(10 ** rng.uniform(0.0, 0.9))
        out = np.tanh(drive * out) / np.tanh(drive)
    width = rng.choice([0.0, 0.3, 1.0, 1.0, 1.0, 1.0])
    middle = out.mean(axis=0)
    out = middle + np.float32(width) * (out - middle)
    if rng.random() < 0.2:
        out += np.float32(10 ** rng.uniform(-4, -2.2)) * rng.standard_normal(out.shape, np.float32)
    if rng.random() < 0.05:
        crackle = rng.integers(0, frames, 3 * frames // RATE)
        out[:, crackle] += rng.uniform(-0.2, 0.2, len(crackle)).astype(np.float32)
    if rng.random() < 0.08:
        fade = int(rng.uniform(2, 6) * RATE)
        out[:, -fade:] *= np.linspace(1, 0, fade, dtype=np.float32)[: out.shape[1]]
    peak = np.float32(10 ** (rng.choice([-0.2, -1.0, rng.uniform(-14, 0)]) / 20))
    out *= peak / np.float32(np.max(np.abs(out)) + 1e-9)
    return np.ascontiguousarray(out.T, dtype=np.float32)
