"""Tracks from cues, and what is said of cues that do not fit the file."""

import pytest

from analyzer.errors import InvalidJob
from analyzer.findings.tracks import check_cues, clipped_ends, decide_tracks
from offbeat.job import CueTrack


def cue(start: float, title: str = "t", **more: object) -> CueTrack:
    """Build a cue track."""
    return CueTrack.model_validate({"title": title, "start_time_sec": start} | more)


def test_without_cues_the_file_is_one_track() -> None:
    """And says so."""
    (span,) = decide_tracks([], 12.5)
    assert (span.track_id, span.start_sec, span.end_sec) == (1, 0.0, 12.5)
    assert span.boundaries == "file"


def test_a_track_ends_where_the_next_starts_and_the_last_with_the_file() -> None:
    """In order of time, whatever the order of the cues."""
    found = decide_tracks([cue(60.0, "b"), cue(10.0, "a"), cue(90.5, "c")], 120.0)
    assert [(span.title, span.start_sec, span.end_sec) for span in found] == [
        ("a", 10.0, 60.0),
        ("b", 60.0, 90.5),
        ("c", 90.5, 120.0),
    ]
    assert [span.track_id for span in found] == [1, 2, 3]


def test_an_end_of_its_own_may_leave_a_gap_or_overlap() -> None:
    """A transition belongs to both."""
    first, second, third = decide_tracks(
        [cue(0, end_time_sec=50.0), cue(60, end_time_sec=110.0), cue(100)], 120.0
    )
    assert (first.end_sec, second.end_sec, third.end_sec) == (50.0, 110.0, 120.0)


def test_track_ids_and_artists_come_back() -> None:
    """As they were given."""
    found = decide_tracks([cue(0, track_id="x-7", artist="A"), cue(5)], 10.0)
    assert [(span.track_id, span.artist) for span in found] == [("x-7", "A"), (2, None)]


@pytest.mark.parametrize("start", [120.0, 120.001, 4_000.0])
def test_a_cue_at_or_past_the_end_is_named(start: float) -> None:
    """With the cue, its time and the duration of the file."""
    with pytest.raises(InvalidJob) as refusal:
        check_cues([cue(0), cue(start, "Encore")], 120.0)
    assert "'Encore'" in str(refusal.value)
    assert f"{start:g} s" in str(refusal.value)
    assert "120.000 s" in str(refusal.value)


def test_an_end_past_the_file_is_clipped_with_a_warning() -> None:
    """A producer's duration is often rounded up."""
    cues = [cue(0, end_time_sec=60.0), cue(60, "last", end_time_sec=121.0)]
    assert decide_tracks(cues, 120.4)[1].end_sec == 120.4
    (warning,) = clipped_ends(cues, 120.4)
    assert "'last'" in warning
    assert "120.400 s" in warning
