"""Cue tracks as people have them: on the command line, as a JSON array, or as a cue sheet.

Of a cue sheet only what names tracks in one file is read: FILE, TRACK, TITLE, PERFORMER, INDEX 01.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from offbeat.cli.exits import Fault

__all__ = ["CueInvalid", "Fields", "parse_cue", "parse_sheet", "read_cues"]

Fields = dict[str, object]
"""One entry of a job's `cue_tracks`."""

_FRAMES_PER_SEC = 75  # of a CD, on which the format is built
_CLOCK = re.compile(r"(?:(\d{1,4}):)??(?:(\d{1,4}):)?(\d{1,6}(?:\.\d+)?)")
_INDEX = re.compile(r"(\d{2}) (\d{1,4}):([0-5]\d):([0-7]\d)")


class CueInvalid(Fault):
    """Cue tracks that cannot be read."""


@dataclass
class _Track:
    """A track of a sheet while it is being read."""

    line: int
    title: str | None = None
    performer: str | None = None
    start_sec: float | None = None


def parse_cue(text: str) -> Fields:
    """Read `0:00 Title`: a time as seconds, minutes:seconds or hours:minutes:seconds, and a title.

    Raises:
        CueInvalid: It does not begin with a time.

    """
    clock, _, title = text.strip().partition(" ")
    found = _CLOCK.fullmatch(clock)
    hours, minutes, seconds = found.groups() if found else (None, None, "60")
    if (
        found is None
        or (minutes is not None and float(seconds) >= 60)
        or (hours is not None and int(minutes or 0) >= 60)
    ):
        raise CueInvalid(f"{text!r} is no cue: write a time and a title, such as '1:02:30 Title'")
    start_sec = int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
    return {"title": title.strip() or clock, "start_time_sec": start_sec}


def read_cues(path: Path) -> list[Fields]:
    """Read a file of cue tracks: a cue sheet if its name ends in .cue, else a JSON array.

    Raises:
        CueInvalid: It cannot be read, or is not what its name says.

    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CueInvalid(f"{path}: {error.strerror}") from error
    if path.suffix.lower() == ".cue":
        try:
            return parse_sheet(_text(data))
        except CueInvalid as error:
            raise CueInvalid(f"{path}: {error}") from error
    try:
        cues = json.loads(data)
    except ValueError as error:
        raise CueInvalid(f"{path}: neither JSON ({error}) nor a file named .cue") from error
    if not isinstance(cues, list) or not all(isinstance(cue, dict) for cue in cues):
        raise CueInvalid(f"{path}: must be a JSON array of cue tracks")
    return cues


def parse_sheet(text: str) -> list[Fields]:
    """Read a cue sheet.

    Raises:
        CueInvalid: It names several files or no track, or a track has no start.

    """
    tracks: list[_Track] = []
    files = 0
    for number, line in enumerate(text.splitlines(), 1):
        command, _, rest = line.strip().partition(" ")
        match command.upper():
            case "FILE":
                files += 1
            case "TRACK":
                tracks.append(_Track(number))
            case "TITLE" if tracks:
                tracks[-1].title = _unquoted(rest)
            case "PERFORMER" if tracks:
                tracks[-1].performer = _unquoted(rest)
            case "INDEX" if tracks:
                index, seconds = _index(rest, number)
                if index == 1:
                    tracks[-1].start_sec = seconds
    if files > 1:
        raise CueInvalid(f"names {files} files: a job is about one")
    if not tracks:
        raise CueInvalid("has no TRACK: it is no cue sheet")
    return [_fields(track, position) for position, track in enumerate(tracks, 1)]


def _fields(track: _Track, position: int) -> Fields:
    if track.start_sec is None:
        raise CueInvalid(f"line {track.line}: track {position} has no INDEX 01")
    fields: Fields = {
        "title": track.title or f"Track {position}",
        "start_time_sec": track.start_sec,
    }
    return fields | ({"artist": track.performer} if track.performer else {})


def _index(text: str, line: int) -> tuple[int, float]:
    found = _INDEX.fullmatch(text.strip())
    if found is None or int(found[4]) >= _FRAMES_PER_SEC:
        raise CueInvalid(f"line {line}: INDEX {text.strip()!r} is not 'NN mm:ss:ff'")
    minutes, seconds, frames = int(found[2]), int(found[3]), int(found[4])
    return int(found[1]), round(minutes * 60 + seconds + frames / _FRAMES_PER_SEC, 6)


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


def _text(data: bytes) -> str:
    """Decode a sheet: UTF-8, else what the Windows programs that write most of them use."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
