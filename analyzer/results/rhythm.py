"""Tempo, beats, downbeats and phrases in the result."""

from analyzer.arrays import Float64
from analyzer.findings.rhythm.part import Downbeats as DownbeatsFound
from analyzer.findings.rhythm.part import PartRhythm, Region
from analyzer.findings.rhythm.phrases import BARS_PER_PHRASE, PhraseStarts
from analyzer.findings.rhythm.rhythm import Rhythm
from analyzer.findings.rhythm.summary import TempoSummary
from analyzer.results.reasons import NO_BEAT
from analyzer.results.values import Values
from offbeat.descriptors import Alternative, BeatRegion, Downbeats, Phrases, Tempo, TempoPoint

__all__ = ["put_beats", "put_file_beats", "put_rhythm"]

_TIME_DIGITS = 4
_BPM_DIGITS = 3
_CURVE_DIGITS = 2
_CONFIDENCE_DIGITS = 3
_DRUMS_PLAY = 0.5
_NAMES = ("stable_bpm", "tempo", "beat_regions", "downbeats", "phrases")


def put_rhythm(values: Values, found: PartRhythm | None) -> None:
    """Put tempo, regions, downbeats and phrases."""
    if found is None:
        values.leave_out(*_NAMES, missing=NO_BEAT)
        return
    values.put("stable_bpm", round(found.tempo.bpm, _BPM_DIGITS))
    values.put("tempo", _tempo(found.tempo))
    values.put("beat_regions", [_region(region) for region in found.regions])
    if found.downbeats is None:
        values.leave_out("downbeats", "phrases", missing="where bars begin is not sure enough")
        return
    downbeats = _downbeats(found.downbeats)
    values.put("downbeats", downbeats)
    values.put_or_explain(
        "phrases",
        found.phrases and _phrases(found.phrases, downbeats),
        missing="where phrases begin is not sure enough",
    )


def put_beats(values: Values, found: PartRhythm | None) -> None:
    """Put the beats of a track."""
    beats = found and _times(found.beats_sec)
    values.put_or_explain("beat_grid_timestamps", beats, missing=NO_BEAT)


def put_file_beats(values: Values, rhythm: Rhythm, found: PartRhythm | None) -> None:
    """Put the beats of the file, and those of them on which drums play."""
    grid, drums = "global_beat_grid_timestamps", "global_drum_beat_grid_timestamps"
    if found is None:
        values.leave_out(grid, drums, missing=NO_BEAT)
        return
    values.put(grid, _times(rhythm.beats_sec))
    played = rhythm.heard & (rhythm.drums > _DRUMS_PLAY)
    times = _times(rhythm.beats_sec[played]) if played.any() else None
    values.put_or_explain(drums, times, missing="no drums are heard")


def _tempo(found: TempoSummary) -> Tempo:
    return Tempo(
        confidence=round(found.confidence, _CONFIDENCE_DIGITS),
        stability=round(found.stability, _CONFIDENCE_DIGITS),
        alternatives=[
            Alternative(
                bpm=round(other.bpm, _BPM_DIGITS),
                confidence=round(other.confidence, _CONFIDENCE_DIGITS),
            )
            for other in found.alternatives
        ],
        curve=[
            TempoPoint(
                time_sec=round(float(time), _TIME_DIGITS), bpm=round(float(bpm), _CURVE_DIGITS)
            )
            for time, bpm in found.curve
        ],
    )


def _region(region: Region) -> BeatRegion:
    first, period = region.first_beat_sec, region.period_sec
    return BeatRegion(
        anchor_sec=round(first, _TIME_DIGITS),
        bpm=round(60 / period, _BPM_DIGITS),
        first_beat_sec=round(first, _TIME_DIGITS),
        last_beat_sec=round(first + (region.beats - 1) * period, _TIME_DIGITS),
        beats=region.beats,
        interpolated=region.interpolated,
    )


def _downbeats(found: DownbeatsFound) -> Downbeats:
    return Downbeats(
        timestamps_sec=_times(found.times_sec),
        beats_per_bar=found.beats_per_bar,
        confidence=round(found.confidence, _CONFIDENCE_DIGITS),
    )


def _phrases(found: PhraseStarts, downbeats: Downbeats) -> Phrases:
    return Phrases(
        timestamps_sec=_times(found.times_sec),
        bars_per_phrase=BARS_PER_PHRASE,
        confidence=round(found.confidence * downbeats.confidence, _CONFIDENCE_DIGITS),
    )


def _times(times_sec: Float64) -> list[float]:
    return [round(time, _TIME_DIGITS) for time in times_sec.tolist()]
