"""The whole report: the file and every track of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.features.extract import Features
from analyzer.measures.vocals import hear_vocals
from analyzer.memory import return_memory
from analyzer.options import Options
from analyzer.report.explained import Explained
from analyzer.report.harmony import harmony_figures
from analyzer.report.levels import level_figures
from analyzer.report.rhythm import (
    TempoFigures,
    file_rhythm_figures,
    tempo_figures,
    track_rhythm_figures,
)
from analyzer.report.scope import Scope, of_file, of_track
from analyzer.report.sound import Sound, sound_figures, sound_of
from analyzer.report.timbre import timbre_figures
from analyzer.report.vocals import vocal_figures
from analyzer.report.waveform import NO_MOUNT, WaveformOutcome, waveform_figures
from analyzer.rhythm.rhythm import Rhythm, find_rhythm
from analyzer.tracks import Span
from offbeat import __version__
from offbeat.analysis import Analysis, GlobalAnalysis, Results, Track

__all__ = ["StreamFacts", "build_results"]

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
    waveform: WaveformOutcome = NO_MOUNT,
) -> Results:
    """Measure the whole and every track of it."""
    found = _find(facts, features, tracks, options)
    whole = _common(found, of_file(features), found.harmony)
    return_memory(features.duration_sec)
    last = len(tracks) - 1
    scopes = [
        of_track(features, span, after_neighbour=number > 0, before_neighbour=number < last)
        for number, span in enumerate(tracks)
    ]
    return Results.model_validate(
        {
            "global": _global(found, whole, options, waveform),
            "tracks": [
                _track(found, whole, span, scope)
                for span, scope in zip(tracks, scopes, strict=True)
            ],
            "warnings": list(warnings),
            "analyzer_version": __version__,
        }
    )


@dataclass(frozen=True)
class _Part:
    """Some figures, and why some of them are missing."""

    figures: dict[str, object]
    unavailable: dict[str, str]


@dataclass(frozen=True)
class _Found:
    """What file and tracks have in common."""

    facts: StreamFacts
    features: Features
    sound: Sound | None
    rhythm: Rhythm
    vocal_evidence: npt.NDArray[np.float64]
    harmony: _Part


def _find(
    facts: StreamFacts, features: Features, tracks: Sequence[Span], options: Options
) -> _Found:
    # First what takes most room, while nothing else does.
    harmony = _harmony(features, of_file(features))
    return_memory(features.duration_sec)
    sound = sound_of(features)
    rhythm = find_rhythm(
        features.onsets,
        # Single clicks are no sound, but they may be a beat.
        sound_sec=(sound.start_sec, sound.end_sec) if sound else (0.0, features.duration_sec),
        cues_sec=[span.start_sec for span in tracks if span.boundaries == "cue"],
        allowed_bpm=options.allowed_bpm,
    )
    vocal_evidence = hear_vocals(features.voice)
    return_memory(features.duration_sec)
    return _Found(facts, features, sound, rhythm, vocal_evidence, harmony)


@dataclass(frozen=True)
class _Common:
    """Figures that files and tracks both have, and why some are missing."""

    figures: dict[str, object]
    unavailable: dict[str, str]
    tempo: TempoFigures


def _harmony(features: Features, scope: Scope) -> _Part:
    explained = Explained()
    return _Part(harmony_figures(features, scope, explained=explained), explained.unavailable)


def _common(found: _Found, scope: Scope, harmony: _Part) -> _Common:
    explained = Explained()
    facts, features = found.facts, found.features
    figures = {
        **level_figures(features, scope, explained=explained),
        **timbre_figures(features, scope, bit_depth=facts.bit_depth, explained=explained),
    }
    explained.unavailable |= harmony.unavailable
    vocals = vocal_figures(found.vocal_evidence, features, scope, explained=explained)
    figures |= harmony.figures | vocals
    tempo = tempo_figures(found.rhythm, features.onsets, scope)
    return _Common(figures, explained.unavailable, tempo)


def _global(
    found: _Found, common: _Common, options: Options, waveform: WaveformOutcome
) -> GlobalAnalysis:
    explained = Explained()
    facts, features = found.facts, found.features
    if facts.bit_depth is None:
        explained.null("bit_depth", because=f"{facts.codec} is lossy: it has no bit depth")
    if options.stems:
        explained.null("stems", because=_NOT_YET_STEMS)
    figures = {
        "duration_sec": features.duration_sec,
        "sample_rate_hz": facts.rate,
        "channels": facts.channels,
        "frames": features.frames,
        "container": facts.container,
        "codec": facts.codec,
        "bit_depth": facts.bit_depth,
        "stems": None if options.stems else {},
        **sound_figures(found.sound, features, options, explained=explained),
        **common.figures,
        **file_rhythm_figures(found.rhythm, common.tempo, explained=explained),
        **waveform_figures(waveform, explained=explained),
    }
    explained.unavailable |= common.unavailable
    return GlobalAnalysis.model_validate(figures | {"unavailable": explained.unavailable})


def _track(found: _Found, whole: _Common, span: Span, scope: Scope) -> Track:
    """Measure one track; what a file and its only track have in common is measured once."""
    if span.boundaries == "file":
        common = whole
    else:
        common = _common(found, scope, _harmony(found.features, scope))
    explained = Explained()
    figures = {
        "duration_sec": round(span.end_sec - span.start_sec, _TIME_DIGITS),
        **common.figures,
        **track_rhythm_figures(found.rhythm, common.tempo, scope, explained=explained),
    }
    explained.unavailable |= common.unavailable
    return Track(
        track_id=span.track_id,
        title=span.title,
        artist=span.artist,
        start_time_sec=span.start_sec,
        end_time_sec=span.end_sec,
        boundaries=span.boundaries,
        analysis=Analysis.model_validate(figures | {"unavailable": explained.unavailable}),
    )
