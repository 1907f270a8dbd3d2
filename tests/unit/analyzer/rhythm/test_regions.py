"""Steady regions: lines through beats, and what lies between them."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.findings.rhythm.attacks import Measured
from analyzer.findings.rhythm.grid import lay_grid
from analyzer.findings.rhythm.regions import BeatRegion, fit_regions

Times = npt.NDArray[np.float64]


def beats(times: Times, heard: npt.NDArray[np.bool_] | None = None) -> Measured:
    """Return measured beats; all of them heard by default."""
    weight = np.ones(len(times)) if heard is None else heard.astype(float)
    return Measured(times, weight)


def played(bpm: float, count: int, *, start: float = 1.0, jitter: float = 0.005) -> Times:
    """Return beats as people hit them."""
    noise = np.random.default_rng(count).normal(0, jitter, count)
    return start + np.arange(count) * 60 / bpm + noise


@pytest.mark.parametrize("bpm", [70, 127.3, 174])
def test_one_line_goes_through_a_steady_track(bpm: float) -> None:
    """To 0.01 beats a minute, though every beat is off by some milliseconds."""
    (line,) = fit_regions(beats(played(bpm, 200)))
    assert 60 / line.period_sec == pytest.approx(bpm, abs=0.01)
    assert line.beats == 200


def test_single_beats_that_are_far_off_do_not_bend_it() -> None:
    """A tenth of all beats are 40 ms late."""
    times = played(120, 160)
    times[::10] += 0.04
    (line,) = fit_regions(beats(times))
    assert 60 / line.period_sec == pytest.approx(120, abs=0.02)
    assert line.anchor_sec == pytest.approx(1.0, abs=0.004)


def test_two_tempi_are_two_lines() -> None:
    """The border lies where the tempo changes, to eight beats."""
    first = played(120, 100)
    second = played(126, 100, start=first[-1] + 60 / 126)
    one, other = fit_regions(beats(np.concatenate([first, second])))
    assert 60 / one.period_sec == pytest.approx(120, abs=0.05)
    assert 60 / other.period_sec == pytest.approx(126, abs=0.05)
    assert abs(one.last - 99) <= 8


def test_a_line_is_carried_through_a_breakdown() -> None:
    """Over 30 s without a beat, in which the tracker counted two beats too few."""
    before, after = played(125, 120), played(125, 120, start=1 + 182 * 0.48)
    gap = np.linspace(before[-1], after[0], 62)[1:-1]
    times = np.concatenate([before, gap, after])
    heard = np.concatenate([np.ones(120, bool), np.zeros(60, bool), np.ones(120, bool)])
    measured = beats(times, heard)
    grid = lay_grid(measured, fit_regions(measured), (0.0, 400.0))
    truth = 1.0 + np.arange(302) * 0.48
    assert len(grid.beats_sec) == 302
    assert np.abs(grid.beats_sec - truth).max() < 0.01
    assert any(line.interpolated for line in grid.regions)
    assert sum(line.beats for line in grid.regions if line.interpolated) == pytest.approx(62, abs=3)


def test_nothing_is_carried_between_tempi_that_differ() -> None:
    """What is not known is not drawn."""
    before = played(125, 120)
    after = played(131, 120, start=before[-1] + 30)
    gap = np.linspace(before[-1], after[0], 64)[1:-1]
    heard = np.concatenate([np.ones(120, bool), np.zeros(62, bool), np.ones(120, bool)])
    lines = fit_regions(beats(np.concatenate([before, gap, after]), heard))
    assert not any(line.interpolated for line in lines)


def test_a_drifting_tempo_is_followed() -> None:
    """Beats lie within some milliseconds of those that were played."""
    period = 0.5 * (1 + 0.02 * np.sin(np.arange(300) / 40))
    truth = 1 + np.cumsum(period)
    measured = beats(truth + np.random.default_rng(0).normal(0, 0.003, 300))
    grid = lay_grid(measured, fit_regions(measured), (0.0, 400.0))
    assert len(grid.beats_sec) == 300
    assert np.abs(grid.beats_sec - truth).mean() < 0.004


def test_there_are_no_beats_outside_the_sound() -> None:
    """Neither before it begins nor after it ends."""
    measured = beats(played(120, 100))
    grid = lay_grid(measured, fit_regions(measured), (10.0, 30.0))
    assert grid.beats_sec[0] >= 9.9
    assert grid.beats_sec[-1] <= 30.0
    assert all(line.anchor_sec >= 9.9 and line.end_sec <= 30.0 for line in grid.regions)


@pytest.mark.parametrize("count", [0, 1, 2, 15])
def test_a_few_beats_are_no_line(count: int) -> None:
    """They stay as they are."""
    measured = beats(played(120, count))
    assert fit_regions(measured) == []
    assert len(lay_grid(measured, [], (0.0, 100.0)).beats_sec) == count


@pytest.mark.parametrize(
    ("start", "end", "within"),
    [
        (0.0, 100.0, range(20)),
        (10.0, 10.5, range(1)),
        (10.1, 11.0, range(1, 2)),
        (19.5, 30.0, range(19, 20)),
        (19.6, 30.0, range(0)),
        (0.0, 10.0, range(0)),
    ],
)
def test_beats_of_a_region_within_a_track(start: float, end: float, within: range) -> None:
    """That on its start is in it, and that on its end is the next one's."""
    assert BeatRegion(10.0, 0.5, 20, 0, 19).within(start, end) == within
