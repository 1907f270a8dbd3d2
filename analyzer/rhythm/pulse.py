"""The pulse of the music over time, up to the octave: 90 and 180 beats a minute are one pulse.

Which of them people tap is another question (`octave.py`). To ask it later keeps this one easy: the
autocorrelation of the onset strengths is high at the period, at its halves and at its doubles, so
their sum stands out even where none of them does, and a path through the sums (Viterbi) follows a
mix from track to track.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from analyzer.features.onsets import ATTACKS, Onsets

__all__ = ["LONGEST_PERIOD_SEC", "Pulse", "find_pulse"]

LONGEST_PERIOD_SEC = 1.0
"""Periods of the pulse are given between half of this and this: 60 to 120 a minute."""

_WINDOW = 1024
_HOP = 256
_LAGS = 520
_BATCH = 16
_BINS = 72
"""A bin is 0.97 % of tempo."""

_OCTAVES = ((0.25, 0.6), (0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (4.0, 0.8))
"""Multiples of the period at which the autocorrelation is looked at, and how much they count."""

_STEP_COSTS = (0.0, 0.15, 0.5)
_JUMP_COST = 2.0
_EVIDENCE = 6.0
_FINE = 41
_FINE_RANGE = 0.02

Matrix = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Pulse:
    """The pulse at moments 2.56 s apart; arrays of shape (moments,).

    Attributes:
        time_sec: The middle of each window of 10.24 s.
        period_sec: Between 0.5 and 1 s, but for what the refinement moves it over the edge.
        clarity: Autocorrelation at the period and its octaves, 0–1: below 0.1 there is no pulse.

    """

    time_sec: npt.NDArray[np.float64]
    period_sec: npt.NDArray[np.float64]
    clarity: npt.NDArray[np.float64]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Put together the pulses of parts that follow one another."""
        return cls(
            np.concatenate([part.time_sec for part in parts]),
            np.concatenate([part.period_sec for part in parts]),
            np.concatenate([part.clarity for part in parts]),
        )


def find_pulse(onsets: Onsets) -> Pulse:
    """Return the pulse; of a file shorter than a window there is one moment."""
    correlation = _correlations(onsets.strength[:, :ATTACKS])
    classes = _classes(onsets.interval_sec)
    salience = np.empty((len(correlation), _BINS), np.float32)
    for first in range(0, len(correlation), _BATCH):
        part = slice(first, first + _BATCH)
        np.matmul(correlation[part].astype(np.float32), classes, out=salience[part])
    path = _viterbi(salience)
    starts = np.arange(len(correlation)) * _HOP
    middle = np.minimum(starts + _WINDOW / 2, (starts + len(onsets.strength)) / 2)
    return Pulse(
        onsets.start_sec + middle * onsets.interval_sec,
        _refined(correlation, path, onsets.interval_sec),
        np.asarray(salience[np.arange(len(path)), path], np.float64),
    )


def _correlations(strength: npt.NDArray[np.uint8]) -> npt.NDArray[np.float16]:
    """Return the autocorrelation of each window, all bands together: shape (windows, lags)."""
    count = max(1, 1 + -(-(len(strength) - _WINDOW) // _HOP))
    unbiased = (_WINDOW / (_WINDOW - np.arange(_LAGS))).astype(np.float32)
    # In half precision: six hours are 9 MiB.
    result = np.empty((count, _LAGS), np.float16)
    for first in range(0, count, _BATCH):
        frames = (min(_BATCH, count - first) - 1) * _HOP + _WINDOW
        here = strength[first * _HOP :][:frames]
        padded = np.pad(here, ((0, frames - len(here)), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=0)[::_HOP]
        part = windows.astype(np.float32)
        part -= part.mean(axis=2, keepdims=True)
        spectrum = np.fft.rfft(part, 2 * _WINDOW, axis=2)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        energy = power.mean(axis=2, keepdims=True)
        # A band counts by the root of its energy: a loud kick drum must not drown all others.
        power /= np.sqrt(energy) + 1e-6
        lags = np.fft.irfft(power.sum(axis=1), axis=1)[:, :_LAGS]
        whole = lags[:, :1]
        result[first : first + _BATCH] = lags / np.where(whole > 1e-3, whole, np.inf) * unbiased
    return result


def _classes(interval_sec: float) -> Matrix:
    """Return what adds up the lags that belong to one pulse: shape (lags, bins)."""
    lag = np.arange(_LAGS)[:, None]
    period = LONGEST_PERIOD_SEC / interval_sec * 2.0 ** (-(np.arange(_BINS) + 0.5) / _BINS)
    total = np.zeros((_LAGS, _BINS))
    for multiple, weight in _OCTAVES:
        centre = period * multiple
        width = np.maximum(1.0, centre * 0.012)
        kernel = np.maximum(0.0, 1 - np.abs(lag - centre) / width)
        heard = centre < _LAGS - 1
        total += weight * heard * kernel / np.maximum(kernel.sum(axis=0), 1e-9)
    return (total / sum(weight for _, weight in _OCTAVES)).astype(np.float32)


def _viterbi(salience: Matrix) -> npt.NDArray[np.intp]:
    """Return the bin of each window on the best path; bins are a circle."""
    count, bins = salience.shape
    back = np.empty((count, bins), np.int16)
    here = np.arange(bins)
    moves = [
        (cost, (here - shift) % bins)
        for step, cost in enumerate(_STEP_COSTS)
        for shift in sorted({step, -step})
    ]
    score = _EVIDENCE * salience[0].astype(np.float64)
    for window in range(1, count):
        best = np.full(bins, score.max() - _JUMP_COST)
        origin = np.full(bins, int(score.argmax()))
        for cost, source in moves:
            other = score[source] - cost
            better = other > best
            best = np.where(better, other, best)
            origin = np.where(better, source, origin)
        back[window] = origin
        score = best + _EVIDENCE * salience[window]
        score -= score.max()
    path = np.empty(count, np.intp)
    path[-1] = int(score.argmax())
    for window in range(count - 1, 0, -1):
        path[window - 1] = back[window, path[window]]
    return path


def _refined(
    correlation: npt.NDArray[np.float16], path: npt.NDArray[np.intp], interval_sec: float
) -> npt.NDArray[np.float64]:
    """Return the periods in seconds, to a fraction of a bin, from lags up to five seconds."""
    stretch = np.linspace(1 - _FINE_RANGE, 1 + _FINE_RANGE, _FINE)
    periods = np.empty(len(path))
    for window, number in enumerate(path):
        # Three windows together: a period must not follow the chance of one.
        near = correlation[max(0, window - 1) : window + 2].mean(axis=0, dtype=np.float32)
        coarse = LONGEST_PERIOD_SEC / interval_sec * 2.0 ** (-(number + 0.5) / _BINS)
        lags = coarse * np.array([0.5, 1, 2, 3, 4, 6, 8])[:, None] * stretch
        inside = lags[:, -1] < _LAGS - 1
        lags = lags[inside]
        below = lags.astype(np.intp)
        part = lags - below
        total = (near[below] * (1 - part) + near[below + 1] * part).sum(axis=0)
        periods[window] = coarse * stretch[int(total.argmax())] * interval_sec
    return periods
