"""What an answer is worth: metrics of one piece, by mir_eval where it has them."""

from collections.abc import Sequence
from dataclasses import dataclass

import mir_eval
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.scales import parse_key
from benchmarks.accuracy.truth import Span

__all__ = [
    "BeatScore",
    "TempoScore",
    "auc",
    "beat_score",
    "breakdown_drift_ms",
    "breakdown_kept",
    "event_f",
    "key_score",
    "tempo_score",
]

Times = npt.NDArray[np.float64]

_WINDOW_SEC = 0.07
_OCTAVE_TOLERANCE = 0.04
_RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.5, 2 / 3)


@dataclass(frozen=True)
class BeatScore:
    """How well beats fit.

    Attributes:
        f: F-measure with ±70 ms (Dixon, 2007).
        cmlt: Share of beats that are continuous at the right level (Hainsworth, 2004).
        amlt: The same where double, half and off-beat are allowed.
        error_ms: Mean distance of the beats that match; None where none does.
        bias_ms: Their median signed distance: positive is late.

    """

    f: float
    cmlt: float
    amlt: float
    error_ms: float | None
    bias_ms: float | None


@dataclass(frozen=True)
class TempoScore:
    """How well a tempo fits.

    Attributes:
        right: Within 4 % of the truth (MIREX accuracy 1).
        forgiven: Within 4 % of it, or of it times or by 2, 3 or 1.5.
        delta_bpm: Distance in BPM; None unless `right`.

    """

    right: bool
    forgiven: bool
    delta_bpm: float | None


def _times(seconds: Sequence[float]) -> Times:
    return mir_eval.beat.trim_beats(np.asarray(sorted(seconds), np.float64))  # type: ignore[no-any-return]


def beat_score(truth: Sequence[float], heard: Sequence[float]) -> BeatScore:
    """Compare beats; as usual those of the first five seconds do not count."""
    reference, estimate = _times(truth), _times(heard)
    if not len(estimate) or not len(reference):
        return BeatScore(0.0, 0.0, 0.0, None, None)
    f = float(mir_eval.beat.f_measure(reference, estimate, f_measure_threshold=_WINDOW_SEC))
    _, cmlt, _, amlt = mir_eval.beat.continuity(reference, estimate)
    matches = mir_eval.util.match_events(reference, estimate, _WINDOW_SEC)
    if not matches:
        return BeatScore(f, float(cmlt), float(amlt), None, None)
    off = np.array([estimate[there] - reference[here] for here, there in matches]) * 1e3
    error, bias = float(np.abs(off).mean()), float(np.median(off))
    return BeatScore(f, float(cmlt), float(amlt), error, bias)


def event_f(truth: Sequence[float], heard: Sequence[float]) -> float:
    """Return the F-measure of downbeats with ±70 ms."""
    reference, estimate = _times(truth), _times(heard)
    if not len(estimate) or not len(reference):
        return 0.0
    return float(mir_eval.beat.f_measure(reference, estimate, f_measure_threshold=_WINDOW_SEC))


def tempo_score(truth: float, heard: float | None) -> TempoScore:
    """Compare tempi; no answer is wrong."""
    if heard is None or heard <= 0:
        return TempoScore(right=False, forgiven=False, delta_bpm=None)
    fits = [abs(heard / (truth * ratio) - 1) <= _OCTAVE_TOLERANCE for ratio in _RATIOS]
    return TempoScore(
        right=fits[0], forgiven=any(fits), delta_bpm=abs(heard - truth) if fits[0] else None
    )


def breakdown_drift_ms(
    truth: Sequence[float], heard: Sequence[float], breakdown: Span
) -> float | None:
    """Return how far off a grid is at the end of a breakdown: the mean of its last four beats.

    None where no beat was heard within half a period of them.
    """
    beats = np.asarray(truth)
    last = beats[(beats >= breakdown.start_sec) & (beats < breakdown.end_sec)][-4:]
    estimate = np.asarray(sorted(heard))
    if not len(last) or not len(estimate):
        return None
    half = 0.5 * float(np.median(np.diff(beats)))
    distance = np.array([estimate[np.argmin(np.abs(estimate - beat))] - beat for beat in last])
    if (np.abs(distance) > half).any():
        return None
    return float(abs(distance.mean()) * 1e3)


def breakdown_kept(truth: Sequence[float], heard: Sequence[float], breakdown: Span) -> float | None:
    """Return the share of a breakdown's beats that were heard within 70 ms: carried through."""
    beats, estimate = np.asarray(truth), np.asarray(sorted(heard))
    inside = beats[(beats >= breakdown.start_sec) & (beats < breakdown.end_sec)]
    if not len(inside):
        return None
    if not len(estimate):
        return 0.0
    return len(mir_eval.util.match_events(inside, estimate, _WINDOW_SEC)) / len(inside)


def key_score(truth: str, heard: str | None) -> float:
    """Return the MIREX score: 1, fifth 0.5, relative 0.3, parallel 0.2, else 0, as no answer."""
    if heard is None:
        return 0.0
    names = [str(parse_key(name)) for name in (truth, heard)]
    return float(mir_eval.key.weighted_score(*names))


def auc(positive: Sequence[float], negative: Sequence[float]) -> float | None:
    """Return how often a positive scores above a negative; a tie counts half."""
    if not positive or not negative:
        return None
    pairs = [(high > low) + 0.5 * (high == low) for high in positive for low in negative]
    return float(np.mean(pairs))
