"""The pulse of the music over time, up to the octave: 90 and 180 beats a minute are one pulse.

Which of them people tap is another question (`octave.py`). To ask it later keeps this one easy: the
autocorrelation of the onset strengths is high at the period, at its halves and at its doubles, so
their sum stands out even where none of them does, and a path through the sums (Viterbi) follows a
mix from track to track.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float32, Float64, FrameNumbers, UInt8
from analyzer.features.onsets import ATTACKS, Onsets
from analyzer.findings.viterbi import Reach, Scores, likeliest_path

__all__ = ["LONGEST_PERIOD_SEC", "Pulse", "find_pulse"]

LONGEST_PERIOD_SEC = 1.0
"""Periods of the pulse are given between half of this and this: 60 to 120 a minute."""

_WINDOW = 1024
_HOP = 256
_LAGS = 520
_BATCH = 12
"""Windows at a time: to transform more, numpy would take 2 MB each time, and give them back."""

_ROWS = 16
_BINS = 72
"""A bin is 0.97 % of tempo."""

_OCTAVES = ((0.25, 0.6), (0.5, 1.0), (1.0, 1.0), (2.0, 1.0), (4.0, 0.8))
"""Multiples of the period at which the autocorrelation is looked at, and how much they count."""

_STEP_COSTS = (0.0, 0.15 / 6, 0.5 / 6)
"""Of moving so many bins from a window to the next; like the cost of a jump, in saliences."""

_JUMP_COST = 2.0 / 6
_FINE = 41
_FINE_RANGE = 0.02


@dataclass(frozen=True)
class Pulse:
    """The pulse at moments 2.56 s apart; arrays of shape (moments,).

    Attributes:
        time_sec: The middle of each window of 10.24 s.
        period_sec: Between 0.5 and 1 s, but for what the refinement moves it over the edge.
        clarity: Autocorrelation at the period and its octaves, 0–1: below 0.1 there is no pulse.

    """

    time_sec: Float64
    period_sec: Float64
    clarity: Float64

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
    for first in range(0, len(correlation), _ROWS):
        part = slice(first, first + _ROWS)
        np.matmul(correlation[part].astype(np.float32), classes, out=salience[part])
    path = likeliest_path(salience, _reach())
    starts = np.arange(len(correlation)) * _HOP
    middle = np.minimum(starts + _WINDOW / 2, (starts + len(onsets.strength)) / 2)
    return Pulse(
        onsets.start_sec + middle * onsets.interval_sec,
        _refined(correlation, path, onsets.interval_sec),
        np.asarray(salience[np.arange(len(path)), path], np.float64),
    )


def _correlations(strength: UInt8) -> npt.NDArray[np.float16]:
    """Return the autocorrelation of each window, all bands together: shape (windows, lags)."""
    count = max(1, 1 + -(-(len(strength) - _WINDOW) // _HOP))
    unbiased = (_WINDOW / (_WINDOW - np.arange(_LAGS))).astype(np.float32)
    # In half precision: six hours are 9 MiB.
    result = np.empty((count, _LAGS), np.float16)
    for first in range(0, count, _BATCH):
        windows = min(_BATCH, count - first)
        here = strength[first * _HOP :][: (windows - 1) * _HOP + _WINDOW]
        power = _powers(here, windows)
        energy = power.mean(axis=0)
        # A band counts by the root of its energy: a loud kick drum must not drown all others.
        power /= np.sqrt(energy) + 1e-6
        # Wiener–Khinchin: the autocorrelation is the transform of the power spectrum.
        lags = np.fft.irfft(_over_bands(power), axis=0)[:_LAGS].T
        whole = lags[:, :1]
        result[first : first + _BATCH] = lags / np.where(whole > 1e-3, whole, np.inf) * unbiased
    return result


def _powers(strength: UInt8, windows: int) -> Float32:
    """Return the power spectra of windows: shape (frequencies, windows, bands)."""
    bands = strength.shape[1]
    padded = np.zeros(((windows - 1) * _HOP + _WINDOW, bands), np.float32)
    padded[: len(strength)] = strength
    sums = padded.reshape(-1, _HOP, bands).sum(axis=1)
    total = np.lib.stride_tricks.sliding_window_view(sums, _WINDOW // _HOP, axis=0).sum(axis=2)
    part = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=0)[::_HOP]
    part = part - total[:, :, None] / np.float32(_WINDOW)
    spectrum = np.empty((_WINDOW + 1, windows, bands), np.complex64)
    rows = spectrum.transpose(1, 2, 0)
    np.fft.rfft(part, 2 * _WINDOW, axis=2, out=rows)  # type: ignore[arg-type]  # is float32
    power = np.square(spectrum.real)
    power += np.square(spectrum.imag)
    return power


def _over_bands(power: Float32) -> Float32:
    """Return the sum over the last axis, of length 8, in pairs: four times as fast as numpy's."""
    flat = power.reshape(-1)
    for _ in range(3):
        flat = flat[::2] + flat[1::2]
    return flat.reshape(power.shape[:-1])


@cache
def _classes(interval_sec: float) -> Float32:
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


def _reach() -> Reach:
    """Let the pulse drift by a bin or two, or jump; bins are a circle."""
    moves = [
        (cost, (np.arange(_BINS) - shift) % _BINS)
        for step, cost in enumerate(_STEP_COSTS)
        for shift in sorted({step, -step})
    ]
    costs = np.array([[cost] for cost, _ in moves])
    sources = np.stack([source for _, source in moves])
    here = np.arange(_BINS)
    # To jump, then to stay, then steps: of equals the first is chosen.
    reached = np.empty((1 + len(moves), _BINS))
    origins = np.empty((1 + len(moves), _BINS), np.intp)
    origins[1:] = sources

    def reach(_: int, score: Scores) -> tuple[FrameNumbers, Scores]:
        likeliest = int(score.argmax())
        reached[0], origins[0] = score[likeliest] - _JUMP_COST, likeliest
        np.subtract(score[sources], costs, out=reached[1:])
        choice = reached.argmax(axis=0)
        return origins[choice, here], reached[choice, here]

    return reach


def _refined(
    correlation: npt.NDArray[np.float16], path: FrameNumbers, interval_sec: float
) -> Float64:
    """Return the periods in seconds, to a fraction of a bin, from lags up to five seconds."""
    stretch = np.linspace(1 - _FINE_RANGE, 1 + _FINE_RANGE, _FINE)
    multiples = np.array([0.5, 1, 2, 3, 4, 6, 8])[:, None]
    bins = [LONGEST_PERIOD_SEC / interval_sec * 2.0 ** (-(n + 0.5) / _BINS) for n in range(_BINS)]
    coarse = np.array(bins)[path]
    finest = np.empty(len(path), np.intp)
    for first in range(0, len(path), _ROWS):
        near = _with_neighbours(correlation, first, min(first + _ROWS, len(path)))
        lags = coarse[first : first + _ROWS, None, None] * multiples * stretch
        # Multiples of a period magnify its error: eight of them tell it to an eighth of a lag.
        inside = lags[:, :, -1:] < _LAGS - 1
        below = np.minimum(lags.astype(np.intp), _LAGS - 2)
        part = lags - below
        below += np.arange(len(near))[:, None, None] * _LAGS
        between = near.take(below) * (1 - part) + near.take(below + 1) * part
        finest[first : first + _ROWS] = np.where(inside, between, 0.0).sum(axis=1).argmax(axis=1)
    return np.asarray(coarse * stretch[finest] * interval_sec)


def _with_neighbours(correlation: npt.NDArray[np.float16], first: int, end: int) -> Float32:
    """Return the mean of each window and those beside it: a period must not follow one's chance."""
    count = len(correlation)
    start, stop = max(0, first - 1), min(count, end + 1)
    wide = np.zeros((end - first + 2, _LAGS), np.float32)
    wide[start - first + 1 : stop - first + 1] = correlation[start:stop]
    number = np.arange(first, end)
    windows = np.minimum(number + 2, count) - np.maximum(number - 1, 0)
    total = wide[:-2] + wide[1:-1] + wide[2:]
    return np.asarray(total / windows[:, None], np.float32)
