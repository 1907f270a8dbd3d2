"""The grid of time, at rates that divide by ten and at rates that do not."""

import pytest

from analyzer.features.grid import Grid

RATES = [4_000, 8_000, 11_025, 12_345, 22_050, 44_100, 48_000, 96_000, 384_000]


@pytest.mark.parametrize("rate", RATES)
def test_a_step_is_100_ms_to_the_nearest_frame(rate: int) -> None:
    """At 11,025 Hz that is 1,102 frames."""
    assert abs(Grid(rate).step - rate / 10) <= 0.5


@pytest.mark.parametrize("rate", RATES)
def test_silence_frames_tile_the_chunk(rate: int) -> None:
    """None is empty, and none is longer than 5 ms by more than a frame."""
    grid = Grid(rate)
    edges = grid.frame_edges
    assert edges[0] == 0
    assert edges[-1] == grid.chunk
    assert (edges[1:] > edges[:-1]).all()
    assert (edges[1:] - edges[:-1]).max() <= grid.step / 20 + 1


@pytest.mark.parametrize("rate", RATES)
def test_the_start_of_a_silence_frame_is_its_edge(rate: int) -> None:
    """In the first chunk, and one chunk later."""
    grid = Grid(rate)
    for index, edge in enumerate(grid.frame_edges):
        assert grid.frame_start(index) == edge
        assert grid.frame_start(index + 200) == edge + grid.chunk


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 44_100, slice(0, 10)),
        (1, 44_100, slice(1, 10)),
        (4_410, 8_820, slice(1, 2)),
        (4_409, 8_821, slice(1, 2)),
        (4_411, 8_819, slice(2, 2)),
        (10, 20, slice(1, 1)),
    ],
)
def test_only_whole_steps_belong_to_a_track(start: int, end: int, expected: slice) -> None:
    """What lies on an edge is left to neither."""
    assert Grid(44_100).whole_steps(start, end) == expected


@pytest.mark.parametrize("rate", RATES)
def test_hops_of_10_ms_tile_each_step(rate: int) -> None:
    """Ten to a step, and every step begins with one."""
    edges = Grid(rate).hop_edges
    assert edges[::10].tolist() == [step * Grid(rate).step for step in range(11)]
    assert (edges[1:] - edges[:-1]).max() <= rate / 100 + 1


def test_the_last_track_has_what_is_left() -> None:
    """From the first step that is wholly its own."""
    assert Grid(44_100).steps_to_end(4_411) == slice(2, None)
