"""Loudness and peaks in the result."""

from analyzer.findings.findings import Findings
from analyzer.findings.loudness import MOMENTARY_STEPS, SHORT_TERM_STEPS
from analyzer.findings.peaks import peak_db
from analyzer.results.reasons import no_loudness
from analyzer.results.values import Values

__all__ = ["put_levels"]

_LEVEL_DIGITS = 2
_PEAK_DIGITS = 6
_REPLAYGAIN_LUFS = -18.0


def put_levels(values: Values, found: Findings) -> None:
    """Put loudness, peaks and ReplayGain."""
    levels = found.levels
    integrated, sample = levels.integrated_lufs, levels.sample_peak
    moments = no_loudness(found.steps, MOMENTARY_STEPS)
    long = no_loudness(found.steps, SHORT_TERM_STEPS)
    no_peak = "too short: a peak takes 0.1 s" if sample is None else "silent: every sample is zero"
    for name, value, missing in (
        ("loudness_lufs_total", integrated, moments),
        ("loudness_lufs_momentary_max", levels.momentary_max_lufs, moments),
        ("loudness_lufs_short_term_max", levels.short_term_max_lufs, long),
        ("loudness_range_lu", levels.range_lu, long),
        ("true_peak_dbtp", peak_db(levels.true_peak), no_peak),
        ("sample_peak_dbfs", peak_db(sample), no_peak),
        (
            "replaygain_track_gain_db",
            None if integrated is None else _REPLAYGAIN_LUFS - integrated,
            moments,
        ),
    ):
        values.put_rounded(name, value, _LEVEL_DIGITS, missing=missing)
    values.put_rounded("replaygain_track_peak", sample, _PEAK_DIGITS, missing=no_peak)
