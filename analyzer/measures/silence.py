"""Where the sound begins and ends, by an absolute threshold that a click does not cross."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Extent", "sounding"]

_LOOK_FRAMES = 10
_NEEDED = 3
_WINDOW_FRAMES = 10_000
"""How much is looked at together: six hours at once would take more memory than decoding them."""


@dataclass(frozen=True)
class Extent:
    """First and last 5-ms frame that sounds."""

    first: int
    last: int


def sounding(loud: npt.NDArray[np.bool_]) -> Extent | None:
    """Return the extent of the sound; null when all is silent.

    A loud frame begins the sound if 3 of the 10 after it are loud too, and ends it if 3 of the 10
    before it are. Of a file that is shorter than that, as many as there are must be.
    """
    needed = min(_NEEDED, len(loud) - 1)
    first = _first_confirmed(loud, needed)
    last = _first_confirmed(loud[::-1], needed)
    if first is None or last is None:
        return None
    return Extent(first, len(loud) - 1 - last)


def _first_confirmed(loud: npt.NDArray[np.bool_], needed: int) -> int | None:
    for start in range(0, len(loud), _WINDOW_FRAMES):
        part = loud[start : start + _WINDOW_FRAMES + _LOOK_FRAMES]
        count = np.concatenate([[0], np.cumsum(part, dtype=np.int64)])
        index = np.flatnonzero(part[:_WINDOW_FRAMES])
        following = count[np.minimum(index + 1 + _LOOK_FRAMES, len(part))] - count[index + 1]
        confirmed = index[following >= needed]
        if len(confirmed):
            return start + int(confirmed[0])
    return None
