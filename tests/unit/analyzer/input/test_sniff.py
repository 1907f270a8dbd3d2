"""What a file is, from its bytes alone: the name always lies here."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import CorruptAudio, UnsupportedFormat
from analyzer.input.mp3 import counted_bytes
from analyzer.input.mpeg import find_mpeg_audio, is_adts, parse_header
from analyzer.input.sniff import sniff
from analyzer.input.source import SourceFile
from tests.support.audio import tone, write

MP3_FRAME = b"\xff\xfb\x90\x64" + bytes(413)
"""128 kbit/s at 44.1 kHz, layer III: 417 bytes."""

ADTS_FRAME = b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(9)
"""16 bytes of AAC."""

ID3 = b"ID3\x04\x00\x00\x00\x00\x01\x00" + bytes(128)


def opened(data: bytes) -> SourceFile:
    """Return bytes as an open file."""
    return SourceFile.of(io.BytesIO(data))


KNOWN = {
    "WAVE": (b"RIFF\x24\x00\x00\x00WAVEfmt ", "wav"),
    "big-endian WAVE": (b"RIFX\x00\x00\x00\x24WAVEfmt ", "wav"),
    "RF64": (b"RF64\xff\xff\xff\xffWAVEds64", "rf64"),
    "BW64": (b"BW64\xff\xff\xff\xffWAVEds64", "rf64"),
    "AIFF": (b"FORM\x00\x00\x00\x24AIFFCOMM", "aiff"),
    "AIFF-C": (b"FORM\x00\x00\x00\x24AIFCFVER", "aiff"),
    "FLAC": (b"fLaC\x00\x00\x00\x22", "flac"),
    "FLAC behind ID3": (ID3 + b"fLaC\x00\x00\x00\x22", "flac"),
    "Ogg": (b"OggS\x00\x02", "ogg"),
    "MP3": (MP3_FRAME * 4, "mp3"),
    "MP3 of one frame": (MP3_FRAME, "mp3"),
    "MP3 behind ID3": (ID3 + MP3_FRAME * 4, "mp3"),
    "MP3 behind three ID3 tags": (ID3 * 3 + MP3_FRAME * 4, "mp3"),
    "MP3 behind padding": (bytes(1_000) + MP3_FRAME * 4, "mp3"),
    "M4A": (b"\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00", "m4a"),
    "MP4 video": (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "m4a"),
    "old QuickTime": (b"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", "m4a"),
    "ADTS": (ADTS_FRAME * 4, "aac"),
    "ADTS behind ID3": (ID3 + ADTS_FRAME * 4, "aac"),
    "WebM": (b"\x1a\x45\xdf\xa3\x01\x00\x00\x00", "matroska"),
    "WMA": (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
    "WavPack": (b"wvpk\x00\x00\x00\x00", "wavpack"),
    "W64": (bytes.fromhex("726966662e91cf11a5d628db04c10000"), "w64"),
    "CAF": (b"caff\x00\x01\x00\x00", "caf"),
    "AU": (b".snd\x00\x00\x00\x18", "au"),
}


@pytest.mark.parametrize(("data", "container"), KNOWN.values(), ids=KNOWN)
def test_audio_is_known_by_its_magic(data: bytes, container: str) -> None:
    """Every kind that is decoded."""
    assert sniff(opened(data)).container == container


REFUSED = {
    "text": (b"Dear all,\nplease find attached\n", "plain text"),
    "text in UTF-8": ("Größe: 3 µm\n".encode() * 1_000, "plain text"),
    "M3U": (b"#EXTM3U\n#EXTINF:1,x\n/etc/passwd\n", "an M3U or HLS playlist"),
    "M3U behind a BOM": (b"\xef\xbb\xbf#EXTM3U\n", "an M3U or HLS playlist"),
    "PLS": (b"[playlist]\nFile1=http://127.0.0.1/\n", "a PLS playlist"),
    "concat list": (b"ffconcat version 1.0\nfile /etc/passwd\n", "an ffmpeg list of files"),
    "concat list, bare": (b"file '/etc/passwd'\n", "a list of files"),
    "HTML": (b"<!DOCTYPE html><title>404</title>", "an HTML page"),
    "DASH manifest": (b"<?xml version='1.0'?><MPD/>", "an XML document"),
    "JSON": (b'{"error": "expired"}', "a JSON document"),
    "LFS pointer": (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
    "ZIP": (b"PK\x03\x04\x14\x00" + bytes(99), "a ZIP archive"),
    "PDF": (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
    "program": (b"\x7fELF\x02\x01\x01" + bytes(99), "a program"),
    "JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a JPEG picture"),
    "PNG": (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    "AVI": (b"RIFF\x00\x00\x00\x00AVI LIST", "kind 'AVI'"),
    "MIDI": (b"MThd\x00\x00\x00\x06", "a MIDI file"),
    "zeros": (bytes(5_000), "nothing but zero bytes"),
    "noise": (np.random.default_rng(0).bytes(50_000), "unknown binary data"),
}


@pytest.mark.parametrize(("data", "name"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_audio_is_named(data: bytes, name: str) -> None:
    """So that a producer sees at once what went wrong."""
    with pytest.raises(UnsupportedFormat) as refusal:
        sniff(opened(data))
    assert name in str(refusal.value)


@pytest.mark.parametrize("data", [b"", ID3], ids=["nothing", "a tag alone"])
def test_an_empty_file_is_corrupt(data: bytes) -> None:
    """An upload that did not finish, rather than another format."""
    with pytest.raises(CorruptAudio):
        sniff(opened(data))


@given(st.binary(max_size=400))
def test_no_bytes_surprise_the_sniffer(data: bytes) -> None:
    """It knows them or refuses them."""
    with contextlib.suppress(UnsupportedFormat, CorruptAudio):
        sniff(opened(data))


@given(st.binary(max_size=200))
def test_no_bytes_surprise_the_frame_parsers(data: bytes) -> None:
    """They find frames or none."""
    parse_header(data)
    is_adts(data)
    find_mpeg_audio(data)
    counted_bytes(data)


@pytest.mark.parametrize(
    ("header", "layer", "length"),
    [
        ("fffb9064", 3, 417),
        ("fffb9264", 3, 418),
        ("fffbe064", 3, 1044),
        ("fff38064", 3, 208),
        ("ffe38064", 3, 417),
        ("fffd8064", 2, 417),
        ("ffff8064", 1, 276),
    ],
)
def test_frames_have_the_length_of_the_standard(header: str, layer: int, length: int) -> None:
    """ISO 11172-3 and 13818-3, and 2.5 beyond them."""
    found = parse_header(bytes.fromhex(header))
    assert found is not None
    assert (found.layer, found.length) == (layer, length)


@pytest.mark.parametrize("header", ["fffbf064", "fffb0064", "fffb9c64", "fff99064", "ffeb9064"])
def test_impossible_headers_are_none(header: str) -> None:
    """A forbidden bit rate, free format, a reserved rate, layer or version."""
    assert parse_header(bytes.fromhex(header)) is None


def test_a_footer_belongs_to_its_tag() -> None:
    """ID3v2.4 may end with a copy of its header."""
    tag = b"ID3\x04\x00\x10\x00\x00\x00\x08" + bytes(8) + b"3DI" + bytes(7)
    assert opened(tag + MP3_FRAME).start == len(tag)


def test_an_encoder_counts_its_bytes(tmp_path: Path) -> None:
    """The Info tag that LAME writes covers the whole file."""
    path = write(tmp_path / "a.mp3", tone(440, 3))
    assert counted_bytes(path.read_bytes()) == path.stat().st_size
