"""From features to the contract's figures: every null one with the reason why."""

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.measures.brightness import brightness_hz
from analyzer.measures.loudness import integrated_lufs
from analyzer.measures.silence import sounding
from analyzer.options import Options
from analyzer.tracks import Span
from offbeat import __version__
from offbeat.result import Analysis, GlobalAnalysis, Results, Track

__all__ = ["StreamFacts", "build_results"]

_NOT_YET = "not measured by this version of the analyzer"
_NOT_YET_STEMS = "stems were asked for, and are not separated by this version of the analyzer"
_TIME_DIGITS = 6


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
    loudness, brightness = _level_figures(features, slice(0, None), explained)
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
        loudness_lufs_total=loudness,
        average_brightness=brightness,
        global_beat_grid_timestamps=None,
        global_drum_beat_grid_timestamps=None,
        stems=None if options.stems else {},
        unavailable=explained.unavailable,
    )


def _track(features: Features, span: Span) -> Track:
    explained = _Explained()
    steps = features.grid.whole_steps(*span.frames(features.grid.rate))
    loudness, brightness = _level_figures(features, steps, explained)
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
            loudness_lufs_total=loudness,
            loudness_lufs_bass=None,
            average_brightness=brightness,
            has_vocals=None,
            vocal_energy_rms=None,
            unavailable=explained.unavailable,
        ),
    )


def _level_figures(
    features: Features, steps: slice, explained: _Explained
) -> tuple[float | None, float | None]:
    """Return loudness and brightness of some steps, and note why one of them is null."""
    loudness = integrated_lufs(features.energy[steps])
    brightness = brightness_hz(features.centroid_hz[steps], features.power[steps])
    count = len(features.power[steps])
    if loudness is None:
        explained.null(
            "loudness_lufs_total",
            because="too short: a gating block takes 0.4 s"
            if count < 4
            else "silent: no 0.4 s are above −70 LUFS",
        )
    if brightness is None:
        explained.null(
            "average_brightness",
            because="too short: a spectrum takes 0.1 s"
            if count == 0
            else "silent: no 0.1 s are above −70 dBFS",
        )
    return (
        None if loudness is None else round(loudness, 2),
        None if brightness is None else round(brightness, 1),
    )


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
