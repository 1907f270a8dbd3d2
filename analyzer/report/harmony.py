"""Key and tuning of a file or of one of its tracks."""

import math

from analyzer.features.extract import Features
from analyzer.features.harmony import STEPS_PER_FRAME, Harmony
from analyzer.measures.key import KeyReading, KeyStretch, ScoredKey, read_key
from analyzer.measures.key_model import load_key_model
from analyzer.measures.key_names import camelot, musical, open_key
from analyzer.report.explained import Explained
from analyzer.report.scope import Scope

__all__ = ["harmony_figures"]

_NAMES = ("key", "key_segments")
_BLENDED_SEC = 32.0
_BLENDED_SHARE = 0.25
_CONFIDENCE_DIGITS = 3
_CENTS_DIGITS = 1
_TIME_DIGITS = 3


def harmony_figures(features: Features, scope: Scope, *, explained: Explained) -> dict[str, object]:
    """Return the key, and keys over time.

    Where a track has a neighbour, what may be blended with it does not count: the 32 s on that
    side, but never more than a quarter of the track.
    """
    step_sec = features.grid.step / features.grid.rate
    frame_sec = step_sec * STEPS_PER_FRAME
    start, end = _interior_sec(scope)
    whole = len(features.harmony.pitches)
    first = min(whole, math.ceil(start / frame_sec))
    last = whole if end >= features.duration_sec else min(whole, int(end / frame_sec))
    heard = Harmony(features.harmony.pitches[first:last], features.harmony.tuning[first:last])
    reading = read_key(
        heard,
        load_key_model(),
        from_start_to_end=not (scope.after_neighbour or scope.before_neighbour),
    )
    if reading is None:
        explained.null(*_NAMES, because="no tonal content: no 4 s of it are notes in one tuning")
        return dict.fromkeys(_NAMES)
    edges = (first * frame_sec, min(last * frame_sec, features.duration_sec))
    return {
        "key": _key(reading),
        "key_segments": [
            _segment(stretch, edges, frame_sec=frame_sec) for stretch in reading.stretches
        ],
    }


def _interior_sec(scope: Scope) -> tuple[float, float]:
    blended = min(_BLENDED_SEC, _BLENDED_SHARE * (scope.end_sec - scope.start_sec))
    return (
        scope.start_sec + blended * scope.after_neighbour,
        scope.end_sec - blended * scope.before_neighbour,
    )


def _key(reading: KeyReading) -> dict[str, object]:
    return {
        **_named(reading.key),
        "runner_up": _named(reading.runner_up),
        "tuning_cents": round(reading.tuning_cents, _CENTS_DIGITS),
    }


def _named(key: ScoredKey) -> dict[str, object]:
    return {
        "musical": musical(key.tonic, minor=key.minor),
        "camelot": camelot(key.tonic, minor=key.minor),
        "open_key": open_key(key.tonic, minor=key.minor),
        "confidence": round(key.confidence, _CONFIDENCE_DIGITS),
    }


def _segment(
    stretch: KeyStretch, edges: tuple[float, float], *, frame_sec: float
) -> dict[str, object]:
    start, end = (
        min(edges[0] + frame * frame_sec, edges[1]) for frame in (stretch.first, stretch.end)
    )
    return {
        "start_sec": round(start, _TIME_DIGITS),
        "end_sec": round(end, _TIME_DIGITS),
        "musical": musical(stretch.key.tonic, minor=stretch.key.minor),
        "camelot": camelot(stretch.key.tonic, minor=stretch.key.minor),
        "confidence": round(stretch.key.confidence, _CONFIDENCE_DIGITS),
    }
