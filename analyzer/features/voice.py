"""What tells a voice from instruments, kept of each step: timbre, movement of partials, place.

A singer's partials move with every syllable and every vibrato, under resonances that change several
times a second, between bursts of noise, in the middle of the stereo image. Kept are a log-mel
spectrum every 50 ms, how the side compares with the middle in bands, and how steady the partials
between 150 Hz and 4 kHz are. What that means is decided later, over seconds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float32, Float64, FrameNumbers, UInt8
from analyzer.features.grid import HOPS_PER_STEP, STEPS_PER_CHUNK, Grid
from analyzer.features.spectrum import STEREO, WINDOW_POWER, SpectrumStep

__all__ = [
    "MELS_PER_STEP",
    "MEL_SCALE",
    "PARTIALS",
    "POWER_FLOOR_DB",
    "POWER_RANGE_DB",
    "SIDE_EDGES_HZ",
    "Voice",
    "VoiceMeter",
]

MELS_PER_STEP = 2
MEL_SCALE = 32.0
SIDE_EDGES_HZ = (200.0, 400.0, 700.0, 1_100.0, 1_700.0, 2_600.0, 4_000.0, 6_000.0, 9_000.0)
PARTIALS = ("tonal", "steady", "moving", "wide", "shift", "power")
"""What is kept of 150 Hz to 4 kHz: the share of the power that is in peaks; the shares of the
peaks, by amplitude, that stay at their pitch, that move from it, and that are blurred; the mean
movement of those that move, in semitones; the power, from −100 dB on, by 128 dB."""

POWER_FLOOR_DB, POWER_RANGE_DB = 100.0, 128.0

_LOWEST_HZ, _HIGHEST_HZ = 150.0, 4_000.0
_ABOVE_NEIGHBOURS = 4.0
_NEIGHBOURS = 12
"""A peak has four times the mean power of the dozen bins that it is among."""

_STEADY_CENTS, _NEAR_CENTS = 12.0, 120.0
_NARROW = 0.8
"""What part of a peak's power within three bins lies within one, if it holds its pitch."""

_CHUNKS_TOGETHER = 4
"""Chunks that are looked at together: fewer calls take less time."""


@dataclass(frozen=True)
class Voice:
    """Features of the steps of a file, in bytes.

    Attributes:
        mel: Log-mel spectra, 36 bands to 11 kHz, × `MEL_SCALE`; shape (steps, 2, 36).
        side: Power of the side by that of mid and side in each band, × 255; shape (steps, 8).
        partials: `PARTIALS` × 255; shape (steps, 6).

    """

    mel: UInt8
    side: UInt8
    partials: UInt8


class VoiceMeter:
    """Collects the features of one file, from the spectra that others have computed."""

    def __init__(self, grid: Grid, channels: int) -> None:
        self._step = grid.step
        spacing = grid.rate / grid.step
        bins = grid.step // 2 + 1
        edges = np.round(np.array(SIDE_EDGES_HZ) / spacing).astype(np.intp)
        # Bands above half the rate are empty: their edges fall together at the end.
        self._edges = 2 * np.minimum(edges, bins - 1)
        self._empty = (np.diff(self._edges) <= 0) | (channels != STEREO)
        self._first = round(_LOWEST_HZ / spacing)
        last = min(bins - 2, round(_HIGHEST_HZ / spacing))
        self._last = self._first + (last - self._first) // _NEIGHBOURS * _NEIGHBOURS
        self._spacing = spacing
        self._scale = 2 / (channels**2 * WINDOW_POWER)
        self._before = np.empty(0)
        width = self._last - self._first
        rows = _CHUNKS_TOGETHER * STEPS_PER_CHUNK
        self._squares = np.empty((STEPS_PER_CHUNK, 2 * width), np.float32)
        self._power = np.empty((rows, width), np.float32)
        self._band_power = np.zeros((2, rows, len(SIDE_EDGES_HZ) - 1), np.float32)
        self._rows = self._steps = 0
        self._average = np.full(_NEIGHBOURS, _ABOVE_NEIGHBOURS / _NEIGHBOURS, np.float32)
        self._bands = 0
        self._mel, self._side, self._partials = bytearray(), bytearray(), bytearray()

    def add(self, spectrum: SpectrumStep, log_mel: Float32, length: int) -> None:
        """Take in the next chunk: its spectra, and its log-mel spectra of shape (100, bands)."""
        steps = length // self._step
        self._steps += steps
        self._bands = log_mel.shape[1]
        every = HOPS_PER_STEP // MELS_PER_STEP
        total = log_mel.reshape(-1, every, self._bands).sum(axis=1)
        mel = np.minimum(total * (MEL_SCALE / every) + 0.5, 255).astype(np.uint8)
        self._mel += mel[: steps * MELS_PER_STEP].tobytes()
        rows = slice(self._rows, self._rows + STEPS_PER_CHUNK)
        if spectrum.cross is not None:
            for powers, of in zip(
                self._band_power, (spectrum.squares, spectrum.cross), strict=True
            ):
                powers[rows] = np.add.reduceat(of, self._edges, axis=1)[:, :-1]
        parts = spectrum.mid[:, self._first : self._last].view(np.float32)
        np.multiply(parts, parts, out=self._squares)
        np.add(self._squares[:, ::2], self._squares[:, 1::2], out=self._power[rows])
        self._rows = rows.stop
        if self._rows == len(self._power):
            self._look()

    def finish(self) -> Voice:
        """Return the features of all whole steps."""
        if self._rows:
            self._look()
        mel = np.frombuffer(self._mel, np.uint8).reshape(-1, MELS_PER_STEP, self._bands or 1)
        side = np.frombuffer(self._side, np.uint8).reshape(-1, len(SIDE_EDGES_HZ) - 1)
        partials = np.frombuffer(self._partials, np.uint8).reshape(-1, len(PARTIALS))
        return Voice(mel, side[: self._steps], partials[: self._steps])

    def _look(self) -> None:
        """Look at the chunks that wait."""
        self._side += self._sides(*self._band_power[:, : self._rows]).tobytes()
        self._partials += self._movement(self._power[: self._rows]).tobytes()
        self._rows = 0

    def _sides(self, power: Float32, cross: Float32) -> UInt8:
        share = 0.5 - cross / np.maximum(power, 1e-20)
        share[:, self._empty] = 0.0
        return np.asarray(share.clip(0, 1) * 255 + 0.5).astype(np.uint8)

    def _movement(self, power: Float32) -> UInt8:
        """Return what the partials of each step do since the one before."""
        total = power.sum(axis=1)
        steps, bins = power.shape
        floor = power.reshape(steps, -1, _NEIGHBOURS) @ self._average
        middle = power[:, 3:-3]
        peak = middle > np.repeat(floor, _NEIGHBOURS, axis=1)[:, 3:-3]
        peak &= middle > power[:, 2:-4]
        peak &= middle >= power[:, 4:-2]
        row, column = np.divmod(np.flatnonzero(peak), bins - 6)
        column += 3
        place = row * bins + column
        flat = power.ravel()
        near = [flat.take(place + k) for k in range(-3, 4)]
        # A steady partial fills the main lobe of the window, a gliding one is wider.
        core = near[2] + near[3] + near[4]
        whole = core + near[0] + near[1] + near[5] + near[6]
        left, here, right = np.sqrt(near[2:5])
        offset = (right - left) / (here + np.maximum(left, right))
        # Vibrato and glides tell a voice: by how many cents has each partial moved since 0.1 s ago?
        octave = np.log2((column + self._first + offset) * self._spacing)
        cents = self._nearest(row, octave, steps) * 1_200
        narrow = core > _NARROW * whole
        steady = cents < _STEADY_CENTS
        moving = (cents < _NEAR_CENTS) & ~steady
        weight = np.sqrt(whole)
        every = np.maximum(np.bincount(row, weight, steps), 1e-10)
        rows = [np.bincount(row, whole, steps) / np.maximum(total, 1e-20)]
        kinds = (steady & narrow, moving, ~narrow)
        rows += [np.bincount(row, weight * kind, steps) / every for kind in kinds]
        moved = np.bincount(row, weight * moving * cents, steps) / every
        rows.append(moved / np.maximum(rows[2], 1e-10) / 100)
        level = 10 * np.log10(total * self._scale + 10 ** (-POWER_FLOOR_DB / 10))
        rows.append((level + POWER_FLOOR_DB) / POWER_RANGE_DB)
        return np.asarray(np.array(rows).T.clip(0, 1) * 255 + 0.5).astype(np.uint8)

    def _nearest(self, row: FrameNumbers, octave: npt.NDArray[np.floating], steps: int) -> Float64:
        """Return the distance in octaves of each peak to the nearest one of the step before."""
        # Peaks are in the order of step and pitch: with 100 octaves between steps one array is
        # sorted, and a peak's neighbours of the step before lie 100 below it.
        key = np.concatenate([[-1e3], self._before, octave + 100.0 * (row + 1), [1e9]])
        wanted = octave + 100.0 * row
        after = np.searchsorted(key, wanted)
        self._before = octave[row == steps - 1].astype(np.float64)
        return np.asarray(np.minimum(key[after] - wanted, wanted - key[after - 1]))
