"""Vocals of a file or of one of its tracks, without separating stems."""

from analyzer.features.extract import Features
from analyzer.report.explained import NOT_YET, Explained
from analyzer.report.scope import Scope

__all__ = ["vocal_figures"]

_NAMES = ("has_vocals", "vocal_energy_rms")


def vocal_figures(features: Features, scope: Scope, *, explained: Explained) -> dict[str, object]:
    """Return whether somebody sings, and how loud."""
    explained.null(*_NAMES, because=NOT_YET)
    return dict.fromkeys(_NAMES)
