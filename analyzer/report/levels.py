"""Loudness and peaks of a file or of one of its tracks."""

import numpy as np
import numpy.typing as npt

from analyzer.features.extract import Features
from analyzer.measures.loudness import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    integrated_lufs,
    loudness_range_lu,
    maximum_lufs,
)
from analyzer.measures.peaks import highest, peak_db
from analyzer.report.explained import Explained
from analyzer.report.scope import Scope

__all__ = ["level_figures"]

_LEVEL_DIGITS = 2
_PEAK_DIGITS = 6
_REPLAYGAIN_LUFS = -18.0


def level_figures(features: Features, scope: Scope, *, explained: Explained) -> dict[str, object]:
    """Return the loudness of whole steps and the peaks of these and what follows."""
    steps, with_rest = scope.steps, scope.with_rest
    energy = features.energy[steps]
    integrated = integrated_lufs(energy)
    gain = None if integrated is None else _REPLAYGAIN_LUFS - integrated
    sample = highest(features.peaks.sample[with_rest])
    true = highest(features.peaks.true[with_rest])
    moments, long = _missing_lufs(energy, MOMENTARY_STEPS), _missing_lufs(energy, SHORT_TERM_STEPS)
    unheard = "too short: a peak takes 0.1 s" if sample is None else "silent: every sample is zero"
    figures = {
        "loudness_lufs_total": (integrated, _LEVEL_DIGITS, moments),
        "loudness_lufs_momentary_max": (
            maximum_lufs(energy, MOMENTARY_STEPS),
            _LEVEL_DIGITS,
            moments,
        ),
        "loudness_lufs_short_term_max": (
            maximum_lufs(energy, SHORT_TERM_STEPS),
            _LEVEL_DIGITS,
            long,
        ),
        "loudness_range_lu": (loudness_range_lu(energy), _LEVEL_DIGITS, long),
        "true_peak_dbtp": (peak_db(true), _LEVEL_DIGITS, unheard),
        "sample_peak_dbfs": (peak_db(sample), _LEVEL_DIGITS, unheard),
        "replaygain_track_gain_db": (gain, _LEVEL_DIGITS, moments),
        "replaygain_track_peak": (sample, _PEAK_DIGITS, unheard),
    }
    for name, (value, _, because) in figures.items():
        if value is None:
            explained.null(name, because=because)
    return {
        name: None if value is None else round(value, digits)
        for name, (value, digits, _) in figures.items()
    }


def _missing_lufs(energy: npt.NDArray[np.float32], steps: int) -> str:
    """Return why there is no loudness of windows of so many steps, if there is none."""
    seconds = f"{steps / 10:g} s"
    if len(energy) < steps:
        return f"too short: this loudness takes {seconds}"
    return f"silent: no {seconds} are above −70 LUFS"
