"""The spectrum of each step, reduced at once to its power and its centroid.

A step has one window with flat middle and raised-cosine flanks: all of the sound counts, and a
neighbouring step never does. The powers of the channels are added, so that what is out of phase
between them does not vanish.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.features.grid import Grid

__all__ = ["LOWEST_HZ", "SpectrumStep", "StepSpectrum"]

LOWEST_HZ = 20.0
"""What lies below is inaudible and does not count."""

_FLANK = 0.25
"""Part of the window that each flank takes."""


@dataclass(frozen=True)
class SpectrumStep:
    """What is kept of the spectra of one chunk: arrays of shape (steps,)."""

    centroid_hz: npt.NDArray[np.float64]
    """Power-weighted mean frequency; 0 where there is no power."""

    power: npt.NDArray[np.float64]
    """Mean square, summed over the channels, full scale = 1."""


class StepSpectrum:
    """Computes the spectra of chunks of shape (channels, steps, step)."""

    def __init__(self, grid: Grid, channels: int, steps: int) -> None:
        window = _window(grid.step)
        self._window = window.astype(np.float32)
        self._windowed = np.empty((channels, steps, grid.step), np.float32)
        frequencies = np.fft.rfftfreq(grid.step, 1 / grid.rate)
        audible = frequencies >= LOWEST_HZ
        sides = np.full(len(frequencies), 2.0)
        sides[0] = 1.0
        if grid.step % 2 == 0:
            sides[-1] = 1.0
        power = sides * audible / (grid.step * np.square(window).sum())
        # Real and imaginary parts lie side by side: each has the weight of its bin.
        weights = np.stack([power, power * frequencies], axis=1)
        self._weights = np.repeat(weights, 2, axis=0)
        self._spectrum = np.empty((channels, steps, len(frequencies)), np.complex64)

    def measure(self, samples: npt.NDArray[np.float32]) -> SpectrumStep:
        """Return power and centroid of each step."""
        offset = samples.mean(axis=2, keepdims=True)
        np.subtract(samples, offset, out=self._windowed)
        np.multiply(self._windowed, self._window, out=self._windowed)
        np.fft.rfft(self._windowed, out=self._spectrum)  # type: ignore[arg-type]  # keeps float32
        parts = self._spectrum.view(np.float32)
        np.multiply(parts, parts, out=parts)
        power, moment = (parts.sum(axis=0) @ self._weights).T
        silent = power <= 0
        centroid = np.where(silent, 0.0, moment / np.where(silent, 1.0, power))
        return SpectrumStep(centroid, power)


def _window(length: int) -> npt.NDArray[np.float64]:
    flank = max(1, int(length * _FLANK))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(flank) + 0.5) / flank)
    return np.concatenate([rise, np.ones(length - 2 * flank), rise[::-1]])
