"""Which file is the n-th of a run: a function of its seed alone, so that it can be made again."""

import random
from dataclasses import dataclass

from tests.fuzz.mutate import mutate
from tests.fuzz.signals import signal_file
from tests.hostile.seeds import BY_FFMPEG, BY_LIBSNDFILE, Seeds

__all__ = ["Input", "Maker"]

_SEED_SEC = (0.05, 0.3)
_NATIVE = tuple(BY_LIBSNDFILE)
_OTHERS = tuple(BY_FFMPEG)
_SIGNALS = "signal"


@dataclass(frozen=True)
class Input:
    """One file to analyse, and what it was made from."""

    seed: str
    kind: str
    data: bytes


class Maker:
    """Makes inputs.

    Attributes:
        ffmpeg: How many of a hundred inputs are mutations of files that only ffmpeg reads: a child
            process takes ten times as long as libsndfile.
        signals: How many of a hundred are healthy files of degenerate sound.

    """

    def __init__(self, *, ffmpeg: int, signals: int) -> None:
        self.ffmpeg = ffmpeg
        self.signals = signals
        self._seeds = [Seeds(seconds) for seconds in _SEED_SEC]

    def make(self, seed: str) -> Input:
        """Return the input of a seed such as `0:17`."""
        source = random.Random(seed)
        draw = source.randrange(100)
        if draw < self.signals:
            return Input(seed, _SIGNALS, signal_file(source))
        kinds = _OTHERS if draw < self.signals + self.ffmpeg else _NATIVE
        kind = source.choice(kinds)
        seeds = source.choice(self._seeds)
        # Half of the splices are with a file of the same kind, which stays readable longer.
        other = kind if source.random() < 0.5 else source.choice(kinds)
        return Input(seed, kind, mutate(seeds[kind], self._seeds[0][other], source))
