"""What somebody types becomes a message."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.cli.exits import Exit, Fault
from offbeat.cli.message import Request
from offbeat.cli.push import _in_encoding
from offbeat.job import encode_message, parse_job

MOUNT = Path("/mnt/audio-storage")


def test_a_bare_file_is_below_the_mount() -> None:
    """Nothing but the file and a name is sent."""
    message = Request(file="mixes/042.mp3", job_id="42").message(MOUNT)
    assert message == {"job_id": 42, "relative_path": "mixes/042.mp3"}


def test_everything_that_can_be_said() -> None:
    """Options that are given are sent, and no others."""
    request = Request(
        file="/mnt/audio-storage/a.mp3",
        job_id="mix-a",
        cue=["0:00 Intro"],
        profile="stems",
        stems=True,
        bpm_max=180.0,
    )
    assert request.message(MOUNT) == {
        "job_id": "mix-a",
        "relative_path": "a.mp3",
        "cue_tracks": [{"title": "Intro", "start_time_sec": 0}],
        "profile": "stems",
        "options": {"stems": True, "bpm_max": 180.0},
    }


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("42", 42),
        ("0", 0),
        ("-7", -7),
        ("007", "007"),
        ("4.2", "4.2"),
        ("x", "x"),
        ("+1", "+1"),
        ("1\N{FULLWIDTH DIGIT TWO}", "1\N{FULLWIDTH DIGIT TWO}"),
        ("9" * 20, "9" * 20),
    ],
)
def test_digits_are_a_number(typed: str, sent: int | str) -> None:
    """Only what a number would be written as is sent as one."""
    assert Request(file="a", job_id=typed).message(MOUNT)["job_id"] == sent


def test_a_job_without_a_name_is_named_after_its_file() -> None:
    """Two jobs for one file have two names."""
    first, second = (str(Request(file="a/mix.mp3").message(MOUNT)["job_id"]) for _ in range(2))
    assert first.startswith("mix-")
    assert first != second


def test_a_file_here_is_named_below_the_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stands inside the mount may type the name that the shell completes."""
    here = tmp_path / "mixes"
    here.mkdir()
    here.joinpath("a.mp3").touch()
    monkeypatch.chdir(here)
    assert Request(file="a.mp3").message(tmp_path)["relative_path"] == "mixes/a.mp3"


def test_an_absolute_file_elsewhere_is_left_to_the_analyzer() -> None:
    """The mount of this machine need not be that of the cluster."""
    assert Request(file="/data/a.mp3").message(MOUNT)["file_path"] == "/data/a.mp3"


def test_cues_come_one_way(tmp_path: Path) -> None:
    """Two lists of tracks would contradict each other."""
    with pytest.raises(Fault, match="not both"):
        Request(file="a", cue=["0:00 x"], cues=tmp_path / "c.json").message(MOUNT)


NAMES = [
    ("plain.flac", "plain"),
    ("L’été – mix.flac", "L’été – mix"),
    ("Série\u00a01\u00a0: fin.flac", "Série 1 : fin"),
    (
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.flac",
        "\u0645\u06cc\u062e\u0648\u0627\u0647\u0645",
    ),
    (
        "family \U0001f468\u200d\U0001f469\u200d\U0001f467.flac",
        "family \U0001f468\U0001f469\U0001f467",
    ),
    ("soft\u00adhyphen.flac", "softhyphen"),
    ("two\u2028lines.flac", "two lines"),
    ("tab\there.flac", "tab here"),
    ("new\nline.flac", "new line"),
    ("\x1b[31mred.flac", "[31mred"),
    ("\u202egnp.flac", "gnp"),
    ("   .flac", "job"),
    ("\u00a0", "job"),
    ("\u200b.flac", "job"),
    (".hidden.flac", ".hidden"),
    ("-dash.flac", "dash"),
    ("--.flac", "job"),
    ("x" * 200 + ".flac", "x" * 80),
    ("\u3000\u6f22\u5b57\u3000.flac", "\u6f22\u5b57"),
    ("\ue000private.flac", "private"),
]


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_a_generated_job_id_shows_the_name_in_printable_characters(name: str, shown: str) -> None:
    """What a terminal shows of the file's name, and six random characters."""
    job_id = str(Request(file=name).message(MOUNT)["job_id"])
    assert re.fullmatch(re.escape(shown) + "-[0-9a-f]{6}", job_id)


@pytest.mark.parametrize("name", [name for name, _ in NAMES])
def test_the_name_of_a_file_is_sent_exactly(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The analyzer opens the very file, be it named from below the mount or as an absolute path."""
    tmp_path.joinpath(name).touch()
    monkeypatch.chdir(tmp_path)
    for typed in (name, str(tmp_path / name)):
        job = parse_job(encode_message(Request(file=typed).message(tmp_path)))
        assert job.relative_path == name


@given(st.text(st.characters(exclude_categories=[]), min_size=1, max_size=300))
def test_any_name_is_sent_exactly_or_refused(name: str) -> None:
    """A generated job_id is never the reason for a refusal, and the reason can be printed."""
    refusal = ""
    try:
        message = Request(file=name).message(MOUNT)
    except Fault as fault:
        refusal = str(fault)
    if refusal:
        assert refusal.encode()
        assert "job_id" not in refusal
    else:
        assert parse_job(encode_message(message)).path in {name, os.path.relpath(name, MOUNT)}


def test_a_name_that_is_too_long_for_the_system_is_left_to_the_analyzer() -> None:
    """Whether it is here cannot be asked, and need not be."""
    name = "x" * 300 + ".flac"
    assert Request(file=name).message(Path.cwd())["relative_path"] == name


BYTES = os.fsdecode(b"caf\xe9")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Request(file=BYTES), 'relative_path "caf\\xe9" contains bytes that are not UTF-8'),
        (Request(file="/" + BYTES), 'file_path "/caf\\xe9" contains bytes that are not UTF-8'),
        (Request(file="a", job_id=BYTES), 'job_id "caf\\xe9" contains bytes that are not UTF-8'),
        (Request(file="a", job_id="a\tb"), "job_id must be an integer or a string"),
        (Request(file="a", job_id=""), "job_id must be an integer or a string"),
        (Request(file="a", cue=["0:00 " + BYTES]), 'cue_tracks[0].title "caf\\xe9" contains bytes'),
        (Request(file="a", profile=BYTES), 'profile "caf\\xe9" contains bytes'),
        (Request(file=""), "the name of the file is empty"),
    ],
)
def test_what_cannot_be_sent_is_a_fault(request_: Request, said: str) -> None:
    """Bad usage is told before anything is sent, in characters that every terminal has."""
    with pytest.raises(Fault, match=re.escape(said)) as fault:
        request_.message(MOUNT)
    assert str(fault.value).isascii()
    assert fault.value.exit_code is Exit.BAD_USAGE


def test_odd_characters_of_a_cue_are_sent_exactly() -> None:
    """Titles are free text."""
    title = "\u3000Été\u00a0\U0001f468\u200d\U0001f469\t\u2028x"
    message = Request(file="a", cue=[f"0:00 x{title}"]).message(MOUNT)
    assert parse_job(encode_message(message)).sorted_cues()[0].title == f"x{title}"


def test_half_a_character_in_a_file_of_cues_is_refused(tmp_path: Path) -> None:
    """The file can be corrected, so nothing is replaced."""
    cues = tmp_path / "c.json"
    cues.write_text(r'[{"title": "Sunrise \ud83c", "start_time_sec": 0}]')
    with pytest.raises(Fault, match=r"cue_tracks\[0\].title .* contains half of a surrogate pair"):
        Request(file="a", cues=cues).message(MOUNT)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize(
    "arguments",
    [
        [b"caf\xe9.flac"],
        [b"--job-id", b"\xe9", b"a.flac"],
        [b"--cue", b"0:00 \xe9", b"a.flac"],
        [b"--cues", b"\xe9.json", b"a.flac"],
    ],
)
def test_bytes_that_are_not_utf_8_end_the_command_with_a_sentence(
    arguments: list[bytes], encoding: str
) -> None:
    """Exit code 2, one line and no traceback, whatever the terminal can show; nothing is pushed."""
    code = "import sys; from offbeat.cli import main; sys.exit(main())"
    nowhere = ["--redis-url", "redis://127.0.0.1:1/0"]
    done = subprocess.run(
        [sys.executable, "-c", code, "push", *nowhere, *arguments],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        timeout=30,
    )
    assert done.returncode == Exit.BAD_USAGE
    assert done.stderr.count(b"\n") == 1
    assert done.stdout == b""


def test_a_job_id_is_printed_on_every_terminal() -> None:
    """The job is in the queue by then: what the encoding lacks is escaped."""
    assert _in_encoding("L’été", "utf-8") == "L’été"
    assert _in_encoding("L’été", "latin-1") == "L\\u2019été"
    assert _in_encoding("L’été", None) == "L\\u2019\\xe9t\\xe9"
