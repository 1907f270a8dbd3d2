"""Which tracks a file has: the job's cue tracks, or the file as one whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from analyzer.errors import InvalidJob
from offbeat.job import CueTrack

__all__ = ["Span", "check_cues", "clipped_ends", "decide_tracks"]


@dataclass(frozen=True, kw_only=True)
class Span:
    """One track: times in seconds from the start of the untrimmed file."""

    track_id: int | str
    title: str | None = None
    artist: str | None = None
    start_sec: float
    end_sec: float
    boundaries: Literal["cue", "file"]

    def frames(self, rate: int) -> tuple[int, int]:
        """Return first sample frame and the one after the last."""
        return round(self.start_sec * rate), round(self.end_sec * rate)


def check_cues(cues: Sequence[CueTrack], duration_sec: float) -> None:
    """Check that every cue track starts inside the file.

    Raises:
        InvalidJob: One starts where the file has ended already.

    """
    ordered = sorted(cues, key=lambda cue: cue.start_time_sec)
    late = [cue for cue in ordered if cue.start_time_sec >= duration_sec]
    if late:
        raise InvalidJob(_complaint(late, duration_sec))


def decide_tracks(cues: Sequence[CueTrack], duration_sec: float) -> list[Span]:
    """Return the tracks in order of time; one without an end ends where the next starts."""
    if not cues:
        return [Span(track_id=1, start_sec=0.0, end_sec=duration_sec, boundaries="file")]
    ordered = sorted(cues, key=lambda cue: cue.start_time_sec)
    starts = [*(cue.start_time_sec for cue in ordered[1:]), duration_sec]
    return [
        Span(
            track_id=number if cue.track_id is None else cue.track_id,
            title=cue.title,
            artist=cue.artist,
            start_sec=cue.start_time_sec,
            end_sec=min(next_start if cue.end_time_sec is None else cue.end_time_sec, duration_sec),
            boundaries="cue",
        )
        for number, (cue, next_start) in enumerate(zip(ordered, starts, strict=True), start=1)
    ]


def clipped_ends(cues: Sequence[CueTrack], duration_sec: float) -> list[str]:
    """Return a warning for each cue track that was said to end after the file does."""
    return [
        f"cue track {cue.title!r} was to end at {cue.end_time_sec:g} s: "
        f"it ends with the file at {duration_sec:.3f} s"
        for cue in sorted(cues, key=lambda cue: cue.start_time_sec)
        if cue.end_time_sec is not None and cue.end_time_sec > duration_sec
    ]


def _complaint(late: Sequence[CueTrack], duration_sec: float) -> str:
    first, more = late[0], len(late) - 1
    others = f" (and {more} more cue track{'s' if more > 1 else ''})" if more else ""
    return (
        f"cue track {first.title!r} starts at {first.start_time_sec:g} s{others}, "
        f"but the file ends at {duration_sec:.3f} s: "
        "correct the cue tracks, or send the file that they belong to"
    )
