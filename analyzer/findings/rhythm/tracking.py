"""The sequence of beats that fits best: likely moments, about a period apart.

Dynamic programming as in Ellis, "Beat Tracking by Dynamic Programming" (2007), with a period that
changes over time. It is worked out a good half of a period at a time: none of these frames can
follow another of them.
"""

import numpy as np

from analyzer.arrays import Float32, FrameNumbers
from analyzer.findings.rhythm.periods import PERIOD_FRAMES, Periods

__all__ = ["track_beats"]

_SHORTEST, _LONGEST = 0.72, 1.38
_TIGHTNESS = 0.045
"""Standard deviation of the logarithm of an interval over the period."""

_MOST_ODDS = 6.0
_FRAMES_AT_ONCE = 16_384


def track_beats(log_odds: Float32, periods: Periods) -> FrameNumbers:
    """Return the frames of the beats, given the odds of each frame and the period of the beat."""
    count = len(log_odds)
    longest = int(np.ceil(periods.values.max() * _LONGEST)) + 1
    # Scores of the last frames only: what led to the earlier ones is kept as a lag. Before the
    # first frame nothing has been gained, and any frame may be the first beat.
    scores = np.zeros(longest + _FRAMES_AT_ONCE + longest)
    earlier = np.lib.stride_tricks.sliding_window_view(scores, longest + 1)[:, ::-1]
    lag = np.empty(count, np.min_scalar_type(longest))
    rows = np.arange(longest)
    first, period = 0, 0.0
    while first < count:
        start, until = first, min(first + _FRAMES_AT_ONCE, count)
        odds = np.clip(log_odds[start : until + longest], -_MOST_ODDS, _MOST_ODDS)
        while first < until:
            here = float(periods.values[first // PERIOD_FRAMES])
            if here != period:
                lags = np.arange(int(here * _SHORTEST), int(np.ceil(here * _LONGEST)) + 1)
                cost = 0.5 * np.square(np.log(lags / here) / _TIGHTNESS)
                shortest, end, period = int(lags[0]), int(lags[-1]) + 1, here
            last = min(first + shortest, count)
            these = slice(first - start, last - start)
            reached = earlier[these, shortest:end] - cost
            best = reached.argmax(axis=1)
            gained = reached[rows[: last - first], best]
            np.add(gained, odds[these], out=scores[longest:][these])
            lag[first:last] = lags[best]
            first = last
        scores[:longest] = scores[first - start : first - start + longest]
    tail = int(min(count, np.ceil(periods.values[-1])))
    frame = count - tail + int(scores[longest - tail : longest].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame -= int(lag[frame])
    return np.array(beats[::-1], np.intp)
