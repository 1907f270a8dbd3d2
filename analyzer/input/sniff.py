"""Tell what a file is from its first bytes: never from its name, which the producer chose.

What is decoded comes back as its row in `FORMATS`; everything else is refused with the name of what
it looks like.
"""

from analyzer.errors import CorruptAudio, UnsupportedFormat
from analyzer.input.formats import FORMATS, Format
from analyzer.input.source import SourceFile

__all__ = ["sniff"]

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


def sniff(source: SourceFile) -> Format:
    """Return what kind of container a file is.

    Raises:
        UnsupportedFormat: It is not audio of a kind that is decoded.
        CorruptAudio: It is empty.

    """
    head = source.head
    if not head:
        what = "is empty" if source.start == 0 else "holds a tag and no audio"
        raise CorruptAudio(f"{what}: check that the upload was complete before the job was pushed")
    known = _by_magic(head) or _by_frames(head)
    if known is None:
        raise UnsupportedFormat(f"is not audio but looks like {_looks_like(head)}: {_DECODED}")
    return known


def _by_magic(head: bytes) -> Format | None:
    return next((known for known in FORMATS if known.has_magic(head)), None)


def _by_frames(head: bytes) -> Format | None:
    """Find frames without a magic: MPEG audio behind padding, or AAC in ADTS."""
    if any(head.startswith(magic) for magic, _ in _NOT_AUDIO) or _is_text(head):
        return None
    return next((known for known in FORMATS if known.has_frames(head)), None)


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
