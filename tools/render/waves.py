"""What synthesisers begin with: time, pitch, and the waves of both."""

from typing import overload

import numpy as np
import numpy.typing as npt

__all__ = ["RATE", "TABLE", "hertz", "swept_sine", "time_axis", "wavetable"]

RATE = 44_100
TABLE = 2048
"""Length of a wavetable."""

Wide = npt.NDArray[np.float64]


def time_axis(seconds: float) -> Wide:
    """Return the second of every sample at 44.1 kHz."""
    return np.arange(round(seconds * RATE)) / RATE


@overload
def hertz(pitch: float) -> float: ...
@overload
def hertz(pitch: Wide) -> Wide: ...
def hertz(pitch: float | Wide) -> float | Wide:
    """Return the frequency of a MIDI pitch in equal temperament, A4 = 440 Hz."""
    return 440.0 * 2 ** ((pitch - 69) / 12)


def swept_sine(time: Wide, low: float, high: float, fall: float) -> Wide:
    """Return a sine that falls exponentially from `high` to `low` Hz, time constant `fall` s."""
    phase = low * time + (high - low) * fall * (1 - np.exp(-time / fall))
    return np.asarray(np.sin(2 * np.pi * phase))


def wavetable(strengths: npt.ArrayLike) -> Wide:
    """Return one period of harmonics that begin at phase 0: at most 1,024, the first one first."""
    partials = np.asarray(strengths)
    spectrum = np.zeros(TABLE // 2 + 1, np.complex128)
    spectrum[1 : len(partials) + 1] = -1j * partials
    return np.asarray(np.fft.irfft(spectrum))
