"""Smallest and largest sample of every pixel: what a waveform is drawn from.

The whole sound is measured with the arithmetic of the program audiowaveform: each channel becomes a
16-bit integer, the channels are added and divided by their number towards zero. Where both read
the same samples, both find the same pixels.

A pixel covers 256 samples. When there are more than two million, two neighbours become one, as
often as needed: a waveform of any length stays below 24 MB, and is still two million pixels wide.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from analyzer.arrays import Integers, Planes
from analyzer.features.bands import BAND_NAMES, BandPeaks
from analyzer.features.downmix import Downmix

__all__ = [
    "FINEST",
    "Integers",
    "Pixels",
    "Quantiser",
    "Waveform",
    "WaveformMeter",
    "merged",
    "quantiser_of",
]

FINEST = 256
"""Planes per pixel, as long as the file is not too long for it."""

_MOST_PIXELS = 1 << 21


class Quantiser(Enum):
    """How samples become 16-bit integers: as audiowaveform has it for each kind of file."""

    SHORT = "PCM of at most 16 bits: it is exact"
    PCM = "more bits: the low ones are cut off"
    FLOAT = "floating-point PCM: times 32767, towards zero"
    LOSSY = "lossy codecs: times 32767, to the nearest, as libsndfile does it"


def quantiser_of(codec: str, bit_depth: int | None) -> Quantiser:
    """Return how the samples of a codec become integers."""
    if bit_depth is None:
        return Quantiser.LOSSY
    if codec.startswith("pcm_f"):
        return Quantiser.FLOAT
    return Quantiser.SHORT if bit_depth <= 16 else Quantiser.PCM


@dataclass(frozen=True)
class Pixels:
    """Smallest and largest value of each pixel: integers of shape (pixels, bands)."""

    low: Integers
    high: Integers


@dataclass(frozen=True, kw_only=True)
class Waveform:
    """The waveform of a file at its finest.

    Attributes:
        rate: Of the file, Hz.
        samples_per_pixel: Sample frames of the file in each pixel; the last may have fewer.
        full: The whole sound in 16 bits, shape (pixels, 1).
        bands: Low, middle and high in 8 bits, shape (pixels, 3).

    """

    rate: int
    samples_per_pixel: int
    full: Pixels
    bands: Pixels


class WaveformMeter:
    """Collects the pixels of one file, a chunk at a time."""

    def __init__(self, downmix: Downmix, rate: int, quantiser: Quantiser) -> None:
        self._rate = rate
        self._quantiser = quantiser
        self._rest: Planes = np.empty(0, np.float32)
        self._channels = 1
        self._room: Planes = np.empty((0, 0), np.float32)
        self._frames = 0
        self._band_peaks = BandPeaks(downmix, FINEST)
        self._full = _Store(1, np.int16)
        self._bands = _Store(len(BAND_NAMES), np.int8)

    def add(self, planes: Planes, low_rate: Planes, length: int) -> None:
        """Take in a chunk: its channels, its downmix, and how many frames of it are sound."""
        self._frames += length
        self._channels = len(planes)
        sound = np.concatenate([self._rest, self._mono_sum(planes)[:length]])
        whole = len(sound) // FINEST * FINEST
        self._rest = sound[whole:]
        self._keep(sound[:whole])
        self._bands.add(*self._band_peaks.add(low_rate, self._pixels))

    def finish(self) -> Waveform:
        """Return the pixels of all; the last one may cover fewer samples."""
        if len(self._rest):
            self._keep(self._rest)
        self._bands.add(*self._band_peaks.finish(self._pixels))
        full, bands = self._full.finish(), self._bands.finish()
        return Waveform(
            rate=self._rate, samples_per_pixel=FINEST * self._full.factor, full=full, bands=bands
        )

    def _mono_sum(self, planes: Planes) -> Planes:
        """Return the sum of the channels as 16-bit integers, in float32, which holds them."""
        lossless = self._quantiser in (Quantiser.SHORT, Quantiser.PCM)
        if self._room.shape != planes.shape:
            self._room = np.empty_like(planes)
        values = np.multiply(planes, np.float32(32768 if lossless else 32767), out=self._room)
        if self._quantiser is Quantiser.PCM:
            np.floor(values, out=values)
        elif self._quantiser is Quantiser.FLOAT:
            np.trunc(values, out=values)
        elif self._quantiser is Quantiser.LOSSY:
            np.rint(values, out=values)
        if self._quantiser is not Quantiser.SHORT:
            np.clip(values, np.float32(-32768), np.float32(32767), out=values)
        return np.asarray(values.sum(axis=0), np.float32)

    @property
    def _pixels(self) -> int:
        return -(-self._frames // FINEST)

    def _keep(self, sums: Planes) -> None:
        """Keep the mean of the channels, towards zero: monotonous, so it commutes with extremes."""
        starts = np.arange(0, len(sums), FINEST)
        low, high = (
            np.trunc(extreme.reduceat(sums, starts).astype(np.float64) / self._channels).clip(
                -32768, 32767
            )
            for extreme in (np.minimum, np.maximum)
        )
        self._full.add(low.astype(np.int16)[:, None], high.astype(np.int16)[:, None])


class _Store:
    """Pixels in compact form; `factor` of those that came in make one of those that are kept."""

    def __init__(self, bands: int, kind: type[np.int16 | np.int8]) -> None:
        self.factor = 1
        self._shape = (-1, bands)
        self._kind = kind
        # Plain bytes grow in place: a list of small arrays takes four times the memory.
        self._low, self._high = bytearray(), bytearray()
        empty = np.empty((0, bands), kind)
        self._waiting_low, self._waiting_high = empty, empty
        self._row_bytes = bands * empty.itemsize

    def add(self, low: Integers, high: Integers) -> None:
        """Append pixels, of shape (pixels, bands)."""
        low = np.concatenate([self._waiting_low, low])
        high = np.concatenate([self._waiting_high, high])
        whole = len(low) // self.factor * self.factor
        self._waiting_low, self._waiting_high = low[whole:], high[whole:]
        self._append(low[:whole], high[:whole])
        while len(self._low) >= _MOST_PIXELS * self._row_bytes:
            self._thin()

    def finish(self) -> Pixels:
        """Return all pixels; the last may be made of fewer."""
        if len(self._waiting_low):
            self._append(self._waiting_low, self._waiting_high)
        return self._pixels()

    def _append(self, low: Integers, high: Integers) -> None:
        pixels = merged(Pixels(low, high), self.factor)
        self._low += pixels.low.tobytes()
        self._high += pixels.high.tobytes()

    def _thin(self) -> None:
        """Make one pixel of two. An odd one waits: repeated, it has the same extremes."""
        pixels = self._pixels()
        even = len(pixels.low) // 2 * 2
        odd_low, odd_high = (
            np.repeat(values[even:], self.factor, axis=0) for values in (pixels.low, pixels.high)
        )
        self._waiting_low = np.concatenate([odd_low, self._waiting_low])
        self._waiting_high = np.concatenate([odd_high, self._waiting_high])
        half = merged(Pixels(pixels.low[:even], pixels.high[:even]), 2)
        self._low, self._high = bytearray(half.low.tobytes()), bytearray(half.high.tobytes())
        self.factor *= 2

    def _pixels(self) -> Pixels:
        low: Integers = np.asarray(np.frombuffer(self._low, self._kind))
        high: Integers = np.asarray(np.frombuffer(self._high, self._kind))
        return Pixels(low.reshape(self._shape), high.reshape(self._shape))


def merged(pixels: Pixels, factor: int) -> Pixels:
    """Make one pixel of every `factor`, and of those that are left at the end.

    Guarantees: the result equals what the samples themselves give at that zoom.
    """
    if factor == 1 or not len(pixels.low):
        return pixels
    starts = np.arange(0, len(pixels.low), factor)
    return Pixels(
        np.minimum.reduceat(pixels.low, starts, axis=0),
        np.maximum.reduceat(pixels.high, starts, axis=0),
    )
