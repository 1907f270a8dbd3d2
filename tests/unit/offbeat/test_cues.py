"""Cue tracks as people write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.cli.cues import CueInvalid, parse_cue, parse_sheet, read_cues

SHEET = """REM GENRE House
PERFORMER "A DJ"
TITLE "A Mix"
FILE "mix.mp3" MP3
  TRACK 01 AUDIO
    TITLE "First Track"
    PERFORMER "Somebody"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE Second
    INDEX 00 05:10:00
    INDEX 01 05:12:37
  TRACK 03 AUDIO
    INDEX 01 112:00:74
"""


@pytest.mark.parametrize(
    ("text", "seconds", "title"),
    [
        ("0:00 Intro", 0, "Intro"),
        ("5:12 Second  Track", 312, "Second  Track"),
        ("1:02:30 Late", 3750, "Late"),
        ("312.5 Seconds", 312.5, "Seconds"),
        ("5:12.25 Exact", 312.25, "Exact"),
        ("90 x", 90, "x"),
        ("0:30", 30, "0:30"),
        ("59:59 99 Problems", 3599, "99 Problems"),
        ("75:30 An Hour Later", 4530, "An Hour Later"),
    ],
)
def test_a_cue_on_the_command_line(text: str, seconds: float, title: str) -> None:
    """A time and a title are a track."""
    assert parse_cue(text) == {"title": title, "start_time_sec": seconds}


@pytest.mark.parametrize(
    "text", ["", "Intro", "Intro 0:00", "0:60 x", "1:60:00 x", "-1 x", "1:2:3:4 x", "1e3 x"]
)
def test_what_is_no_cue_is_refused(text: str) -> None:
    """The error shows how to write one."""
    with pytest.raises(CueInvalid, match="write a time and a title"):
        parse_cue(text)


def test_a_sheet_is_read() -> None:
    """Titles, performers and INDEX 01 count; the pregap and the disc's own title do not."""
    assert parse_sheet(SHEET) == [
        {"title": "First Track", "start_time_sec": 0.0, "artist": "Somebody"},
        {"title": "Second", "start_time_sec": 312.493333},
        {"title": "Track 3", "start_time_sec": 6720.986667},
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no TRACK"),
        ("FILE a WAVE\nTRACK 01 AUDIO\nFILE b WAVE\nTRACK 02 AUDIO", "names 2 files"),
        ("TRACK 01 AUDIO\nTITLE x", "line 1: track 1 has no INDEX 01"),
        ("TRACK 01 AUDIO\nINDEX 01 1:2", "line 2: INDEX '01 1:2' is not 'NN mm:ss:ff'"),
        ("TRACK 01 AUDIO\nINDEX 01 00:60:00", "line 2"),
        ("TRACK 01 AUDIO\nINDEX 01 00:00:75", "line 2"),
    ],
)
def test_a_broken_sheet_says_where(text: str, said: str) -> None:
    """The error names the line."""
    with pytest.raises(CueInvalid, match=said):
        parse_sheet(text)


@given(st.text())
def test_any_text_is_a_sheet_or_refused(text: str) -> None:
    """No file makes the parser fail in a third way."""
    try:
        tracks = parse_sheet(text)
    except CueInvalid:
        tracks = []
    assert all(track["start_time_sec"] is not None for track in tracks)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_sheet_in_any_usual_encoding(tmp_path: Path, encoding: str) -> None:
    """Old programs for Windows do not write UTF-8."""
    path = tmp_path / "mix.CUE"
    path.write_bytes(SHEET.replace("Second", "Größe").encode(encoding))
    assert read_cues(path)[1]["title"] == "Größe"


def test_a_json_array_is_passed_on_whole(tmp_path: Path) -> None:
    """Every field of a cue track can be given."""
    path = tmp_path / "cues.json"
    path.write_text('[{"title": "x", "start_time_sec": 1, "track_id": "t"}]')
    assert read_cues(path) == [{"title": "x", "start_time_sec": 1, "track_id": "t"}]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cues.json", "{}", "must be a JSON array"),
        ("cues.json", "[1]", "must be a JSON array"),
        ("cues.txt", "0:00 Intro", "neither JSON"),
        ("mix.cue", "", "mix.cue: has no TRACK"),
    ],
)
def test_a_file_that_is_neither_says_so(tmp_path: Path, name: str, text: str, said: str) -> None:
    """The error names the file."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(CueInvalid, match=said):
        read_cues(path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The error is the system's, in one line."""
    with pytest.raises(CueInvalid, match="No such file"):
        read_cues(tmp_path / "no.json")
