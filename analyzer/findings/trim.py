"""Where the sound of a file begins and ends."""

from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.findings.silence import sounding

__all__ = ["TrimPoints", "find_trim_points"]


@dataclass(frozen=True)
class TrimPoints:
    """First and last sound, in seconds."""

    start_sec: float
    end_sec: float


def find_trim_points(features: Features) -> TrimPoints | None:
    """Return where the sound begins and ends; `None` if all is silent."""
    extent = sounding(features.loud)
    if extent is None:
        return None
    grid = features.grid
    last = min(grid.frame_start(extent.last + 1), features.frames)
    return TrimPoints(grid.frame_start(extent.first) / grid.rate, last / grid.rate)
