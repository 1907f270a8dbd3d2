"""The metrics of the accuracy benchmark, on answers whose worth is known."""

import numpy as np
import pytest

from benchmarks.accuracy.metrics import (
    auc,
    beat_score,
    breakdown_drift_ms,
    breakdown_kept,
    event_f,
    key_score,
    tempo_score,
)
from benchmarks.accuracy.truth import Span

BEATS = (np.arange(120) * 0.5 + 0.25).tolist()


def test_the_truth_itself_has_full_marks() -> None:
    """Beats that are right score 1 by every measure, without error."""
    score = beat_score(BEATS, BEATS)
    assert (score.f, score.cmlt, score.amlt) == (1.0, 1.0, 1.0)
    assert score.error_ms == pytest.approx(0.0, abs=1e-9)


def test_late_beats_are_counted_late() -> None:
    """Beats that are 12 ms late have an error and a lateness of 12 ms, and match."""
    score = beat_score(BEATS, [beat + 0.012 for beat in BEATS])
    assert score.f == 1.0
    assert score.error_ms == pytest.approx(12.0)
    assert score.bias_ms == pytest.approx(12.0)


def test_half_the_beats_are_forgiven_by_amlt_only() -> None:
    """Every second beat has CMLt 0, AMLt 1 and F 2/3."""
    score = beat_score(BEATS, BEATS[::2])
    assert score.cmlt == 0.0
    assert score.amlt == pytest.approx(1.0, abs=0.05)
    assert score.f == pytest.approx(2 / 3, abs=0.01)


def test_no_beats_score_nothing() -> None:
    """An answer without beats is worth 0 and has no error."""
    score = beat_score(BEATS, [])
    assert (score.f, score.cmlt, score.error_ms) == (0.0, 0.0, None)


@pytest.mark.parametrize(
    ("heard", "right", "forgiven"),
    [
        (128.04, True, True),
        (64.0, False, True),
        (256.0, False, True),
        (85.3, False, True),
        (110.0, False, False),
        (None, False, False),
    ],
)
def test_tempo_is_right_forgiven_or_wrong(
    heard: float | None, *, right: bool, forgiven: bool
) -> None:
    """The octave counts, and multiples are told apart from errors."""
    score = tempo_score(128.0, heard)
    assert (score.right, score.forgiven) == (right, forgiven)
    assert (score.delta_bpm is not None) == right


def test_drift_is_that_of_the_last_four_beats_of_the_breakdown() -> None:
    """A grid that is right at first and 20 ms late at the end has drifted by 20 ms."""
    breakdown = Span(15.0, 45.0)
    drifting = [beat + 0.02 * (beat > 40) for beat in BEATS]
    assert breakdown_drift_ms(BEATS, drifting, breakdown) == pytest.approx(20.0)


def test_a_grid_that_stops_has_no_drift() -> None:
    """Where no beat is heard at the end of the breakdown there is no answer."""
    heard = [beat for beat in BEATS if not 15 < beat < 45]
    assert breakdown_drift_ms(BEATS, heard, Span(15.0, 45.0)) is None


def test_a_grid_is_carried_through_where_its_beats_are_heard() -> None:
    """Half of the beats inside a breakdown make a half; those outside do not count."""
    breakdown = Span(15.0, 45.0)
    heard = [beat for beat in BEATS if beat < 30]
    assert breakdown_kept(BEATS, heard, breakdown) == 0.5
    assert breakdown_kept(BEATS, BEATS, breakdown) == 1.0


def test_downbeats_are_compared_as_events() -> None:
    """A bar line on the wrong beat is worth nothing."""
    assert event_f(BEATS[::4], BEATS[::4]) == 1.0
    assert event_f(BEATS[::4], BEATS[2::4]) == 0.0


@pytest.mark.parametrize(
    ("heard", "score"),
    [
        ("A minor", 1.0),
        ("a min", 1.0),
        ("E minor", 0.5),
        ("C major", 0.3),
        ("A major", 0.2),
        ("F# minor", 0.0),
        (None, 0.0),
    ],
)
def test_keys_are_weighted_as_at_mirex(heard: str | None, score: float) -> None:
    """Fifth, relative and parallel earn a part."""
    assert key_score("A minor", heard) == score


def test_auc_counts_pairs() -> None:
    """Three of four pairs in the right order make 0.75."""
    assert auc([0.9, 0.4], [0.5, 0.1]) == 0.75
    assert auc([], [0.5]) is None
