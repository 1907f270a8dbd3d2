"""Where the sound begins, pauses and ends, by an absolute threshold that a click does not cross."""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Mask

__all__ = ["Extent", "silences", "sounding"]

_LOOK_FRAMES = 10
_NEEDED = 3
_WINDOW_FRAMES = 10_000
"""How much is looked at together: six hours at once would take more memory than decoding them."""


@dataclass(frozen=True)
class Extent:
    """First and last 5-ms frame that sounds."""

    first: int
    last: int


def sounding(loud: Mask) -> Extent | None:
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


def silences(loud: Mask, *, shortest: int, most: int) -> list[Extent]:
    """Return first and last frame of each silence inside the sound, in the order of time.

    A silence has at least `shortest` frames; of more than `most` the longest are kept. Gaps below
    50 ms are no pauses, and then what is loud for less than 20 ms, a click, does not end a silence.
    """
    extent = sounding(loud)
    if extent is None:
        return []
    inside = loud[extent.first : extent.last + 1]
    # The sound begins and ends loud: starts and ends of what is quiet alternate.
    quiet = (np.flatnonzero(inside[1:] != inside[:-1]) + 1).reshape(-1, 2)
    quiet = quiet[quiet[:, 1] - quiet[:, 0] >= _LOOK_FRAMES]
    if not len(quiet):
        return []
    sound_between = quiet[1:, 0] - quiet[:-1, 1] > _NEEDED
    starts = quiet[np.concatenate([[True], sound_between]), 0]
    ends = quiet[np.concatenate([sound_between, [True]]), 1]
    long = np.flatnonzero(ends - starts >= shortest)
    longest = np.sort(long[np.argsort(starts[long] - ends[long], kind="stable")[:most]])
    return [
        Extent(extent.first + int(starts[index]), extent.first + int(ends[index]) - 1)
        for index in longest
    ]


def _first_confirmed(loud: Mask, needed: int) -> int | None:
    for start in range(0, len(loud), _WINDOW_FRAMES):
        part = loud[start : start + _WINDOW_FRAMES + _LOOK_FRAMES]
        count = np.concatenate([[0], np.cumsum(part, dtype=np.int64)])
        index = np.flatnonzero(part[:_WINDOW_FRAMES])
        following = count[np.minimum(index + 1 + _LOOK_FRAMES, len(part))] - count[index + 1]
        confirmed = index[following >= needed]
        if len(confirmed):
            return start + int(confirmed[0])
    return None
