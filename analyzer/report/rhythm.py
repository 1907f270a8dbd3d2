"""Tempo, beats, downbeats and phrases of a file or of one of its tracks."""

from dataclasses import dataclass

import numpy as np

from analyzer.features.onsets import Onsets
from analyzer.report.explained import Explained
from analyzer.report.scope import Scope
from analyzer.rhythm.lines import Line
from analyzer.rhythm.phrases import BARS_PER_PHRASE, find_phrases
from analyzer.rhythm.rhythm import Rhythm
from analyzer.rhythm.summary import TempoSummary, summarise_tempo
from offbeat.descriptors import Alternative, BeatRegion, Downbeats, Phrases, Tempo, TempoPoint

__all__ = ["TempoFigures", "file_rhythm_figures", "tempo_figures", "track_rhythm_figures"]

_TIME_DIGITS = 4
_BPM_DIGITS = 3
_CURVE_DIGITS = 2
_CONFIDENCE_DIGITS = 3
_NO_BEAT = "no steady beat is heard"
_NO_DRUMS = "no drums are heard"
_SURE_OF_BARS = 0.75
_SURE_OF_PHRASES = 0.6
_DRUMS_PLAY = 0.5
_TEMPO_NAMES = ("stable_bpm", "tempo", "beat_regions", "downbeats", "phrases")

Figures = dict[str, object]


@dataclass(frozen=True)
class TempoFigures:
    """Figures that files and tracks both have, and why some are missing."""

    figures: Figures
    unavailable: dict[str, str]


def file_rhythm_figures(rhythm: Rhythm, tempo: TempoFigures, *, explained: Explained) -> Figures:
    """Return the figures of the whole file, its beat grids among them."""
    figures = tempo.figures
    explained.unavailable |= tempo.unavailable
    grid, drums = "global_beat_grid_timestamps", "global_drum_beat_grid_timestamps"
    if figures["tempo"] is None:
        explained.null(grid, drums, because=_NO_BEAT)
        return figures | dict.fromkeys((grid, drums))
    played = rhythm.heard & (rhythm.drums > _DRUMS_PLAY)
    if not played.any():
        explained.null(drums, because=_NO_DRUMS)
    return figures | {
        grid: _times(rhythm.beats_sec),
        drums: _times(rhythm.beats_sec[played]) if played.any() else None,
    }


def track_rhythm_figures(
    rhythm: Rhythm, tempo: TempoFigures, scope: Scope, *, explained: Explained
) -> Figures:
    """Return the figures of one track, its beat grid among them."""
    figures = tempo.figures
    explained.unavailable |= tempo.unavailable
    name = "beat_grid_timestamps"
    if figures["tempo"] is None:
        explained.null(name, because=_NO_BEAT)
        return figures | {name: None}
    first, last = np.searchsorted(rhythm.beats_sec, [scope.start_sec, scope.end_sec])
    return figures | {name: _times(rhythm.beats_sec[first:last])}


def tempo_figures(rhythm: Rhythm, onsets: Onsets, scope: Scope) -> TempoFigures:
    """Return tempo, regions, downbeats and phrases."""
    explained = Explained()
    return TempoFigures(_figures(rhythm, onsets, scope, explained), explained.unavailable)


def _figures(rhythm: Rhythm, onsets: Onsets, scope: Scope, explained: Explained) -> Figures:
    summary = summarise_tempo(rhythm, scope.start_sec, scope.end_sec)
    if summary is None:
        explained.null(*_TEMPO_NAMES, because=_NO_BEAT)
        return dict.fromkeys(_TEMPO_NAMES)
    downbeats = _downbeats(rhythm, summary, scope)
    phrases = None if downbeats is None else _phrases(onsets, downbeats)
    if downbeats is None:
        explained.null("downbeats", "phrases", because="where bars begin is not sure enough")
    elif phrases is None:
        explained.null("phrases", because="where phrases begin is not sure enough")
    return {
        "stable_bpm": round(summary.bpm, _BPM_DIGITS),
        "tempo": _tempo(summary),
        "beat_regions": [
            _region(line, beats)
            for line in rhythm.lines
            if (beats := line.within(scope.start_sec, scope.end_sec))
        ],
        "downbeats": downbeats,
        "phrases": phrases,
    }


def _tempo(summary: TempoSummary) -> Tempo:
    return Tempo(
        confidence=round(summary.confidence, _CONFIDENCE_DIGITS),
        stability=round(summary.stability, _CONFIDENCE_DIGITS),
        alternatives=[
            Alternative(
                bpm=round(other.bpm, _BPM_DIGITS),
                confidence=round(other.confidence, _CONFIDENCE_DIGITS),
            )
            for other in summary.alternatives
        ],
        curve=[
            TempoPoint(
                time_sec=round(float(time), _TIME_DIGITS), bpm=round(float(bpm), _CURVE_DIGITS)
            )
            for time, bpm in summary.curve
        ],
    )


def _region(line: Line, beats: range) -> BeatRegion:
    anchor = line.anchor_sec + beats.start * line.period_sec
    return BeatRegion(
        anchor_sec=round(anchor, _TIME_DIGITS),
        bpm=round(60 / line.period_sec, _BPM_DIGITS),
        first_beat_sec=round(anchor, _TIME_DIGITS),
        last_beat_sec=round(anchor + (len(beats) - 1) * line.period_sec, _TIME_DIGITS),
        beats=len(beats),
        interpolated=line.interpolated,
    )


def _downbeats(rhythm: Rhythm, summary: TempoSummary, scope: Scope) -> Downbeats | None:
    first, last = np.searchsorted(rhythm.beats_sec, [scope.start_sec, scope.end_sec])
    bars = rhythm.bars
    sure = float(bars.posterior[first:last].mean()) * summary.confidence
    if sure < _SURE_OF_BARS:
        return None
    begins = bars.position[first:last] == 0
    return Downbeats(
        timestamps_sec=_times(rhythm.beats_sec[first:last][begins]),
        beats_per_bar=int(np.bincount(bars.beats_per_bar[first:last]).argmax()),
        confidence=round(sure, _CONFIDENCE_DIGITS),
    )


def _phrases(onsets: Onsets, downbeats: Downbeats) -> Phrases | None:
    found = find_phrases(onsets, np.array(downbeats.timestamps_sec))
    if found is None or found.confidence * downbeats.confidence < _SURE_OF_PHRASES:
        return None
    return Phrases(
        timestamps_sec=_times(found.times_sec),
        bars_per_phrase=BARS_PER_PHRASE,
        confidence=round(found.confidence * downbeats.confidence, _CONFIDENCE_DIGITS),
    )


def _times(times_sec: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    return [round(time, _TIME_DIGITS) for time in times_sec.tolist()]
