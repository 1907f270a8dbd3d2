"""Key and tuning of a file or of one of its tracks."""

from analyzer.features.extract import Features
from analyzer.report.explained import NOT_YET, Explained
from analyzer.report.scope import Scope

__all__ = ["harmony_figures"]

_NAMES = ("key",)


def harmony_figures(features: Features, scope: Scope, *, explained: Explained) -> dict[str, object]:
    """Return the key."""
    explained.null(*_NAMES, because=NOT_YET)
    return dict.fromkeys(_NAMES)
