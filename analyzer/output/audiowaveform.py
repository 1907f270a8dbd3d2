"""The two data formats of audiowaveform, for one channel: `.dat` in version 1, JSON in version 2.

The bytes are those that the program itself writes for the same pixels. Format:
https://github.com/bbc/audiowaveform/blob/master/doc/DataFormat.md
"""

import json
import struct
from collections.abc import Iterator

import numpy as np

from analyzer.arrays import Int8, Integers

__all__ = ["as_dat", "as_json", "eight_bits"]

_HEADER = struct.Struct("<iIiiI")
_VERSION = 1
_FLAG_8_BITS = 1
_PIXELS_PER_PART = 1 << 15


def eight_bits(values: Integers) -> Int8:
    """Return 16-bit values divided by 256 towards zero."""
    below_zero = (values >> 15) & 255
    return ((values + below_zero) >> 8).astype(np.int8)


def as_dat(low: Integers, high: Integers, *, rate: int, samples_per_pixel: int) -> Iterator[bytes]:
    """Yield pixels of shape (pixels,) as a `.dat` file, of 8 or 16 bits as the arrays are."""
    flags = _FLAG_8_BITS if low.itemsize == 1 else 0
    kind = "<i1" if flags else "<i2"
    yield _HEADER.pack(_VERSION, flags, rate, samples_per_pixel, len(low))
    for values in _parts(low, high):
        yield values.astype(kind).tobytes()


def as_json(low: Integers, high: Integers, *, rate: int, samples_per_pixel: int) -> Iterator[bytes]:
    """Yield pixels of shape (pixels,) as a JSON file, of 8 or 16 bits as the arrays are."""
    yield (
        f'{{"version":2,"channels":1,"sample_rate":{rate},"samples_per_pixel":{samples_per_pixel}'
        f',"bits":{8 * low.itemsize},"length":{len(low)},"data":['
    ).encode()
    comma = ""
    for values in _parts(low, high):
        listed = json.dumps(values.tolist(), separators=(",", ":"))[1:-1]
        yield f"{comma}{listed}".encode()
        comma = ","
    yield b"]}\n"


def _parts(low: Integers, high: Integers) -> Iterator[Integers]:
    """Yield pairs one after another, some at a time: as Python's numbers, all would be large."""
    for start in range(0, len(low), _PIXELS_PER_PART):
        part = slice(start, start + _PIXELS_PER_PART)
        yield np.stack([low[part], high[part]], axis=1).ravel()
