"""The likeliest path through states over time: the Viterbi algorithm.

Viterbi, "Error Bounds for Convolutional Codes" (1967); Rabiner, "A Tutorial on Hidden Markov
Models" (1989), section III.B. Everything is a logarithm, so scores add up.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Float64, FrameNumbers

__all__ = ["Reach", "Scores", "change_at_a_cost", "likeliest_path"]

Scores = Float64
"""Of each state, shape (states,)."""

Reach = Callable[[int, Scores], tuple[npt.NDArray[np.integer], Scores]]
"""Told a step and the scores before it, returns for each state of that step from which one it is
reached best, and the score with which."""


def likeliest_path(
    evidence: Sequence[Scores] | npt.NDArray[np.floating], reach: Reach
) -> FrameNumbers:
    """Return the state at each step of the path with the highest sum of evidence and transitions.

    Args:
        evidence: Of the states at each step; their number may differ from step to step.
        reach: How states are reached; it is not asked about the first step.

    """
    most = max(map(len, evidence))
    # As small as may be: of six hours there are some million origins.
    origins = np.empty((len(evidence), most), np.min_scalar_type(most - 1))
    score = np.asarray(evidence[0], np.float64)
    for step in range(1, len(evidence)):
        origin, reached = reach(step, score)
        origins[step, : len(origin)] = origin
        score = reached + evidence[step]
    path = np.empty(len(evidence), np.intp)
    path[-1] = score.argmax()
    for step in range(len(evidence) - 1, 0, -1):
        path[step - 1] = origins[step, path[step]]
    return path


def change_at_a_cost(states: int, cost: float) -> Reach:
    """Let every state follow itself, and every other at one cost; of equals it stays."""
    itself = np.arange(states)

    def reach(_: int, score: Scores) -> tuple[npt.NDArray[np.integer], Scores]:
        best = score.argmax()
        changed = score[best] - cost
        return np.where(score >= changed, itself, best), np.maximum(score, changed)

    return reach
