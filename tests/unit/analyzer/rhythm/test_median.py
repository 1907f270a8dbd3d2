"""The middle of some numbers."""

import numpy as np
import pytest

from analyzer.findings.rhythm.median import median, medians


@pytest.mark.parametrize("count", [1, 2, 3, 8, 15, 16, 1_001])
def test_the_median_is_that_of_numpy(count: int) -> None:
    """To the last bit, whether the number of values is odd or even."""
    values = np.random.default_rng(count).normal(size=count)
    assert median(values) == np.median(values)


@pytest.mark.parametrize("width", [2, 8, 16])
def test_each_row_has_its_median(width: int) -> None:
    """As windows that overlap have."""
    values = np.random.default_rng(width).normal(size=100)
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    assert (medians(windows) == np.median(windows, axis=1)).all()
