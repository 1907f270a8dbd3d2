"""Healthy files of degenerate sound, at which a measure may divide by zero or overflow."""

import io
import random

import numpy as np
import numpy.typing as npt
import soundfile

from tests.hostile.seeds import undated

__all__ = ["signal_file"]

Samples = npt.NDArray[np.float64]

_RATES_HZ = (
    4_000,
    4_001,
    8_000,
    11_025,
    22_050,
    44_100,
    44_100,
    44_100,
    48_000,
    96_000,
    192_000,
    384_000,
)
_LENGTHS_SEC = (0.0, 0.004, 0.05, 0.1, 0.11, 0.399, 0.4, 0.41, 1.0, 1.05, 2.0, 3.0, 3.1)
_LEVELS = (1e-45, 1e-38, 1e-20, 1e-5, 2.0**-15, 0.1, 1.0, 1.0, 1e3, 9e9, 1e18)
_MOST_SAMPLES = 1_500_000
"""In one channel and another: long files of high rates would take a second each."""


def signal_file(source: random.Random) -> bytes:
    """Return a float WAV file of 0–3 s of something that is hardly music."""
    rate, channels = source.choice(_RATES_HZ), source.choice((1, 1, 2, 2, 2, 3, 6, 8))
    frames = round(rate * source.choice(_LENGTHS_SEC)) + source.choice((0, 0, 1, 2, 5))
    frames = min(frames, _MOST_SAMPLES // channels)
    numbers = np.random.default_rng(source.getrandbits(32))
    planes = [_plane(frames, source, numbers) for _ in range(channels)]
    if source.random() < 0.3:
        planes = [planes[0] * source.choice((1, 1, -1)) for _ in range(channels)]
    file = io.BytesIO()
    samples = np.stack(planes, axis=1).astype(np.float32)
    soundfile.write(file, samples, rate, "FLOAT", format="WAV")
    return undated(file.getvalue())


def _plane(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    plane = source.choice(_KINDS)(frames, source, numbers) * source.choice(_LEVELS)
    if frames and source.random() < 0.2:  # silence before, behind or between
        plane[slice(*sorted(numbers.integers(0, frames + 1, 2)))] = 0
    if frames and source.random() < 0.05:
        plane[source.randrange(frames)] = source.choice((np.nan, np.inf, -np.inf, 3e38, -3e38))
    return plane


def _constant(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return np.full(frames, source.choice((-1.0, 0.0, 1.0)))


def _step(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return np.where(np.arange(frames) < source.randint(0, frames), -1.0, 1.0)


def _impulses(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    plane = np.zeros(frames)
    plane[:: source.choice((1, 2, 100, 22_050, 10**9))] = source.choice((1.0, -1.0))
    return plane


def _alternating(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return np.where(np.arange(frames) // source.choice((1, 1, 2, 50)) % 2, 1.0, -1.0)


def _noise(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return numbers.uniform(-1, 1, frames)


def _one_bit(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return np.asarray(numbers.integers(0, 2, frames) * 2.0**-15, np.float64)


def _sine(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    step = source.choice((1e-6, 0.01, 0.06, 1.0, np.pi, 3.14))
    return np.asarray(np.sin(step * np.arange(frames)), np.float64)


def _growing(frames: int, source: random.Random, numbers: np.random.Generator) -> Samples:
    return 10 ** np.linspace(-30.0, 0.0, frames, dtype=np.float64)


_KINDS = (_constant, _step, _impulses, _alternating, _noise, _one_bit, _sine, _growing)
