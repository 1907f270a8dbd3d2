"""Phrases of eight bars."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.onsets import BANDS, Onsets
from analyzer.findings.rhythm.phrases import find_phrases

_BAR_FRAMES = 200


def music(bars: int, *, first_phrase: int, seed: int = 0) -> Onsets:
    """Return strengths that change every eight bars, from a bar on, and a little at every bar."""
    random = np.random.default_rng(seed)
    rows = []
    level = random.uniform(2, 30, BANDS)
    for bar in range(bars):
        if (bar - first_phrase) % 8 == 0:
            level = random.uniform(2, 30, BANDS)
        rows.append(random.poisson(level * random.uniform(0.95, 1.05), (_BAR_FRAMES, BANDS)))
    return Onsets(np.concatenate(rows).clip(0, 255).astype(np.uint8), 0.01, 0.0)


def lines(count: int) -> npt.NDArray[np.float64]:
    """Return bar lines 2 s apart."""
    return np.asarray(np.arange(count) * 2.0, np.float64)


@pytest.mark.parametrize("first_phrase", [0, 3, 7])
def test_phrases_begin_where_the_music_changes(first_phrase: int) -> None:
    """Wherever the first of them does."""
    downbeats = lines(65)
    found = find_phrases(music(65, first_phrase=first_phrase), downbeats)
    assert found is not None
    assert found.confidence > 0.6
    assert found.times_sec == pytest.approx(np.arange(first_phrase, 64, 8) * 2.0)


def test_music_that_does_not_change_has_none_that_are_sure() -> None:
    """Every way to count is as good."""
    random = np.random.default_rng(1)
    strength = random.poisson(10, (64 * _BAR_FRAMES, BANDS)).astype(np.uint8)
    found = find_phrases(Onsets(strength, 0.01, 0.0), lines(65))
    assert found is None or found.confidence < 0.6


def test_three_phrases_are_the_least() -> None:
    """In fewer there is nothing to compare."""
    assert find_phrases(music(20, first_phrase=0), lines(20)) is None
