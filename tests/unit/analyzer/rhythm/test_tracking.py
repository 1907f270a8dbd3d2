"""The sequence of beats that fits best."""

import numpy as np
import pytest

from analyzer.findings.rhythm.periods import Periods
from analyzer.findings.rhythm.tracking import track_beats


def odds(frames: np.ndarray[tuple[int], np.dtype[np.intp]], count: int) -> np.ndarray:
    """Return log odds that are high at some frames."""
    values = np.full(count, -4, np.float32)
    values[frames] = 3
    return values


def steady(frames: int, period: float) -> Periods:
    """Return one period throughout."""
    return Periods(np.full(-(-frames // 16), period))


def test_likely_frames_are_the_beats() -> None:
    """All of them."""
    truth = np.arange(20, 4_000, 48)
    found = track_beats(odds(truth, 4_000), steady(4_000, 48.0))
    assert np.isin(truth, found).mean() > 0.97


def test_long_files_are_tracked_as_short_ones() -> None:
    """Though the scores of some thousand frames alone are kept."""
    truth = np.arange(20, 100_000, 48)
    found = track_beats(odds(truth, 100_000), steady(100_000, 48.3))
    assert np.isin(truth, found).mean() > 0.99


def test_frames_between_beats_are_no_beats() -> None:
    """Though they are as likely, the period tells."""
    truth = np.arange(20, 4_000, 48)
    values = odds(truth, 4_000)
    values[truth[:-1] + 24] = 2
    found = track_beats(values, steady(4_000, 48.0))
    assert np.isin(found, truth).mean() > 0.97


@pytest.mark.parametrize("period", [27.0, 48.3, 120.0])
def test_without_any_evidence_beats_go_on_at_the_period(period: float) -> None:
    """As through a breakdown."""
    found = track_beats(np.full(6_000, -4, np.float32), steady(6_000, period))
    assert np.diff(found).mean() == pytest.approx(period, rel=0.02)


@pytest.mark.parametrize("frames", [1, 2, 30])
def test_a_file_shorter_than_a_beat_has_one_at_most(frames: int) -> None:
    """And nothing fails."""
    assert len(track_beats(np.zeros(frames, np.float32), steady(frames, 50.0))) <= 1
