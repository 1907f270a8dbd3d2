"""A file in parts, and what is known of all of it."""

import numpy as np
import pytest

from analyzer.features.onsets import BANDS, Onsets
from analyzer.findings.rhythm.parts import PART_FRAMES, in_parts, mean_strength


def onsets(frames: int) -> Onsets:
    """Return strengths that mean nothing."""
    random = np.random.default_rng(frames)
    return Onsets(random.integers(0, 256, (frames, BANDS), np.uint8), 0.01, 0.0)


@pytest.mark.parametrize("frames", [1, 63, 64, 1_000])
def test_the_mean_strength_is_that_of_numpy(frames: int) -> None:
    """To the last bit, whatever is left of the last row."""
    some = onsets(frames)
    assert (mean_strength(some) == some.strength.mean(axis=0, dtype=np.float64)).all()


def test_each_frame_is_in_one_part() -> None:
    """Though the first parts, and one in the middle, have none."""
    frames = np.concatenate([np.arange(2, 4) * PART_FRAMES, np.arange(5, 6) * PART_FRAMES + 7])
    parts = list(in_parts(onsets(6 * PART_FRAMES), frames))
    assert [part.which for part in parts] == [slice(0, 1), slice(1, 2), slice(2, 3)]
    assert all(part.start <= frames[part.which][0] for part in parts)


def test_without_frames_there_are_no_parts() -> None:
    """As of a file without beats."""
    assert not list(in_parts(onsets(100), np.empty(0, np.intp)))
