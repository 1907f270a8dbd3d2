"""Where bars begin, and whether they have three beats or four.

A network (`tools/train/rhythm.py`) judges each beat by the four beats around it; a hidden Markov
model of bars puts the judgements together, and its posterior says how sure the answer is. A wrong
downbeat is worse than none, so below a threshold there is none.
"""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float64, FrameNumbers
from analyzer.features.onsets import Onsets
from analyzer.findings.rhythm.activation import predict
from analyzer.models.network import Network, load_network

__all__ = ["Bars", "find_bars"]

_METERS = (3, 4)
_STATES = tuple((meter, position) for meter in _METERS for position in range(meter))
_TEMPER = 0.35
"""Judgements of neighbouring beats repeat each other: each counts for a third."""

_CHANGE = 1e-5
"""Probability, at each beat, that bars begin anew: an odd bar, a cut, another track."""

_WALTZES = 0.12
_MOST_ODDS = 5.0


@dataclass(frozen=True)
class Bars:
    """What each beat is in its bar; arrays of shape (beats,).

    Attributes:
        beats_per_bar: 3 or 4.
        position: 0 for a downbeat.
        posterior: How probable that is.

    """

    beats_per_bar: FrameNumbers
    position: FrameNumbers
    posterior: Float64


def find_bars(onsets: Onsets, beats_sec: Float64, *, network: Network | None = None) -> Bars:
    """Return the bars of a beat grid."""
    network = network or load_network("rhythm.json", "bar")
    if len(beats_sec) < 2:
        none = np.zeros(len(beats_sec), np.intp)
        return Bars(none + _METERS[-1], none, none.astype(np.float64))
    frames = np.rint((beats_sec - onsets.start_sec) / onsets.interval_sec).astype(np.intp)
    period = np.gradient(beats_sec) / onsets.interval_sec
    frames = np.clip(frames, 0, len(onsets.strength) - 1)
    log_odds = predict(onsets, frames, period, network).astype(np.float64)
    log_odds = np.clip(log_odds, -_MOST_ODDS, _MOST_ODDS)
    posterior = _posterior(log_odds)
    best = posterior.argmax(axis=1)
    meters = np.array([meter for meter, _ in _STATES], np.intp)
    positions = np.array([position for _, position in _STATES], np.intp)
    return Bars(meters[best], positions[best], posterior[np.arange(len(best)), best])


def _posterior(log_odds: Float64) -> Float64:
    """Return the probability of each state at each beat, by the forward-backward algorithm."""
    down = np.array([position == 0 for _, position in _STATES])
    # In place: of six hours, each of these arrays takes 3 MB.
    evidence = np.where(down, -1.0, 1.0) * log_odds[:, None]
    np.logaddexp(0, evidence, out=evidence)
    evidence *= -_TEMPER
    np.exp(evidence, out=evidence)
    prior = np.array(
        [(_WALTZES if meter == _METERS[0] else 1 - _WALTZES) / meter for meter, _ in _STATES]
    )
    # A bar goes on from position to position and begins anew; now and then anything may follow.
    follower = np.zeros((len(_STATES), len(_STATES)))
    for number, (meter, position) in enumerate(_STATES):
        follower[number, _STATES.index((meter, (position + 1) % meter))] = 1 - _CHANGE
    follower += _CHANGE * prior
    forward, backward = np.empty_like(evidence), np.ones_like(evidence)
    # Scaled at each beat, or six hours would leave the range of float64 (Rabiner, 1989, V.A).
    now = prior
    for seen, row in zip(evidence, forward, strict=True):
        np.multiply(now, seen, out=row)
        np.divide(row, np.add.reduce(row), out=row)
        now = row @ follower
    then = np.ones(len(_STATES))
    for seen, row in zip(evidence[:0:-1], backward[-2::-1], strict=True):
        np.matmul(follower, then * seen, out=row)
        np.divide(row, np.add.reduce(row), out=row)
        then = row
    forward *= backward
    forward /= forward.sum(axis=1, keepdims=True)
    return forward
