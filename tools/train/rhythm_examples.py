"""What the analyzer hears of the training material, beside the truth."""

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.features.downmix import Downmix
from analyzer.features.grid import Grid
from analyzer.features.onsets import OnsetMeter, Onsets
from tools.render.sources import fingerprint
from tools.train.rhythm_material import make_piece
from tools.train.styles import STYLES, Style

__all__ = ["Example", "Piece", "examples", "hear", "pieces"]

_GENERATOR = (
    *("arrangement", "drumming", "harmony", "key_harmony", "lines", "midi", "performance"),
    *("rhythm_material", "score", "sound_font"),
)

_PLAIN = ("straight", "swung", "half_time", "breakbeat", "waltz")
_MORE_PLAIN, _MORE_WITHOUT_DRUMS = 120, 30

Times = npt.NDArray[np.float64]


class Piece(NamedTuple):
    """A seed, and the style where it is not left to the seed."""

    seed: int
    style: str | None


@dataclass(frozen=True)
class Example:
    """One piece: its onset strengths, and where its beats and bars are."""

    seed: int
    has_drums: bool
    drums_sec: Times
    onsets: Onsets
    beats_sec: Times
    downbeats_sec: Times

    def stretched(self, factor: float) -> Onsets:
        """Return the strengths as if the piece were played so many times as fast."""
        if factor == 1.0:
            return self.onsets
        strength = self.onsets.strength
        at = np.arange(int((len(strength) - 1) / factor)) * factor
        below = at.astype(np.intp)
        part = (at - below)[:, None]
        mixed = strength[below] * (1 - part) + strength[below + 1] * part
        return Onsets(
            np.rint(mixed).astype(np.uint8),
            self.onsets.interval_sec,
            self.onsets.start_sec / factor,
        )

    def bpm_at(self, time_sec: float) -> float:
        """Return the tempo of the 16 s around a moment."""
        middle = (self.beats_sec[1:] + self.beats_sec[:-1]) / 2
        near = np.abs(middle - time_sec) < 8
        intervals = np.diff(self.beats_sec)
        return float(60 / np.median(intervals[near] if near.any() else intervals))

    def beat_frames(self) -> Times:
        """Return the beats in frames of the strengths, not rounded."""
        return (self.beats_sec - self.onsets.start_sec) / self.onsets.interval_sec

    def downbeat_indices(self) -> npt.NDArray[np.intp]:
        """Return which beats are downbeats."""
        apart = np.abs(self.beats_sec[:, None] - self.downbeats_sec[None, :])
        return np.asarray(apart.argmin(axis=0)[apart.min(axis=0) < 0.05], np.intp)


def hear(samples: npt.NDArray[np.float32] | npt.NDArray[np.float64], rate: int) -> Onsets:
    """Return the onset strengths of samples of shape (frames, channels)."""
    grid = Grid(rate)
    downmix = Downmix(grid, samples.shape[1])
    meter = OnsetMeter(grid, downmix)
    for start in range(0, len(samples), grid.chunk):
        planes = np.zeros((samples.shape[1], grid.chunk), np.float32)
        part = samples[start : start + grid.chunk].T
        planes[:, : part.shape[1]] = part
        meter.add(downmix.add(planes))
    return meter.finish()


def pieces(seeds: int) -> list[Piece]:
    """Return what is trained on: the pieces of all seeds, and some more of some styles.

    The plain grooves come at every tempo from 60 to 200, at which the octave has to be right; and
    without drums a tempo is hard to tell.
    """
    more = [
        Piece(seed, style.name)
        for style in STYLES.values()
        for seed in range(_more(style))
        if seed < seeds
    ]
    return [*(Piece(seed, None) for seed in range(seeds)), *more]


def _more(style: Style) -> int:
    if style.name.removeprefix("generic_") in _PLAIN and style.name.startswith("generic_"):
        return _MORE_PLAIN
    return 0 if style.grooves else _MORE_WITHOUT_DRUMS


def examples(wanted: Sequence[Piece], cache: Path | None) -> Iterator[Example]:
    """Yield what is heard of pieces, from the cache where it is there."""
    folder = None if cache is None else cache / _fingerprint()
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    for piece in wanted:
        path = None if folder is None else folder / f"{piece.seed:05d}-{piece.style}.pickle"
        if path is not None and path.exists():
            example: Example = pickle.loads(path.read_bytes())  # noqa: S301 - we wrote it
        else:
            example = _listen(piece)
            if path is not None:
                part = path.with_suffix(".part")  # nobody may read half of it
                part.write_bytes(pickle.dumps(example))
                part.rename(path)
        yield example


def _listen(piece: Piece) -> Example:
    made = make_piece(piece.seed, style=piece.style)
    return Example(
        made.seed,
        made.has_drums,
        made.drums,
        hear(made.samples, made.rate),
        made.beats,
        made.downbeats,
    )


def _fingerprint() -> str:
    """Return a name for what the cached pieces depend on: the generator and the onset meter."""
    here = Path(__file__).parent
    features = here.parents[1] / "analyzer" / "features"
    heard = [features / f"{name}.py" for name in ("downmix", "grid", "onsets")]
    sources = [here / f"{name}.py" for name in _GENERATOR]
    return fingerprint([*heard, *sources, *sorted((here / "styles").glob("*.py"))])[:16]
