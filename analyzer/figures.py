"""From features to the contract's figures: every null one with the reason why."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.features.extract import Features
from analyzer.measures.brightness import brightness_hz
from analyzer.measures.loudness import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    integrated_lufs,
    loudness_range_lu,
    maximum_lufs,
)
from analyzer.measures.peaks import highest, peak_db
from analyzer.measures.silence import sounding
from analyzer.options import Options
from analyzer.tracks import Span
from offbeat import __version__
from offbeat.result import Analysis, GlobalAnalysis, Results, Track

__all__ = ["StreamFacts", "build_results"]

_NOT_YET = "not measured by this version of the analyzer"
_NOT_YET_STEMS = "stems were asked for, and are not separated by this version of the analyzer"
_TIME_DIGITS = 6
_LEVEL_DIGITS = 2
_HZ_DIGITS = 1
_PEAK_DIGITS = 6
_REPLAYGAIN_LUFS = -18.0


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """What the decoder says of the file."""

    container: str
    codec: str
    bit_depth: int | None
    rate: int
    channels: int


def build_results(
    facts: StreamFacts,
    features: Features,
    tracks: Sequence[Span],
    *,
    options: Options,
    warnings: Sequence[str],
) -> Results:
    """Measure the whole and every track of it."""
    return Results.model_validate(
        {
            "global": _global(facts, features, options),
            "tracks": [_track(features, span) for span in tracks],
            "warnings": list(warnings),
            "analyzer_version": __version__,
        }
    )


class _Explained:
    """Collects the reasons of figures that cannot be had."""

    def __init__(self) -> None:
        self.unavailable: dict[str, str] = {}

    def null(self, *names: str, because: str) -> None:
        """Note why figures are null."""
        self.unavailable.update(dict.fromkeys(names, because))


def _global(facts: StreamFacts, features: Features, options: Options) -> GlobalAnalysis:
    explained = _Explained()
    whole = features.grid.steps_to_end(0)
    levels = _levels(features, whole, whole, explained=explained)
    if facts.bit_depth is None:
        explained.null("bit_depth", because=f"{facts.codec} is lossy: it has no bit depth")
    start, end = _extent_sec(features)
    if start is None or end is None:
        explained.null(
            *(
                "trimmed_start_sec",
                "trimmed_end_sec",
                "leading_silence_sec",
                "trailing_silence_sec",
            ),
            because=f"the whole file is silent: nothing is above −{options.silence_top_db:g} dBFS",
        )
    explained.null(
        "global_beat_grid_timestamps", "global_drum_beat_grid_timestamps", because=_NOT_YET
    )
    if options.stems:
        explained.null("stems", because=_NOT_YET_STEMS)
    return GlobalAnalysis(
        duration_sec=features.duration_sec,
        sample_rate_hz=facts.rate,
        channels=facts.channels,
        frames=features.frames,
        container=facts.container,
        codec=facts.codec,
        bit_depth=facts.bit_depth,
        trimmed_start_sec=start,
        trimmed_end_sec=end,
        leading_silence_sec=start,
        trailing_silence_sec=(
            None if end is None else round(features.duration_sec - end, _TIME_DIGITS)
        ),
        **levels,
        global_beat_grid_timestamps=None,
        global_drum_beat_grid_timestamps=None,
        stems=None if options.stems else {},
        unavailable=explained.unavailable,
    )


def _track(features: Features, span: Span) -> Track:
    explained = _Explained()
    start, end = span.frames(features.grid.rate)
    steps = features.grid.whole_steps(start, end)
    # What follows the last whole step is nobody else's: its peaks count, too.
    with_rest = features.grid.steps_to_end(start) if end >= features.frames else steps
    levels = _levels(features, steps, with_rest, explained=explained)
    explained.null(
        *("stable_bpm", "key", "loudness_lufs_bass", "has_vocals", "vocal_energy_rms"),
        because=_NOT_YET,
    )
    return Track(
        track_id=span.track_id,
        title=span.title,
        artist=span.artist,
        start_time_sec=span.start_sec,
        end_time_sec=span.end_sec,
        boundaries=span.boundaries,
        analysis=Analysis(
            duration_sec=round(span.end_sec - span.start_sec, _TIME_DIGITS),
            stable_bpm=None,
            key=None,
            loudness_lufs_bass=None,
            **levels,
            has_vocals=None,
            vocal_energy_rms=None,
            unavailable=explained.unavailable,
        ),
    )


def _levels(
    features: Features, steps: slice, with_rest: slice, *, explained: _Explained
) -> dict[str, float | None]:
    """Return loudness and brightness of whole steps and the peaks of these and what follows."""
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
        "average_brightness": (
            brightness_hz(features.centroid_hz[steps], features.power[steps]),
            _HZ_DIGITS,
            "silent: no 0.1 s are above −70 dBFS"
            if len(energy)
            else "too short: a spectrum takes 0.1 s",
        ),
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


def _extent_sec(features: Features) -> tuple[float | None, float | None]:
    """Return where the sound begins and ends, in seconds."""
    extent = sounding(features.loud)
    if extent is None:
        return None, None
    grid = features.grid
    end = min(grid.frame_start(extent.last + 1), features.frames)
    return (
        round(grid.frame_start(extent.first) / grid.rate, _TIME_DIGITS),
        round(end / grid.rate, _TIME_DIGITS),
    )
