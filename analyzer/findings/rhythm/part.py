"""The rhythm of a file or of one of its tracks: what of the file's beats can be relied on there."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.arrays import TimesSec
from analyzer.features.onsets import Onsets
from analyzer.findings.rhythm.phrases import PhraseStarts, find_phrases
from analyzer.findings.rhythm.regions import BeatRegion
from analyzer.findings.rhythm.rhythm import Rhythm
from analyzer.findings.rhythm.summary import TempoSummary, summarise_tempo

__all__ = ["Downbeats", "PartRhythm", "Region", "find_part_rhythm"]

_SURE_OF_BARS = 0.75
_SURE_OF_PHRASES = 0.6


@dataclass(frozen=True)
class Region:
    """Beats of a steady region that lie in the part: the first, the period, and how many."""

    first_beat_sec: float
    period_sec: float
    beats: int
    interpolated: bool


@dataclass(frozen=True)
class Downbeats:
    """First beats of bars in seconds, shape (bars,); their meter, and how sure they are, 0–1."""

    times_sec: TimesSec
    beats_per_bar: int
    confidence: float


@dataclass(frozen=True, kw_only=True)
class PartRhythm:
    """The rhythm of a part.

    Attributes:
        tempo: Its tempo.
        beats_sec: Its beats, shape (beats,).
        regions: Its steady regions, in order.
        downbeats: `None` if they are not sure enough: a wrong one is worse than none.
        phrases: `None` if they are not sure enough; their confidence holds if the downbeats do.

    """

    tempo: TempoSummary
    beats_sec: TimesSec
    regions: Sequence[Region]
    downbeats: Downbeats | None
    phrases: PhraseStarts | None


def find_part_rhythm(
    rhythm: Rhythm, onsets: Onsets, *, start_sec: float, end_sec: float
) -> PartRhythm | None:
    """Return the rhythm between two moments; `None` without a steady beat."""
    tempo = summarise_tempo(rhythm, start_sec, end_sec)
    if tempo is None:
        return None
    first, last = np.searchsorted(rhythm.beats_sec, [start_sec, end_sec]).tolist()
    downbeats = _downbeats(rhythm, slice(first, last), tempo)
    return PartRhythm(
        tempo=tempo,
        beats_sec=rhythm.beats_sec[first:last],
        regions=[
            _region(region, beats)
            for region in rhythm.regions
            if (beats := region.within(start_sec, end_sec))
        ],
        downbeats=downbeats,
        phrases=None if downbeats is None else _phrases(onsets, downbeats),
    )


def _region(region: BeatRegion, beats: range) -> Region:
    first_beat_sec = region.anchor_sec + beats.start * region.period_sec
    return Region(first_beat_sec, region.period_sec, len(beats), region.interpolated)


def _downbeats(rhythm: Rhythm, part: slice, tempo: TempoSummary) -> Downbeats | None:
    bars = rhythm.bars
    confidence = float(bars.posterior[part].mean()) * tempo.confidence
    if confidence < _SURE_OF_BARS:
        return None
    return Downbeats(
        rhythm.beats_sec[part][bars.position[part] == 0],
        int(np.bincount(bars.beats_per_bar[part]).argmax()),
        confidence,
    )


def _phrases(onsets: Onsets, downbeats: Downbeats) -> PhraseStarts | None:
    found = find_phrases(onsets, downbeats.times_sec)
    if found is None or found.confidence * downbeats.confidence < _SURE_OF_PHRASES:
        return None
    return found
