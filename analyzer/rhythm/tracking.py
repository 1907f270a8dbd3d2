"""The sequence of beats that fits best: likely moments, about a period apart.

Dynamic programming as in Ellis, "Beat Tracking by Dynamic Programming" (2007), with a period that
changes over time. It is worked out a good half of a period at a time: none of these frames can
follow another of them.
"""

import numpy as np
import numpy.typing as npt

from analyzer.rhythm.periods import Periods

__all__ = ["track_beats"]

_SHORTEST, _LONGEST = 0.72, 1.38
_TIGHTNESS = 0.045
"""Standard deviation of the logarithm of an interval over the period."""

_MOST_ODDS = 6.0


def track_beats(log_odds: npt.NDArray[np.float32], periods: Periods) -> npt.NDArray[np.intp]:
    """Return the frames of the beats, given the odds of each frame and the period of the beat."""
    count = len(log_odds)
    longest = int(np.ceil(periods.values.max() * _LONGEST)) + 1
    # Scores of the last frames only: what led to the earlier ones is kept as a lag. Before the
    # first frame nothing has been gained, and any frame may be the first beat.
    scores = np.zeros(longest)
    lag = np.empty(count, np.int16)
    first = 0
    while first < count:
        here = float(periods.at(np.array([first]))[0])
        lags = np.arange(int(here * _SHORTEST), int(np.ceil(here * _LONGEST)) + 1)
        last = min(first + int(lags[0]), count)
        cost = 0.5 * np.square(np.log(lags / here) / _TIGHTNESS)
        reached = scores[longest + np.arange(last - first)[:, None] - lags] - cost
        best = reached.argmax(axis=1)
        odds = np.clip(log_odds[first:last].astype(np.float64), -_MOST_ODDS, _MOST_ODDS)
        gained = reached[np.arange(len(best)), best] + odds
        lag[first:last] = lags[best]
        scores = np.concatenate([scores, gained])[-longest:]
        first = last
    tail = int(min(count, np.ceil(periods.values[-1])))
    frame = count - tail + int(scores[-tail:].argmax())
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame -= int(lag[frame])
    return np.array(beats[::-1], np.intp)
