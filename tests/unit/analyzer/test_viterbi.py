"""The path is the best of all, whatever the states and the costs."""

from collections.abc import Sequence
from itertools import pairwise, product

import numpy as np
import pytest

from analyzer.findings.viterbi import Reach, Scores, change_at_a_cost, likeliest_path


def total(path: Sequence[int], evidence: Sequence[Scores], cost: float) -> float:
    """Return what a path is worth."""
    gained = sum(float(row[state]) for row, state in zip(evidence, path, strict=True))
    return gained - cost * sum(before != after for before, after in pairwise(path))


@pytest.mark.parametrize(("steps", "states"), [(1, 1), (1, 4), (7, 1), (9, 2), (6, 4)])
@pytest.mark.parametrize("cost", [0.0, 1.0, 3.0, 1e9])
def test_it_is_the_best_of_all(steps: int, states: int, cost: float) -> None:
    """Against every sequence of states, tried one by one."""
    random = np.random.default_rng(5)
    for _ in range(10):
        evidence = random.normal(0, 3, (steps, states))
        found = likeliest_path(evidence, change_at_a_cost(states, cost)).tolist()
        every = product(range(states), repeat=steps)
        best = max(total(path, evidence, cost) for path in every)  # type: ignore[arg-type]
        assert total(found, evidence, cost) == pytest.approx(best)  # type: ignore[arg-type]


def test_of_equals_it_stays() -> None:
    """A change that gains nothing is none."""
    evidence = np.array([[0.0, 0.0, 1.0], [0.0, 3.0, 1.0], [0.0, 0.0, 1.5]])
    assert likeliest_path(evidence, change_at_a_cost(3, 1.0)).tolist() == [2, 2, 2]
    assert likeliest_path(np.zeros((4, 3)), change_at_a_cost(3, 0.0)).tolist() == [0, 0, 0, 0]


def next_only(sizes: Sequence[int]) -> Reach:
    """Let each state be reached from that of its number, or from the last there is."""

    def reach(step: int, score: Scores) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], Scores]:
        origin = np.minimum(np.arange(sizes[step]), sizes[step - 1] - 1)
        return origin, score[origin]

    return reach


def test_steps_may_have_different_states() -> None:
    """As candidates do that are others every time."""
    evidence = [np.array([0.0, 5.0]), np.array([1.0, 0.0, 2.0]), np.array([0.0])]
    sizes = [len(row) for row in evidence]
    assert likeliest_path(evidence, next_only(sizes)).tolist() == [0, 0, 0]
    assert likeliest_path(evidence[:2], next_only(sizes)).tolist() == [1, 2]


def test_hundreds_of_states() -> None:
    """More than a byte can number."""
    evidence = np.zeros((3, 300))
    evidence[:, 299] = 1.0
    assert likeliest_path(evidence, change_at_a_cost(300, 9.0)).tolist() == [299, 299, 299]
