"""Any rate and any number of channels in, stereo at 44.1 kHz out, and back again."""

import numpy as np
import soxr

from analyzer.arrays import Float32
from analyzer.samples import Samples
from analyzer.stems.separator import CHANNELS, RATE_HZ

__all__ = ["Backward", "Forward", "stem_channels"]

_QUALITY = "HQ"
_HALF_POWER = 0.5**0.5
_SURROUND = 6
_FROM_5_1 = np.array(
    [[1, 0], [0, 1], [_HALF_POWER, _HALF_POWER], [0, 0], [_HALF_POWER, 0], [0, _HALF_POWER]],
    np.float32,
)
"""Left, right, centre, LFE and two surrounds in stereo (ITU-R BS.775-3, table 2)."""


def stem_channels(channels: int) -> int:
    """Return how many channels a stem has: one for mono, else two."""
    return min(channels, CHANNELS)


class Forward:
    """From the samples of a file to what the networks hear."""

    def __init__(self, rate: int, channels: int) -> None:
        self._mix = _to_stereo(channels)
        self._resampler = None if rate == RATE_HZ else _resampler(rate, RATE_HZ, CHANNELS)

    def convert(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return stereo at 44.1 kHz; `last` gives what is left."""
        stereo = samples if self._mix is None else samples @ self._mix
        if self._resampler is None:
            return stereo
        return np.asarray(self._resampler.resample_chunk(np.ascontiguousarray(stereo), last=last))


class Backward:
    """From the samples of one stem to the rate and, for mono, the channel of the file."""

    def __init__(self, rate: int, channels: int) -> None:
        self._channels = stem_channels(channels)
        self._resampler = None if rate == RATE_HZ else _resampler(RATE_HZ, rate, self._channels)

    def convert(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return samples at the rate of the file; `last` gives what is left."""
        if self._channels == 1:
            samples = samples.mean(axis=1, keepdims=True, dtype=np.float32)
        if self._resampler is None:
            return samples
        return np.asarray(self._resampler.resample_chunk(np.ascontiguousarray(samples), last=last))


def _resampler(source: float, target: float, channels: int) -> soxr.ResampleStream:
    return soxr.ResampleStream(source, target, channels, dtype="float32", quality=_QUALITY)


def _to_stereo(channels: int) -> Float32 | None:
    """Return what mixes channels to two, shape (channels, 2); `None` if they are two."""
    if channels == CHANNELS:
        return None
    if channels == 1:
        return np.ones((1, CHANNELS), np.float32)
    mix = np.zeros((channels, CHANNELS), np.float32)
    if channels >= _SURROUND:
        mix[:_SURROUND] = _FROM_5_1
        for extra in range(_SURROUND, channels):
            mix[extra, extra % CHANNELS] = _HALF_POWER
        return mix
    mix[0, 0] = mix[1, 1] = 1
    for extra in range(CHANNELS, channels):
        mix[extra] = _HALF_POWER if channels == CHANNELS + 1 else 0
        if channels > CHANNELS + 1:
            mix[extra, extra % CHANNELS] = _HALF_POWER
    return mix
