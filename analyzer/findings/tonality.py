"""Key, tuning and keys over time of a file or of one of its tracks."""

import math
from dataclasses import dataclass

from analyzer.features.extract import Features
from analyzer.features.harmony import STEPS_PER_FRAME, Harmony
from analyzer.findings.key.estimate import ScoredKey, estimate_key
from analyzer.findings.key.model import load_key_model
from analyzer.findings.scope import Scope

__all__ = ["TimedKey", "Tonality", "find_tonality"]

_BLENDED_SEC = 32.0
_BLENDED_SHARE = 0.25


@dataclass(frozen=True)
class TimedKey:
    """A key, and the seconds in which it holds."""

    start_sec: float
    end_sec: float
    key: ScoredKey


@dataclass(frozen=True, kw_only=True)
class Tonality:
    """The likeliest key, the next one, cents above A = 440 Hz, and keys over time without gaps."""

    key: ScoredKey
    runner_up: ScoredKey
    tuning_cents: float
    segments: list[TimedKey]


def find_tonality(features: Features, scope: Scope) -> Tonality | None:
    """Return the key, and keys over time; `None` without tonal content.

    Where a track has a neighbour, what may be blended with it does not count: the 32 s on that
    side, but never more than a quarter of the track.
    """
    frame_sec = features.grid.step / features.grid.rate * STEPS_PER_FRAME
    start, end = _interior_sec(scope)
    whole = len(features.harmony.pitch_salience)
    first = min(whole, math.ceil(start / frame_sec))
    last = whole if end >= features.duration_sec else min(whole, int(end / frame_sec))
    estimate = estimate_key(
        Harmony(features.harmony.pitch_salience[first:last], features.harmony.tuning[first:last]),
        load_key_model(),
        from_start_to_end=not (scope.after_neighbour or scope.before_neighbour),
    )
    if estimate is None:
        return None
    begins_sec = first * frame_sec
    ends_sec = min(last * frame_sec, features.duration_sec)
    return Tonality(
        key=estimate.key,
        runner_up=estimate.runner_up,
        tuning_cents=estimate.tuning_cents,
        segments=[
            TimedKey(
                min(begins_sec + segment.first * frame_sec, ends_sec),
                min(begins_sec + segment.end * frame_sec, ends_sec),
                segment.key,
            )
            for segment in estimate.segments
        ],
    )


def _interior_sec(scope: Scope) -> tuple[float, float]:
    blended = min(_BLENDED_SEC, _BLENDED_SHARE * (scope.end_sec - scope.start_sec))
    return (
        scope.start_sec + blended * scope.after_neighbour,
        scope.end_sec - blended * scope.before_neighbour,
    )
