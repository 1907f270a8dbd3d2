"""What a header declares, beside what a file gave."""

import io
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.input.declared_length import DeclaredLength, by_frame_count
from analyzer.input.formats import FORMATS
from analyzer.input.source import SourceFile

_RATE_HZ = 1_000


@dataclass(frozen=True)
class Given:
    """A second of sound at 1,000 Hz, unless it says otherwise."""

    declared: DeclaredLength
    decoded: int = 1_000
    expected: int | None = 1_000
    unread: int = 0


KEPT = {
    "nothing is declared": Given(DeclaredLength(), expected=None),
    "every frame is there": Given(DeclaredLength()),
    "an estimate was too long": Given(DeclaredLength(counts_frames=False), decoded=900),
    "the clock is 19 ms ahead": Given(DeclaredLength(seconds=1.019)),
    "the clock is behind": Given(DeclaredLength(seconds=0.5)),
    "tags follow": Given(DeclaredLength(most_unread=128), unread=128),
    "anything may follow": Given(DeclaredLength(most_unread=None), unread=1 << 40),
}

BROKEN = {
    "1,234 bytes of sound are missing": Given(DeclaredLength(missing_bytes=1_234)),
    "100 of 1,000 frames are missing or damaged": Given(DeclaredLength(), decoded=900),
    "0.021 s of sound are missing or damaged": Given(DeclaredLength(seconds=1.021)),
    "1,129 bytes follow the end that its header gives": Given(
        DeclaredLength(most_unread=128), unread=1_129
    ),
    "the end of the stream is missing": Given(DeclaredLength(ends=False)),
}


def said(given: Given) -> str | None:
    """Return what is said of a file."""
    return given.declared.broken_by(
        given.decoded, given.expected, rate=_RATE_HZ, unread=given.unread
    )


@pytest.mark.parametrize("given", KEPT.values(), ids=KEPT)
def test_a_whole_file_is_not_complained_about(given: Given) -> None:
    """Within the slack of tags and clocks."""
    assert said(given) is None


@pytest.mark.parametrize(("words", "given"), BROKEN.items(), ids=BROKEN)
def test_what_is_missing_is_said(words: str, given: Given) -> None:
    """With its amount."""
    assert said(given) == words


@pytest.mark.parametrize(
    "tag", [b"TAG" + bytes(125), b"APETAGEX" + bytes(24)], ids=["ID3v1", "APE"]
)
def test_tags_may_take_a_mebibyte(tag: bytes) -> None:
    """Without any, 4 KiB may follow."""
    audio = b"fLaC" + bytes(500)
    assert by_frame_count(SourceFile.of(io.BytesIO(audio))).most_unread == 4096
    assert by_frame_count(SourceFile.of(io.BytesIO(audio + tag))).most_unread == 1 << 20


@given(
    st.sampled_from([b"", b"RIFF1234WAVE", b"RF641234WAVEds64", b"FORM1234AIFF", b"OggS\0"]),
    st.binary(max_size=300),
)
def test_no_bytes_surprise_what_reads_headers(magic: bytes, data: bytes) -> None:
    """They declare something or nothing."""
    source = SourceFile.of(io.BytesIO(magic + data))
    for known in FORMATS:
        assert known.declared_length(source).missing_bytes >= 0
        if known.misread is not None:
            known.misread.applies(source)
