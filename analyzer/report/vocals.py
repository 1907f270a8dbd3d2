"""Vocals of a file or of one of its tracks, without separating stems."""

import numpy as np
import numpy.typing as npt

from analyzer.features.extract import Features
from analyzer.measures.vocals import WINDOW_STEPS, find_vocals
from analyzer.report.explained import Explained
from analyzer.report.scope import Scope
from offbeat.descriptors import Vocals, VocalSegment

__all__ = ["vocal_figures"]

_NAMES = ("has_vocals", "vocal_energy_rms", "vocals")
_SHARE_DIGITS = 4
_CONFIDENCE_DIGITS = 2
_RMS_DIGITS = 6
_TIME_DIGITS = 6


def vocal_figures(
    evidence: npt.NDArray[np.float64],
    features: Features,
    scope: Scope,
    *,
    explained: Explained,
) -> dict[str, object]:
    """Return whether somebody sings, when, and how loud, from the evidence of the whole file."""
    found = find_vocals(evidence, features.voice, scope.steps)
    if found is None:
        explained.null(*_NAMES, because=f"too short: vocals take {WINDOW_STEPS / 10:g} s")
        return dict.fromkeys(_NAMES)
    grid, first = features.grid, scope.steps.start or 0
    segments = [
        VocalSegment(
            start_sec=round((first + segment.first) * grid.step / grid.rate, _TIME_DIGITS),
            end_sec=round((first + segment.end) * grid.step / grid.rate, _TIME_DIGITS),
            confidence=round(segment.confidence, _CONFIDENCE_DIGITS),
        )
        for segment in found.segments
    ]
    return {
        "has_vocals": found.present,
        "vocal_energy_rms": round(found.rms, _RMS_DIGITS),
        "vocals": Vocals(
            method="dsp",
            presence=round(found.presence, _SHARE_DIGITS),
            confidence=round(found.confidence, _CONFIDENCE_DIGITS),
            segments=segments,
        ),
    }
