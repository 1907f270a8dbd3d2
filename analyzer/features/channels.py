"""What each channel of a file counts for its loudness."""

import numpy as np

from analyzer.arrays import Float64

__all__ = ["channel_weights"]

_SURROUND = 1.41
_WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (1, 1, _SURROUND, _SURROUND),
    5: (1, 1, 1, _SURROUND, _SURROUND),
    6: (1, 1, 1, 0, _SURROUND, _SURROUND),
    7: (1, 1, 1, 0, 1, _SURROUND, _SURROUND),
    8: (1, 1, 1, 0, 1, 1, _SURROUND, _SURROUND),
}


def channel_weights(channels: int) -> Float64:
    """Return the weight of each channel by ITU-R BS.1770-4, in the order of WAVE files.

    Up to three channels stand in front and weigh 1; L R Ls Rs · L R C Ls Rs · L R C LFE Ls Rs · 6.1
    · 7.1 follow. The LFE channel does not count, those at the side count 1.41, and those behind 1
    where there are some at the side as well.
    """
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels), np.float64)
