"""Where the sound of a file begins and ends."""

from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.measures.silence import sounding
from analyzer.options import Options
from analyzer.report.explained import Explained

__all__ = ["Sound", "sound_figures", "sound_of"]

_TIME_DIGITS = 6
_NAMES = ("trimmed_start_sec", "trimmed_end_sec", "leading_silence_sec", "trailing_silence_sec")


@dataclass(frozen=True)
class Sound:
    """First and last sound, in seconds."""

    start_sec: float
    end_sec: float


def sound_of(features: Features) -> Sound | None:
    """Return where the sound begins and ends; none when all is silent."""
    extent = sounding(features.loud)
    if extent is None:
        return None
    grid = features.grid
    last = min(grid.frame_start(extent.last + 1), features.frames)
    return Sound(
        round(grid.frame_start(extent.first) / grid.rate, _TIME_DIGITS),
        round(last / grid.rate, _TIME_DIGITS),
    )


def sound_figures(
    sound: Sound | None, features: Features, options: Options, *, explained: Explained
) -> dict[str, object]:
    """Return the edges of the sound, and the silence outside of them."""
    if sound is None:
        explained.null(
            *_NAMES,
            because=f"the whole file is silent: nothing is above −{options.silence_top_db:g} dBFS",
        )
        return dict.fromkeys(_NAMES)
    return {
        "trimmed_start_sec": sound.start_sec,
        "trimmed_end_sec": sound.end_sec,
        "leading_silence_sec": sound.start_sec,
        "trailing_silence_sec": round(features.duration_sec - sound.end_sec, _TIME_DIGITS),
    }
