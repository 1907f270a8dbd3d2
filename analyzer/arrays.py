"""The types of arrays: each is named once, with its unit, and with its shape where it has one.

Where an array has axes of its own, the docstring of what holds it gives them, as
`shape (steps, bands)`. Time runs along the first axis, except in `Planes`.
"""

import numpy as np
import numpy.typing as npt

__all__ = [
    "Complex64",
    "Float32",
    "Float64",
    "FrameNumbers",
    "HopEnergy",
    "Int8",
    "Integers",
    "Mask",
    "Planes",
    "TimesSec",
    "UInt8",
]

Planes = npt.NDArray[np.float32]
"""Samples of some channels or bands, shape (channels, frames) or (frames,): full scale = ±1."""

HopEnergy = npt.NDArray[np.float32]
"""K-weighted mean squares of hops of 10 ms, shape (steps of 100 ms, 10): full scale = 1."""

TimesSec = npt.NDArray[np.float64]
"""Moments or durations, shape (n,): seconds on the untrimmed clock of the file."""

FrameNumbers = npt.NDArray[np.intp]
"""Indices of rows, shape (n,)."""

Mask = npt.NDArray[np.bool_]
"""Which rows are meant."""

Float32 = npt.NDArray[np.float32]
"""Features, and what networks take and give: the precision of samples."""

Float64 = npt.NDArray[np.float64]
"""Sums, means, logarithms and probabilities."""

Complex64 = npt.NDArray[np.complex64]
"""Spectra and phases."""

UInt8 = npt.NDArray[np.uint8]
"""Features that are kept for hours: 0 to 255, on the scale that their holder states."""

Int8 = npt.NDArray[np.int8]
"""Levels that are kept for hours, on the scale that their holder states."""

Integers = npt.NDArray[np.int16 | np.int8]
"""Samples as integers of 16 or 8 bits."""
