"""The tempo of a file or of a part of it, put together from its beats."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Mask, TimesSec
from analyzer.findings.rhythm.median import median
from analyzer.findings.rhythm.octave import TempoHypothesis
from analyzer.findings.rhythm.rhythm import Rhythm

__all__ = ["OtherTempo", "TempoSummary", "summarise_tempo"]

_FEWEST_HEARD = 8
_CLEAREST = 0.25
"""Clarity of the pulse from which on it leaves no doubt."""

_LEAST_CLEAR = 0.03
_SAME_LINE = 0.001
_MOST_OF_IT = 0.5
_STEADY = 0.005
_SAME_TEMPO = 0.04
_LEAST_LIKELY = 0.02
_OTHERS = 4
_CURVE_BEATS = 16


@dataclass(frozen=True)
class OtherTempo:
    """Another hypothesis, in beats a minute, and how likely it is, 0–1."""

    bpm: float
    confidence: float


@dataclass(frozen=True)
class TempoSummary:
    """The tempo of a part.

    Attributes:
        bpm: Beats a minute: of the steady region that most beats lie on, else the median.
        confidence: That it is right, its octave included, 0–1.
        stability: Share of the beats around which the tempo is within 0.5 % of it, 0–1.
        alternatives: Other hypotheses, the likeliest first.
        curve: TimesSec in seconds and beats a minute from there on, shape (points, 2).

    """

    bpm: float
    confidence: float
    stability: float
    alternatives: Sequence[OtherTempo]
    curve: TimesSec


def summarise_tempo(rhythm: Rhythm, start_sec: float, end_sec: float) -> TempoSummary | None:
    """Return the tempo between two moments; none when there are too few beats to tell."""
    inside = (rhythm.beats_sec >= start_sec) & (rhythm.beats_sec < end_sec)
    heard = inside & rhythm.heard
    clarity = _clarity(rhythm, start_sec, end_sec)
    if heard.sum() < _FEWEST_HEARD or clarity < _LEAST_CLEAR:
        return None
    bpm = _bpm(rhythm, heard, start_sec, end_sec)
    near = np.abs(60 / rhythm.period_sec[heard] / bpm - 1) < _STEADY
    hypotheses = _within(rhythm.hypotheses, start_sec, end_sec)
    likely, others = _likelihoods(hypotheses, bpm)
    return TempoSummary(
        bpm,
        likely * min(1.0, clarity / _CLEAREST) ** 0.5,
        float(near.mean()),
        others,
        _curve(rhythm, inside),
    )


def _clarity(rhythm: Rhythm, start_sec: float, end_sec: float) -> float:
    time = rhythm.pulse.time_sec
    inside = (time >= start_sec) & (time < end_sec)
    if not inside.any():
        inside = np.arange(len(time)) == np.abs(time - (start_sec + end_sec) / 2).argmin()
    return median(rhythm.pulse.clarity[inside])


def _bpm(rhythm: Rhythm, heard: Mask, start_sec: float, end_sec: float) -> float:
    regions = [region for region in rhythm.regions if not region.interpolated]
    counts = np.array([len(region.within(start_sec, end_sec)) for region in regions], np.float64)
    if counts.sum() > _MOST_OF_IT * heard.sum():
        longest = regions[int(counts.argmax())]
        periods = np.array([region.period_sec for region in regions])
        same = np.abs(periods / longest.period_sec - 1) < _SAME_LINE
        if counts[same].sum() > _MOST_OF_IT * heard.sum():
            # The variance of a slope falls with the cube of the number of points.
            weight = same * counts**3
            return float(60 / ((weight * periods).sum() / weight.sum()))
    return 60 / median(rhythm.period_sec[heard])


def _within(
    hypotheses: Sequence[TempoHypothesis], start_sec: float, end_sec: float
) -> Sequence[TempoHypothesis]:
    inside = [hypothesis for hypothesis in hypotheses if start_sec <= hypothesis.time_sec < end_sec]
    if inside:
        return inside
    middle = (start_sec + end_sec) / 2
    return [min(hypotheses, key=lambda hypothesis: abs(hypothesis.time_sec - middle))]


def _likelihoods(
    hypotheses: Sequence[TempoHypothesis], bpm: float
) -> tuple[float, list[OtherTempo]]:
    """Return how likely the tempo is, and other tempi, all as multiples of it."""
    total: dict[float, float] = defaultdict(float)
    for hypothesis in hypotheses:
        odds = np.exp(hypothesis.log_odds - hypothesis.log_odds.max())
        for candidate, share in zip(hypothesis.candidates_bpm, odds / odds.sum(), strict=True):
            known = next(
                (ratio for ratio in total if abs(candidate / bpm / ratio - 1) < _SAME_TEMPO),
                float(candidate / bpm),
            )
            total[known] += float(share) / len(hypotheses)
    own = [ratio for ratio in total if abs(ratio - 1) < _SAME_TEMPO]
    likely = sum(total.pop(ratio) for ratio in own)
    ordered = sorted(total.items(), key=lambda item: -item[1])[:_OTHERS]
    others = [OtherTempo(bpm * ratio, share) for ratio, share in ordered if share > _LEAST_LIKELY]
    return likely, others


def _curve(rhythm: Rhythm, inside: Mask) -> TimesSec:
    """Return a point where the tempo changes by 0.01 beats a minute, one in 16 beats at most."""
    time = rhythm.beats_sec[inside][::_CURVE_BEATS]
    bpm = np.round(60 / rhythm.period_sec[inside][::_CURVE_BEATS], 2)
    changed = np.concatenate([[True], np.diff(bpm) != 0])
    return np.stack([time[changed], bpm[changed]], axis=1)
