"""The period of the beat over time, in frames of the onset strengths."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from analyzer.arrays import FrameNumbers, TimesSec
from analyzer.features.onsets import Onsets
from analyzer.findings.rhythm.median import median
from analyzer.findings.rhythm.octave import TempoHypothesis, candidates_of
from analyzer.findings.rhythm.pulse import Pulse

__all__ = ["PERIOD_FRAMES", "Periods", "find_periods"]

PERIOD_FRAMES = 16
"""A period holds for so many frames: 0.16 s."""

_UNCLEAR = 0.5
"""Of the median clarity: below it, the tempo of clearer neighbours holds."""

_GLIDE = 0.06


@dataclass(frozen=True)
class Periods:
    """Periods in frames, shape (sixteenths of the frames,)."""

    values: TimesSec

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put together those of parts that follow one another."""
        return cls(np.concatenate([part.values for part in parts]))

    def at(self, frames: FrameNumbers) -> TimesSec:
        """Return the period at some frames."""
        return np.asarray(self.values[frames // PERIOD_FRAMES], np.float64)


def find_periods(onsets: Onsets, pulse: Pulse, hypotheses: Sequence[TempoHypothesis]) -> Periods:
    """Return the pulse as it is read, through parts where it is not clear as around them."""
    usual = median(pulse.clarity)
    # Without any pulse the median may lie below zero, and all moments are as good.
    clear = pulse.clarity >= min(usual, _UNCLEAR * usual)
    moments = np.flatnonzero(clear)
    blocks = np.array([hypothesis.time_sec for hypothesis in hypotheses])
    bpm = np.empty(len(moments), np.float64)
    for number, moment in enumerate(moments):
        hypothesis = hypotheses[int(np.abs(blocks - pulse.time_sec[moment]).argmin())]
        possible = candidates_of(float(pulse.period_sec[moment]))
        bpm[number] = possible[int(np.abs(np.log(possible / hypothesis.bpm)).argmin())]
    frames = np.arange(0, len(onsets.strength), PERIOD_FRAMES) + PERIOD_FRAMES / 2
    time = np.asarray(onsets.start_sec + frames * onsets.interval_sec, np.float64)
    return Periods(60 / _gliding(time, pulse.time_sec[moments], bpm) / onsets.interval_sec)


def _gliding(time: TimesSec, known_sec: TimesSec, bpm: TimesSec) -> TimesSec:
    """Interpolate between neighbours of nearly the same tempo; others change half-way."""
    glide = np.interp(time, known_sec, bpm)
    if len(bpm) < 2:
        return glide
    after = np.clip(np.searchsorted(known_sec, time), 1, len(bpm) - 1)
    nearer = np.where(
        time - known_sec[after - 1] < known_sec[after] - time, bpm[after - 1], bpm[after]
    )
    jumps = np.abs(np.log(bpm[after] / bpm[after - 1])) > _GLIDE
    return np.where(jumps, nearer, glide)
