"""Fit log-linear models of chords and keys, whose weights turn with the root."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Fit", "fit_tied"]

Array = npt.NDArray[np.float32]
Wide = npt.NDArray[np.float64]

Loss = Callable[[Wide], tuple[float, Wide]]

_MEMORY = 12


@dataclass(frozen=True)
class Fit:
    """Weights of shape (2, features · 12) and constants of shape (2,): major and minor."""

    weights: Wide
    constant: Wide

    def scores(self, turned: Array) -> Wide:
        """Return scores of shape (examples, 24) of features as seen from each root."""
        return np.asarray((turned @ self.weights.T + self.constant).reshape(len(turned), 24))


def fit_tied(
    turned: Array,
    truth: npt.NDArray[np.intp],
    *,
    penalty: float,
    counted: npt.NDArray[np.intp] | None = None,
    rounds: int = 150,
) -> Fit:
    """Fit a softmax over 12 roots × major and minor, by L-BFGS.

    Args:
        turned: Features as seen from each root, shape (examples, 12, features · 12).
        truth: 2 · root + minor, shape (examples,).
        counted: How often each example counts, once where it is not given.
        penalty: Of the squared weights of features that are scaled to variance 1.
        rounds: Iterations at most.

    """
    count, _, width = turned.shape
    mean = turned.mean(axis=(0, 1), dtype=np.float64)
    scale = turned.std(axis=(0, 1), dtype=np.float64) + 1e-3
    flat = ((turned - mean) / scale).astype(np.float32).reshape(count * 12, width)
    at = np.arange(count)
    worth = np.ones(count) if counted is None else counted.astype(np.float64)
    worth /= worth.sum()

    def loss(point: Wide) -> tuple[float, Wide]:
        weights, minor = point[:-1].reshape(2, width), point[-1]
        scores = (flat @ weights.T.astype(np.float32)).astype(np.float64)
        scores = (scores + np.array([0.0, minor])).reshape(count, 24)
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        value = -worth @ np.log(likely[at, truth] + 1e-12) + penalty * np.square(weights).sum()
        likely[at, truth] -= 1
        slope = (likely * worth[:, None]).reshape(count * 12, 2)
        gradient = slope.T.astype(np.float32) @ flat + 2 * penalty * weights
        return float(value), np.append(gradient.ravel(), slope[:, 1].sum())

    point = _descend(loss, np.zeros(2 * width + 1), rounds)
    weights = point[:-1].reshape(2, width) / scale
    return Fit(weights, np.array([0.0, point[-1]]) - weights @ mean)


def _descend(loss: Loss, point: Wide, rounds: int) -> Wide:
    value, gradient = loss(point)
    steps: list[Wide] = []
    bends: list[Wide] = []
    for _ in range(rounds):
        way = -_inverse_times(gradient, steps, bends)
        slope = float(gradient @ way)
        length = 1.0 if steps else 1.0 / max(1.0, float(np.abs(gradient).sum()))
        while True:
            new = point + length * way
            new_value, new_gradient = loss(new)
            if new_value <= value + 1e-4 * length * slope or length < 1e-8:
                break
            length *= 0.5
        if value - new_value < 1e-7:
            break
        bend = new_gradient - gradient
        if float(bend @ (new - point)) > 1e-12:
            steps, bends = [*steps, new - point][-_MEMORY:], [*bends, bend][-_MEMORY:]
        point, value, gradient = new, new_value, new_gradient
    return point


def _inverse_times(gradient: Wide, steps: list[Wide], bends: list[Wide]) -> Wide:
    out = gradient.copy()
    shares = []
    for step, bend in zip(reversed(steps), reversed(bends), strict=True):
        share = float(step @ out) / float(step @ bend)
        out -= share * bend
        shares.append(share)
    if steps:
        out *= float(steps[-1] @ bends[-1]) / float(bends[-1] @ bends[-1])
    for step, bend, share in zip(steps, bends, reversed(shares), strict=True):
        out += (share - float(bend @ out) / float(step @ bend)) * step
    return out
