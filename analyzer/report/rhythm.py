"""Tempo, beats, downbeats and phrases of a file or of one of its tracks."""

from analyzer.features.extract import Features
from analyzer.report.explained import NOT_YET, Explained
from analyzer.report.scope import Scope

__all__ = ["file_rhythm_figures", "track_rhythm_figures"]

_COMMON = ("stable_bpm", "tempo", "beat_regions", "downbeats", "phrases")


def file_rhythm_figures(
    features: Features, scope: Scope, *, explained: Explained
) -> dict[str, object]:
    """Return the figures of the whole file, its beat grids among them."""
    names = (*_COMMON, "global_beat_grid_timestamps", "global_drum_beat_grid_timestamps")
    explained.null(*names, because=NOT_YET)
    return dict.fromkeys(names)


def track_rhythm_figures(
    features: Features, scope: Scope, *, explained: Explained
) -> dict[str, object]:
    """Return the figures of one track, its beat grid among them."""
    names = (*_COMMON, "beat_grid_timestamps")
    explained.null(*names, because=NOT_YET)
    return dict.fromkeys(names)
