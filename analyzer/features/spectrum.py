"""The spectrum of each step, reduced at once to a few powers: centroid, bands, bass and stereo.

A step has one window with flat middle and raised-cosine flanks: all of the sound counts, and a
neighbouring step never does. The powers of the channels are added, so that what is out of phase
between them does not vanish.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Complex64, Float32, Float64, Mask
from analyzer.features.channels import channel_weights
from analyzer.features.fourier import transform
from analyzer.features.grid import STEPS_PER_CHUNK, Grid
from analyzer.features.kweighting import k_weighting_stages

__all__ = [
    "BAND_EDGES_HZ",
    "BASS_EDGE_HZ",
    "BLURRED_EDGES_HZ",
    "LOWEST_HZ",
    "STEREO",
    "WINDOW_POWER",
    "Spectrum",
    "SpectrumMeter",
    "SpectrumStep",
    "near",
    "step_window",
]

LOWEST_HZ = 20.0
"""What lies below is inaudible and does not count."""

BAND_EDGES_HZ = (60.0, 250.0, 2_000.0, 6_000.0)
"""Between sub-bass, bass, mids, presence and air."""

BLURRED_EDGES_HZ = (LOWEST_HZ, *BAND_EDGES_HZ[:2])
"""Where bands are so narrow that it counts how far a tone of 100 ms spills over their edges."""

_NEAR_HZ = 30.0

BASS_EDGE_HZ = 150.0
"""Where the low-pass of the bass loudness is 3 dB down."""

_BASS_ORDER = 4
"""Butterworth: 24 dB per octave, what the crossover of a DJ mixer has."""

_FLANK = 0.25
"""Part of the window that each flank takes."""

WINDOW_POWER = 1 - 2 * _FLANK * (1 - 3 / 8)
"""Mean square of the window."""

STEREO = 2
_POWER, _MOMENT, _BANDS = 0, 1, 2
_EDGES = _BANDS + len(BAND_EDGES_HZ) + 1
"""Columns of the sums over the bins of a step."""

_MID_HIGHEST_HZ = 5_000.0


@dataclass(frozen=True)
class Spectrum:
    """Powers of the steps of a file: mean squares between 20 Hz and half the rate.

    Attributes:
        centroid_hz: Power-weighted mean frequency, 0 where there is no power; shape (steps,).
        power: Mean square, summed over the channels, full scale = 1; shape (steps,).
        bands: The same in each band of `BAND_EDGES_HZ`; shape (steps, 5).
        near_edges: The same within 30 Hz of each of `BLURRED_EDGES_HZ`; shape (steps, 3).
        bass: K-weighted below `BASS_EDGE_HZ`, summed by the channels' weights; shape (steps,).
        stereo: Of two channels: power of the left, of the right, and their cross-power; shape
            (steps, 3), and (0, 3) of any other number.
        offset: Mean of the samples of each channel; shape (steps, channels).

    """

    centroid_hz: Float32
    power: Float32
    bands: Float32
    near_edges: Float32
    bass: Float32
    stereo: Float32
    offset: Float32


@dataclass(frozen=True)
class SpectrumStep:
    """The spectra of one chunk, for others to look at before the next call.

    Attributes:
        mid: Sum of the channels' spectra up to 5 kHz, shape (steps, bins).
        squares: Real and imaginary parts side by side, squared, and summed over the channels: shape
            (steps, 2 · bins).
        cross: Products of those parts of left and right; none unless there are two channels.

    """

    mid: Complex64
    squares: Float32
    cross: Float32 | None


class SpectrumMeter:
    """Collects the spectra of chunks of shape (channels, chunk)."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._shape = (channels, STEPS_PER_CHUNK, grid.step)
        self._step = grid.step
        window = step_window(grid.step)
        self._window = window.astype(np.float32)
        self._windowed = np.empty(self._shape, np.float32)
        self._mean = np.full(grid.step, 1 / grid.step, np.float32)
        hz = np.fft.rfftfreq(grid.step, 1 / grid.rate)
        sides = np.full(len(hz), 2.0)
        sides[0] = 1.0
        if grid.step % 2 == 0:
            sides[-1] = 1.0
        power = sides * (hz >= LOWEST_HZ) * grid.step / np.square(window).sum()
        band = np.searchsorted(BAND_EDGES_HZ, hz, side="right")
        in_band = [power * (band == number) for number in range(len(BAND_EDGES_HZ) + 1)]
        near_edges = [power * near(edge, hz) for edge in BLURRED_EDGES_HZ]
        columns = [power, power * hz, *in_band, *near_edges]
        # Real and imaginary parts lie side by side: each has the weight of its bin.
        self._weights = np.repeat(np.stack(columns, axis=1), 2, axis=0).astype(np.float32)
        self._power_weights = self._weights[:, _POWER].copy()
        low = hz < 4 * BASS_EDGE_HZ
        self._bass_weights = np.repeat((power * _bass_gain(hz, grid.rate))[low], 2)
        self._channel_weights = channel_weights(channels)
        self._spectrum = np.empty((channels, STEPS_PER_CHUNK, len(hz)), np.complex64)
        self._cross = np.empty((STEPS_PER_CHUNK, 2 * len(hz)), np.float32)
        self._mid_bins = int(np.searchsorted(hz, _MID_HIGHEST_HZ, side="right"))
        self._sums, self._bass = bytearray(), bytearray()
        self._stereo, self._offset = bytearray(), bytearray()

    def add(self, planes: Float32, length: int) -> SpectrumStep:
        """Take in the next chunk, of which `length` frames are sound and the rest zeros."""
        steps = length // self._step
        samples = planes.reshape(self._shape)
        offset = samples @ self._mean
        np.subtract(samples, offset[:, :, None], out=self._windowed)
        np.multiply(self._windowed, self._window, out=self._windowed)
        transform(self._windowed, self._spectrum)
        # Parseval: sums over squared bins are mean squares. Real and imaginary parts lie side by
        # side, so that one product with a matrix of weights gives all sums of a step.
        mid = self._spectrum[:, :, : self._mid_bins].sum(axis=0)
        parts = self._spectrum.view(np.float32)
        cross = None
        if len(parts) == STEREO:
            cross = np.multiply(parts[0], parts[1], out=self._cross)
        np.multiply(parts, parts, out=parts)
        squares = parts.sum(axis=0)
        low = parts[:, :, : len(self._bass_weights)] @ self._bass_weights
        bass = (self._channel_weights @ low).astype(np.float32)
        self._sums += (squares @ self._weights)[:steps].tobytes()
        self._bass += bass[:steps].tobytes()
        self._offset += np.ascontiguousarray(offset[:, :steps].T).tobytes()
        if cross is not None:
            each = [part @ self._power_weights for part in (*parts, cross)]
            self._stereo += np.stack(each, axis=1)[:steps].tobytes()
        return SpectrumStep(mid, squares, cross)

    def finish(self) -> Spectrum:
        """Return the powers of all whole steps."""
        sums = np.frombuffer(self._sums, np.float32).reshape(-1, self._weights.shape[1])
        power, moment = sums[:, _POWER].copy(), sums[:, _MOMENT]
        return Spectrum(
            centroid_hz=np.divide(moment, power, out=np.zeros_like(power), where=power > 0),
            power=power,
            bands=sums[:, _BANDS:_EDGES].copy(),
            near_edges=sums[:, _EDGES:].copy(),
            bass=np.frombuffer(self._bass, np.float32),
            stereo=np.frombuffer(self._stereo, np.float32).reshape(-1, STEREO + 1),
            offset=np.frombuffer(self._offset, np.float32).reshape(-1, self._shape[0]),
        )


def near(edge_hz: float, hz: npt.NDArray[np.floating]) -> Mask:
    """Return which frequencies count and are within 30 Hz of an edge between bands."""
    return (hz >= max(LOWEST_HZ, edge_hz - _NEAR_HZ)) & (hz < edge_hz + _NEAR_HZ)


def _bass_gain(hz: npt.NDArray[np.floating], rate: int) -> Float64:
    """Return K-weighting × low-pass, as a gain of power."""
    shelf, high_pass = k_weighting_stages(rate)
    weighting = np.array([shelf.gain(f, rate) * high_pass.gain(f, rate) for f in hz.tolist()])
    return np.asarray(np.square(weighting) / (1 + (hz / BASS_EDGE_HZ) ** (2 * _BASS_ORDER)))


def step_window(length: int) -> Float64:
    """Return the window of a step of so many samples."""
    flank = max(1, int(length * _FLANK))
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(flank) + 0.5) / flank)
    return np.concatenate([rise, np.ones(length - 2 * flank), rise[::-1]])
