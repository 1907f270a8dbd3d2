"""Loudness and peaks of a file or of one of its tracks."""

from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.findings.loudness import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    integrated_lufs,
    loudness_range_lu,
    maximum_lufs,
)
from analyzer.findings.peaks import highest
from analyzer.findings.scope import Scope

__all__ = ["Levels", "find_levels"]


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Loudness by ITU-R BS.1770-4 and EBU Tech 3341 and 3342; peaks with full scale = 1.

    A loudness is `None` if nothing is above −70 LUFS for as long as it takes, and a peak if there
    is no step at all.
    """

    integrated_lufs: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    range_lu: float | None
    true_peak: float | None
    sample_peak: float | None


def find_levels(features: Features, scope: Scope) -> Levels:
    """Return the loudness of whole steps, and the peaks of these and of what follows the last."""
    energy = features.energy[scope.steps]
    return Levels(
        integrated_lufs=integrated_lufs(energy),
        momentary_max_lufs=maximum_lufs(energy, MOMENTARY_STEPS),
        short_term_max_lufs=maximum_lufs(energy, SHORT_TERM_STEPS),
        range_lu=loudness_range_lu(energy),
        true_peak=highest(features.peaks.true[scope.with_rest]),
        sample_peak=highest(features.peaks.sample[scope.with_rest]),
    )
