"""The pitches of the sound, five times a second: what stands out of the spectrum, by pitch.

Only peaks count that stand clear of their surroundings, which leaves little of noise and drums,
however loud. They are taken at the cube root of their amplitude, and at an interpolated frequency:
pitches lie on thirds of a semitone, so that the tuning can be found and undone afterwards.
"""

import math
from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Complex64, Float32, Float64, FrameNumbers, Planes, UInt8
from analyzer.features.fourier import fast_length, transform
from analyzer.features.leakage import LEAKAGE_EDGES_HZ, leakage
from analyzer.features.spectrum import BLURRED_EDGES_HZ

__all__ = [
    "BINS",
    "BINS_PER_SEMITONE",
    "FRAMES_PER_CHUNK",
    "LOWEST_PITCH",
    "STEPS_PER_FRAME",
    "Harmony",
    "HarmonyMeter",
]

FRAMES_PER_CHUNK = 5
STEPS_PER_FRAME = 2
LOWEST_PITCH = 24
"""MIDI number of the lowest pitch, C1: 32.7 Hz."""

BINS_PER_SEMITONE = 3
BINS = 6 * 12 * BINS_PER_SEMITONE
"""Six octaves, up to 2.1 kHz."""

_A4_HZ, _A4_PITCH = 440.0, 69
_LOWEST_HZ, _HIGHEST_HZ = 31.0, 2150.0
_TUNED_HZ = 150.0
"""Below, a spectral line is too wide to tell the tuning by, and counts the less the lower it is."""

_WINDOW_SEC = 0.74
_LOW_RATE_HZ = 5_500
_TAPS_PER_FACTOR = 16
_KAISER_BETA = 6.0
_SPAN = 16
_TOGETHER = 20
"""Frames that are measured together, at least: fewer calls take less time."""

_PATCH_HZ = 20.0
"""The surroundings of a line are five patches of this width around it."""

_CLEAR = 3 * math.log(2)
_FULLY_CLEAR = 7 * math.log(2)
_FAINT = 17 * math.log(2)
_INAUDIBLE = -20.0
"""Natural logarithms of power: how far above its surroundings a line begins to count and counts
in full, how far below the loudest it does not, and where it does not at all (−87 dBFS)."""

_FULL = 255.0


@dataclass(frozen=True)
class Harmony:
    """What is kept of the pitches of a file.

    Attributes:
        pitch_salience: Cube root of the amplitude of what stands out, the loudest of a frame 255:
            shape (frames, bins), five frames a chunk, from C1 upwards.
        tuning: Sum of exp(2πi · semitones above A = 440 Hz) over it, by weight: shape (frames,).

    """

    pitch_salience: UInt8
    tuning: Complex64


class HarmonyMeter:
    """Collects the pitches of a file from its downmix, in chunks of one size at a rate in Hz.

    A frame is 0.74 s long and centred on its fifth of a chunk. All arithmetic is done at times that
    depend on the position in the file alone.
    """

    def __init__(self, rate: float, chunk: int) -> None:
        self._factor = max(1, int(rate / _LOW_RATE_HZ))
        low_rate = rate / self._factor
        self._chunk = chunk
        self._hop = chunk / FRAMES_PER_CHUNK / self._factor
        self._response = _decimation(self._factor)
        self._size = fast_length(math.ceil(_WINDOW_SEC * low_rate))
        window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(self._size) + 0.5) / self._size)
        self._window = (window * 2 / window.mean()).astype(np.float32)
        self._bin_hz = low_rate / self._size
        self._patch = max(1, round(_PATCH_HZ / self._bin_hz))
        self._first = max(1, math.ceil(_LOWEST_HZ / self._bin_hz))
        highest = min(_HIGHEST_HZ, 0.4 * low_rate)
        patches = max(1, int((highest / self._bin_hz - self._first) / self._patch))
        self._last = self._first + patches * self._patch
        leaking = np.arange(*(round(edge / self._bin_hz) for edge in LEAKAGE_EDGES_HZ))
        self._leaking = slice(2 * int(leaking[0]), 2 * int(leaking[-1]) + 2)
        shares = leakage(leaking * self._bin_hz).reshape(len(leaking), -1)
        self._leaked_shares = np.repeat(shares, 2, axis=0).astype(np.float32)
        near = np.abs(np.arange(patches)[:, None] - np.arange(patches)) <= 2
        self._mean = np.full(self._patch, 1 / self._patch, np.float32)
        self._around = (near / near.sum(axis=0)).astype(np.float32)
        lead = len(self._response) - _SPAN * self._factor + self._factor
        self._input = np.zeros(lead // 2, np.float32)
        self._low = np.zeros(self._size // 2, np.float32)
        self._low_start = -(self._size // 2)
        self._frames = self._due = 0
        self._pitches, self._tuning, self._leakage = bytearray(), bytearray(), bytearray()

    def add(self, samples: Planes, length: int) -> None:
        """Take in one chunk of samples, of which `length` are of the file, and zeros follow."""
        self._due += math.ceil(length * FRAMES_PER_CHUNK / self._chunk)
        self._push(samples, at_least=_TOGETHER)

    def finish(self) -> Harmony:
        """Return the pitches of all."""
        while self._frames < self._due:
            self._push(np.zeros(self._chunk, np.float32), at_least=1)
        return Harmony(
            np.frombuffer(self._pitches, np.uint8).reshape(-1, BINS),
            np.frombuffer(self._tuning, np.complex64),
        )

    def leakage(self) -> Float32:
        """Return what the steps of each chunk must have leaked over edges, after `finish`.

        Shape (chunks, edges, 2): the power that is on the wrong side of each of `BLURRED_EDGES_HZ`,
        and that near it, in a unit of its own.
        """
        frames = np.frombuffer(self._leakage, np.float32).reshape(-1, len(BLURRED_EDGES_HZ), 2)
        return np.add.reduceat(frames, range(0, len(frames), FRAMES_PER_CHUNK), axis=0)

    def _push(self, samples: Planes, *, at_least: int) -> None:
        self._low = np.concatenate([self._low, self._decimated(samples)])
        starts: list[int] = []
        while self._frames + len(starts) < self._due:
            centre = round((self._frames + len(starts) + 0.5) * self._hop)
            start = centre - self._size // 2 - self._low_start
            if start + self._size > len(self._low):
                break
            starts.append(start)
        if len(starts) >= at_least:
            self._measure(np.stack([self._low[at : at + self._size] for at in starts]))
            self._frames += len(starts)
            self._low = self._low[starts[-1] :]
            self._low_start += starts[-1]

    def _decimated(self, samples: Planes) -> Planes:
        if self._factor == 1:
            return samples
        ready = np.concatenate([self._input, samples])
        taken = _SPAN * self._factor
        rows = max(0, (len(ready) - len(self._response)) // taken + 1)
        self._input = ready[rows * taken :]
        if not rows:
            return ready[:0]
        strides = (taken * ready.itemsize, ready.itemsize)
        spans = np.ndarray((rows, len(self._response)), np.float32, ready, strides=strides)
        # Copied: overlapping rows are not for BLAS.
        return np.asarray((spans.copy() @ self._response).reshape(-1), np.float32)

    def _measure(self, frames: Planes) -> None:
        np.multiply(frames, self._window, out=frames)
        parts = transform(frames).view(np.float32)
        np.multiply(parts, parts, out=parts)
        self._leakage += (parts[:, self._leaking] @ self._leaked_shares).tobytes()
        # Peaks of the log spectrum that stand clear of the five patches around them.
        parts = parts[:, 2 * self._first - 2 : 2 * self._last + 2]
        level = parts[:, ::2] + parts[:, 1::2]
        level += np.float32(1e-12)
        np.log(level, out=level)
        here, before, after = level[:, 1:-1], level[:, :-2], level[:, 2:]
        patches = here.reshape(len(frames), -1, self._patch) @ self._mean
        clear = here - np.repeat(patches @ self._around, self._patch, axis=1)
        loudest = np.maximum(here.max(axis=1, keepdims=True), _INAUDIBLE + _FAINT)
        stands = (here > before) & (here >= after) & (clear > _CLEAR) & (here > loudest - _FAINT)
        row, column = np.divmod(np.flatnonzero(stands), stands.shape[1])
        at, left, right = here[row, column], before[row, column], after[row, column]
        # A parabola through three log powers finds the peak between bins (Smith and Serra, 1987).
        shift = 0.5 * (left - right) / np.minimum(left - 2 * at + right, -1e-6)
        hz = (column + self._first + shift.astype(np.float64)) * self._bin_hz
        height = np.minimum((clear[row, column] - _CLEAR) / (_FULLY_CLEAR - _CLEAR), 1)
        # exp(log power / 6) is the cube root of the amplitude, near what loudness does (Stevens).
        weight = height * np.exp((at - loudest[row, 0]) / 6)
        semitones = 12 * np.log2(hz / _A4_HZ)
        self._pitches += _spread(row, semitones, weight, len(frames)).tobytes()
        sure = weight * np.minimum(1, hz / _TUNED_HZ) ** 3
        # A circular mean of the deviations from semitones: −49 and +49 cents are neighbours.
        turn = 2 * np.pi * semitones
        real = np.bincount(row, sure * np.cos(turn), len(frames))
        imaginary = np.bincount(row, sure * np.sin(turn), len(frames))
        self._tuning += (real + 1j * imaginary).astype(np.complex64).tobytes()


def _spread(
    row: FrameNumbers,
    semitones: Float64,
    weight: Float32,
    frames: int,
) -> UInt8:
    """Share each peak between the two bins that it lies between."""
    place = (semitones + (_A4_PITCH - LOWEST_PITCH)) * BINS_PER_SEMITONE
    below = np.floor(place).astype(np.intp)
    above_share = place - below
    first = row * BINS + below
    pairs = np.concatenate([first, first + 1])
    shares = np.concatenate([weight * (1 - above_share), weight * above_share])
    inside = np.concatenate([(below >= 0) & (below < BINS), (below >= -1) & (below < BINS - 1)])
    bins = np.bincount(pairs[inside], shares[inside], frames * BINS)
    return np.rint(np.minimum(bins, 1) * _FULL).astype(np.uint8).reshape(frames, BINS)


def _decimation(factor: int) -> Planes:
    """Return the matrix that turns a stretch of samples into `_SPAN` at the low rate."""
    taps = _TAPS_PER_FACTOR * factor
    position = np.arange(taps) - (taps - 1) / 2
    kernel = np.sinc(position / factor) * np.kaiser(taps, _KAISER_BETA)
    kernel /= math.fsum(kernel)
    response = np.zeros((taps + (_SPAN - 1) * factor, _SPAN), np.float32)
    for output in range(_SPAN):
        response[output * factor : output * factor + taps, output] = kernel
    return response
