"""Tell what a file is from its first bytes: never from its name, which the producer chose.

A format that is decoded comes back as a `Format`; everything else is refused with the name of what
it looks like.
"""

from dataclasses import dataclass
from typing import BinaryIO

from analyzer.errors import CorruptAudio, UnsupportedFormat
from analyzer.input.mpeg import find_adts, find_mpeg_audio

__all__ = ["Format", "audio_offset", "sniff"]

_HEAD_BYTES = 64 * 1024
_MAX_ID3_TAGS = 16
_ID3_HEADER_BYTES = 10


@dataclass(frozen=True)
class Format:
    """How a kind of file is decoded.

    Attributes:
        container: Its name in the result.
        demuxer: What ffmpeg is forced to read it as.
        libsndfile: What libsndfile calls it; empty where only ffmpeg reads it.

    """

    container: str
    demuxer: str
    libsndfile: frozenset[str] = frozenset()


WAV = Format("wav", "wav", frozenset({"WAV", "WAVEX"}))
RF64 = Format("rf64", "wav", frozenset({"RF64"}))
AIFF = Format("aiff", "aiff", frozenset({"AIFF"}))
FLAC = Format("flac", "flac", frozenset({"FLAC"}))
OGG = Format("ogg", "ogg", frozenset({"OGG"}))
MP3 = Format("mp3", "mp3", frozenset({"MP3"}))
M4A = Format("m4a", "mov")
AAC = Format("aac", "aac")
MATROSKA = Format("matroska", "matroska")
ASF = Format("asf", "asf")
WAVPACK = Format("wavpack", "wv")
W64 = Format("w64", "w64")
CAF = Format("caf", "caf")
AU = Format("au", "au")

_MAGIC: tuple[tuple[int, bytes, Format], ...] = (
    (0, b"fLaC", FLAC),
    (0, b"OggS", OGG),
    (4, b"ftyp", M4A),
    (4, b"moov", M4A),
    (4, b"mdat", M4A),
    (4, b"wide", M4A),
    (0, b"\x1a\x45\xdf\xa3", MATROSKA),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", ASF),
    (0, b"wvpk", WAVPACK),
    (0, b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00", W64),
    (0, b"caff\x00\x01", CAF),
    (0, b".snd", AU),
)

_NOT_AUDIO: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive (or an Office document)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"MThd", "a MIDI file (notes, not sound)"),
    (b"FLV\x01", "a Flash video"),
    (b"SQLite format 3", "an SQLite database"),
)

_TEXT: tuple[tuple[str, str], ...] = (
    ("#extm3u", "an M3U or HLS playlist"),
    ("[playlist]", "a PLS playlist"),
    ("ffconcat", "an ffmpeg list of files"),
    ("file ", "a list of files"),
    ("<!doctype html", "an HTML page (an error page saved as audio?)"),
    ("<html", "an HTML page (an error page saved as audio?)"),
    ("<smil", "a SMIL playlist"),
    ("<?xml", "an XML document"),
    ("version https://git-lfs", "a Git LFS pointer instead of the file itself"),
    ("{", "a JSON document"),
)

_DECODED = "send WAV, AIFF, FLAC, Ogg, MP3, M4A or AAC (docs/analysis/files.md has the whole list)"


def sniff(file: BinaryIO) -> Format:
    """Return how to decode an open file; its position is lost.

    Raises:
        UnsupportedFormat: It is not audio of a kind that is decoded.
        CorruptAudio: It is empty.

    """
    offset = audio_offset(file)
    file.seek(offset)
    head = file.read(_HEAD_BYTES)
    if not head:
        what = "is empty" if offset == 0 else "holds a tag and no audio"
        raise CorruptAudio(f"{what}: check that the upload was complete before the job was pushed")
    known = _by_magic(head) or _by_frames(head)
    if known is None:
        raise UnsupportedFormat(f"is not audio but looks like {_looks_like(head)}: {_DECODED}")
    return known


def audio_offset(file: BinaryIO) -> int:
    """Return where the sound begins: behind ID3v2 tags, of which some programs write several."""
    offset = 0
    for _ in range(_MAX_ID3_TAGS):
        file.seek(offset)
        header = file.read(_ID3_HEADER_BYTES)
        if len(header) < _ID3_HEADER_BYTES or header[:3] != b"ID3" or max(header[6:10]) >= 0x80:
            break
        size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
        footer = _ID3_HEADER_BYTES if header[5] & 0x10 else 0
        offset += _ID3_HEADER_BYTES + size + footer
    return offset


def _by_magic(head: bytes) -> Format | None:
    if head[:4] in {b"RIFF", b"RIFX"} and head[8:12] == b"WAVE":
        return WAV
    if head[:4] in {b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return RF64
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return AIFF
    for position, magic, known in _MAGIC:
        if head[position : position + len(magic)] == magic:
            return known
    return None


def _by_frames(head: bytes) -> Format | None:
    """Find frames without a magic: MPEG audio behind padding, or AAC in ADTS."""
    if any(head.startswith(magic) for magic, _ in _NOT_AUDIO) or _is_text(head):
        return None
    if find_adts(head) == 0:
        return AAC
    return MP3 if find_mpeg_audio(head) is not None else None


def _is_text(head: bytes) -> bool:
    sample = head[:4096]
    if not sample.strip(b"\0"):
        return False
    try:
        text = sample.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3 or len(sample) < 4096:
            return False
        text = sample[: error.start].decode("utf-8")
    return all(letter.isprintable() or letter in "\t\r\n\f\ufeff" for letter in text)


def _looks_like(head: bytes) -> str:
    for magic, name in _NOT_AUDIO:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        kind = head[8:12].decode("ascii", "replace").strip()
        return f"a RIFF file of kind {kind!r} (such as AVI or WebP)"
    if _is_text(head):
        text = head[:4096].decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
        return next((name for start, name in _TEXT if text.startswith(start)), "plain text")
    if not head.strip(b"\0"):
        return "nothing but zero bytes (an unfinished download?)"
    return f"unknown binary data beginning with {head[:8].hex(' ')}"
