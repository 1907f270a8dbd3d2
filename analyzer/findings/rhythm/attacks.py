"""The attack next to each beat, by which the beat is timed."""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, FrameNumbers, Mask, TimesSec
from analyzer.features.onsets import ATTACKS, Onsets
from analyzer.findings.rhythm.median import medians
from analyzer.findings.rhythm.parts import in_parts, mean_strength

__all__ = ["Measured", "measure"]

_REACH = 4
"""Frames to either side of a tracked beat in which its attack is looked for."""

_SHARP = np.array([0.0, 0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 2.0], np.float32)
"""The bands by which attacks are timed: low ones rise slowly."""

_RISEN = 0.25
_RISE_SEC = 0.0113
"""From there to the moment of the attack, as frames are dated; measured with clicks and drums."""

_USUAL = 16
_NEIGHBOURHOOD = 160
_OF_NEIGHBOURS = 0.4
"""An attack is one if it is so high in relation to what is usual in 160 beats before and after."""

_AROUND = 400
_CLEAR = 1.5
"""An attack is one if it is so many times as strong as the mean of the 8 s around it."""


@dataclass(frozen=True)
class Measured:
    """Tracked beats with the moments of their attacks; arrays of shape (beats,).

    Attributes:
        time_sec: The attack, or where there is none, the tracked frame.
        weight: 0 where there is no attack.

    """

    time_sec: TimesSec
    weight: TimesSec


@dataclass(frozen=True)
class _Attacks:
    """Frame, height and clarity of the attacks next to some beats."""

    frame: TimesSec
    height: Float32
    clear: Mask


def measure(onsets: Onsets, frames: FrameNumbers) -> Measured:
    """Return the attack next to each tracked beat: where its strength reaches a quarter.

    The middle of an attack comes later when the sound lasts, by 4 ms of a cymbal; its first rise is
    the same for clicks, drums and noise, to a millisecond.
    """
    time = np.empty(len(frames), np.float64)
    height = np.empty(len(frames), np.float64)
    clear = np.empty(len(frames), bool)
    quiet = 0.1 * float(mean_strength(onsets)[:ATTACKS] @ _SHARP) + 1.0
    for part in in_parts(onsets, frames):
        strength = (part.strength[:, :ATTACKS] @ _SHARP).astype(np.float32)
        here = frames[part.which] - part.start
        found = _attacks(strength, here, quiet)
        time[part.which] = found.frame + part.start
        height[part.which] = found.height
        clear[part.which] = found.clear
    clear &= height >= _OF_NEIGHBOURS * _surroundings(height)
    time += np.where(clear, _RISE_SEC / onsets.interval_sec, 0.0)
    seconds = np.asarray(onsets.start_sec + time * onsets.interval_sec, np.float64)
    return Measured(seconds, clear.astype(np.float64))


def _attacks(strength: Float32, frames: FrameNumbers, quiet: float) -> _Attacks:
    """Return where the attack next to each frame has risen to a quarter, and whether it is one."""
    around = np.clip(frames[:, None] + np.arange(-_REACH, _REACH + 1), 0, len(strength) - 1)
    # The tracked frame is the likeliest, but an attack two frames on is this beat's as well.
    likely = np.exp(-0.5 * np.square(np.arange(-_REACH, _REACH + 1) / 2.5))
    peak = around[np.arange(len(frames)), (strength[around] * likely).argmax(axis=1)]
    threshold = _RISEN * strength[peak]
    rise = peak
    for _ in range(_REACH):
        before = np.maximum(rise - 1, 0)
        rise = np.where(strength[before] > threshold, before, rise)
    low, high = strength[np.maximum(rise - 1, 0)], strength[rise]
    part = np.where(high > low, (threshold - low) / np.where(high > low, high - low, 1.0), 1.0)
    clear = strength[peak] > np.maximum(_CLEAR * _mean_around(strength, frames), quiet)
    return _Attacks(np.where(clear, rise - 1 + part, frames), strength[peak], clear)


def _surroundings(height: TimesSec) -> TimesSec:
    """Return what is usual before and after each beat, whichever is less.

    In a breakdown between two parts with drums the drums are usual: the attacks of a pad there are
    not beats. Towards the end of a track they are all there is.
    """
    if len(height) < _USUAL:
        return np.zeros(len(height))
    usual = medians(np.lib.stride_tricks.sliding_window_view(height, _USUAL))
    before = np.concatenate([np.zeros(_USUAL - 1), usual])
    after = np.concatenate([usual, np.zeros(_USUAL - 1)])
    return np.minimum(_highest_of_last(before), _highest_of_last(after[::-1])[::-1])


def _highest_of_last(values: TimesSec) -> TimesSec:
    """Return the highest of each value and of those in the `_NEIGHBOURHOOD` before it."""
    padded = np.concatenate([np.zeros(_NEIGHBOURHOOD - 1), values])
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURHOOD).max(axis=1))


def _mean_around(values: Float32, frames: FrameNumbers) -> TimesSec:
    """Return the mean of the 8 s around each frame."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    first = np.maximum(frames - _AROUND, 0)
    last = np.minimum(frames + _AROUND, len(values))
    return np.asarray((total[last] - total[first]) / (last - first), np.float64)
