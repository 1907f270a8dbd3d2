"""Separates stereo sound at 44.1 kHz into stems, block by block, in flat memory.

The signal path is Spleeter's (Hennequin et al., JOSS 2020): the spectrum of Hann windows of 4,096
samples every 1,024; of its first 1,024 bins each network estimates the magnitude of its stem; a
ratio mask of the squares, as of a Wiener filter, shares out the spectrum; and the inverse transform
adds up. Blocks of 512 frames, with the three frames that overlap carried over, equal one call for
the whole file: nothing is faded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from analyzer.arrays import Complex64, Float32
from analyzer.samples import Samples
from analyzer.stems.models import BINS, FRAMES, StemModel

__all__ = ["CHANNELS", "RATE_HZ", "Network", "Separator"]

RATE_HZ, CHANNELS = 44_100, 2
_WINDOW, _HOP = 4096, 1024
_BLOCK = FRAMES * _HOP
_OVERLAP = _WINDOW - _HOP
_LEAD = _WINDOW
"""Zeros in front, so that the first sample lies in as many windows as any other."""

_COMPENSATION = np.float32(2 / 3)
"""Squared Hann windows a quarter apart add up to 1.5."""

_EPSILON = 1e-10


class Network(Protocol):
    """Estimates the magnitudes of one stem, or the logits of its mask."""

    def __call__(self, magnitude: Float32) -> Float32:
        """Take and return shape (2, 512, 1,024): channels, frames, bins."""
        ...


class Separator:
    """Takes samples in blocks of any size, and gives the same samples of each stem.

    It holds about 70 MB beside its networks, however long the file is.
    """

    def __init__(
        self, model: StemModel, networks: Sequence[Network], wanted: Sequence[str] | None = None
    ) -> None:
        """Take a model, its networks in the order of its stems, and the stems that are wanted."""
        self._networks = networks
        self._softmax = model.softmax
        wanted = model.stems if wanted is None else wanted
        self._wanted = {stem: model.stems.index(stem) for stem in wanted}
        position = np.arange(_WINDOW)
        self._window = (0.5 - 0.5 * np.cos(2 * np.pi * position / _WINDOW)).astype(np.float32)
        self._input = np.zeros((CHANNELS, _BLOCK + _OVERLAP), np.float32)
        self._filled = _LEAD
        self._tails = {stem: np.zeros((CHANNELS, _OVERLAP), np.float32) for stem in self._wanted}
        self._taken = self._given = 0
        self._skip = _LEAD

    @property
    def stems(self) -> list[str]:
        """The stems that are wanted."""
        return list(self._wanted)

    def add(self, samples: Samples) -> Iterator[Mapping[str, Samples]]:
        """Take in samples of shape (frames, 2), and yield those of each stem as they are ready."""
        position = 0
        self._taken += len(samples)
        while position < len(samples):
            room = self._input.shape[1] - self._filled
            part = samples[position : position + room]
            self._input[:, self._filled : self._filled + len(part)] = part.T
            self._filled += len(part)
            position += len(part)
            if self._filled == self._input.shape[1]:
                yield self._separated()

    def finish(self) -> Iterator[Mapping[str, Samples]]:
        """Yield what is left of each stem: as many samples in all as were taken in."""
        while self._given < self._taken:
            self._input[:, self._filled :] = 0.0
            yield self._separated()

    def _separated(self) -> dict[str, Samples]:
        """Separate the block that is complete, and make room for the next one."""
        spectrum = self._spectrum()
        first = min(self._skip, _BLOCK)
        count = min(_BLOCK - first, self._taken - self._given)
        ready: dict[str, Samples] = {}
        for stem, mask in zip(self._wanted, self._masks(spectrum), strict=True):
            sound = self._sound(spectrum, mask)
            sound[:, :_OVERLAP] += self._tails[stem]
            self._tails[stem] = sound[:, _BLOCK:].copy()
            ready[stem] = sound[:, first : first + count].T
        self._skip -= first
        self._given += count
        self._input[:, :_OVERLAP] = self._input[:, _BLOCK:]
        self._filled = max(0, self._filled - _BLOCK)
        return ready

    def _spectrum(self) -> Complex64:
        """Return the bins that the networks look at: shape (2, 512, 1,024)."""
        frames = np.lib.stride_tricks.sliding_window_view(self._input, _WINDOW, axis=1)[:, ::_HOP]
        return np.fft.rfft(frames * self._window, axis=2)[:, :, :BINS].astype(np.complex64)

    def _masks(self, spectrum: Complex64) -> list[Float32]:
        """Return the mask of each stem that is wanted: shape (2, 512, 1,024)."""
        magnitude = np.abs(spectrum)
        if not magnitude.any():  # silence has no stems to tell apart
            return [magnitude] * len(self._wanted)
        estimates = [network(magnitude) for network in self._networks]
        if self._softmax:
            estimates = _softmax(estimates, magnitude)
        for estimate in estimates:
            np.square(estimate, out=estimate)
        total = np.add.reduce(estimates) + np.float32(_EPSILON)
        share = np.float32(_EPSILON / len(estimates))
        return [(estimates[number] + share) / total for number in self._wanted.values()]

    def _sound(self, spectrum: Complex64, mask: Float32) -> Float32:
        """Return the samples of a masked spectrum: shape (2, block and overlap)."""
        masked = np.zeros((CHANNELS, FRAMES, _WINDOW // 2 + 1), np.complex64)
        np.multiply(spectrum, mask, out=masked[:, :, :BINS])
        frames = np.fft.irfft(masked, _WINDOW, axis=2).astype(np.float32)
        frames *= self._window * _COMPENSATION
        quarters = frames.reshape(CHANNELS, FRAMES, _WINDOW // _HOP, _HOP)
        sound = np.zeros((CHANNELS, FRAMES + _WINDOW // _HOP - 1, _HOP), np.float32)
        for quarter in range(_WINDOW // _HOP):
            sound[:, quarter : quarter + FRAMES] += quarters[:, :, quarter]
        return sound.reshape(CHANNELS, -1)


def _softmax(logits: Sequence[Float32], magnitude: Float32) -> list[Float32]:
    """Return the magnitude shared out by the softmax of logits."""
    highest = np.maximum.reduce(logits)
    odds = [np.exp(each - highest) for each in logits]
    total = np.add.reduce(odds)
    return [magnitude * each / total for each in odds]
