"""What the header of a file promises of its length, so that a file which breaks off is noticed.

libsndfile takes what is there and says nothing. A promise is only ever a reason for a warning,
never a figure.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO, Literal

from analyzer.input.mpeg import promised_bytes
from analyzer.input.sniff import Format, audio_offset

__all__ = ["Promise", "counts_whole_mp3", "is_single_ogg_stream", "of"]

_HEAD_BYTES = 64 * 1024
_OGG_PAGE_HEADER_BYTES = 27
_OGG_TAIL_BYTES = 2 * 65_307
"""Two pages of the greatest size: one of them is whole."""

_OGG_END_OF_STREAM = 4
_MAX_CHUNKS = 1_000
_TAGS_BYTES = 1 << 20
"""What may follow the sound as tags; with a picture in them it may be more, which costs little."""

_CHUNKS_BYTES = 64 << 20
"""What may follow the sound in a WAV or AIFF file: pictures, waveforms and notes of its editor."""

_OPEN_SIZES = {0, 0xFFFFFFFF}
"""Sizes that programs write when they do not know the length yet, such as into a pipe."""


@dataclass(frozen=True)
class Promise:
    """What a header promises.

    Attributes:
        missing_bytes: Bytes that the header counts and the file does not have.
        ends: Whether the stream carries its end mark, where its format has one.
        counts_frames: Whether the header's frame count is exact rather than an estimate.
        most_unread: Bytes that may follow the sound: tags, but not the rest of files that were
            joined carelessly, nor of a WAV whose size has passed 4 GiB.

    """

    missing_bytes: int = 0
    ends: bool = True
    counts_frames: bool = True
    most_unread: int | None = None

    def broken_by(self, decoded: int, expected: int | None, *, unread: int = 0) -> str | None:
        """Say how a file breaks its promise; null if it keeps it.

        Args:
            decoded: Frames that it gave.
            expected: Frames that its header counts, where it does.
            unread: Bytes that are left of it.

        """
        if self.missing_bytes > 0:
            return f"{self.missing_bytes:,} bytes of sound are missing"
        if self.counts_frames and expected is not None and decoded < expected:
            return f"{expected - decoded:,} of {expected:,} frames are missing or damaged"
        if self.most_unread is not None and unread > self.most_unread:
            return f"{unread:,} bytes follow the end that its header gives"
        if not self.ends:
            return "the end of the stream is missing"
        return None


def of(file: BinaryIO, known: Format) -> Promise:
    """Read what the header of an open file promises; its position is lost."""
    size = os.fstat(file.fileno()).st_size
    if known.container in {"wav", "rf64", "aiff"}:
        return Promise(missing_bytes=_missing_from_chunks(file, size), most_unread=_CHUNKS_BYTES)
    if known.container == "mp3":
        return Promise(missing_bytes=_missing_from_mp3(file, size), counts_frames=False)
    if known.container == "ogg":
        flags, _ = _last_ogg_page(file, size)
        return Promise(ends=bool(flags & _OGG_END_OF_STREAM), most_unread=0)
    return Promise(most_unread=_TAGS_BYTES)


def counts_whole_mp3(file: BinaryIO) -> bool:
    """Return whether an MP3 has a Xing or Info tag that counts the file to its end."""
    offset, promised = _promised_of_mp3(file)
    size = os.fstat(file.fileno()).st_size
    return promised is not None and offset + promised >= size - _TAGS_BYTES


def is_single_ogg_stream(file: BinaryIO) -> bool:
    """Return whether the last page of an Ogg file belongs to the stream that the first begins."""
    file.seek(0)
    first = file.read(_OGG_PAGE_HEADER_BYTES)
    _, serial = _last_ogg_page(file, os.fstat(file.fileno()).st_size)
    return serial in {first[14:18], b""}


def _last_ogg_page(file: BinaryIO, size: int) -> tuple[int, bytes]:
    """Return flags and serial number of the last page whose header is there."""
    start = max(0, size - _OGG_TAIL_BYTES)
    file.seek(start)
    tail = file.read(_OGG_TAIL_BYTES)
    position = tail.rfind(b"OggS\0", 0, max(0, len(tail) - _OGG_PAGE_HEADER_BYTES + 5))
    if position < 0:
        return 0, b""
    flags, segments = tail[position + 5], tail[position + 26]
    table = tail[position + 27 : position + 27 + segments]
    whole = len(tail) >= position + 27 + segments + sum(table)
    return (flags if whole else 0), tail[position + 14 : position + 18]


def _missing_from_chunks(file: BinaryIO, size: int) -> int:
    """Walk RIFF, RF64 or IFF chunks to the sound, and compare its size with the file's."""
    file.seek(0)
    header = file.read(12)
    order: Literal["little", "big"] = (
        "little" if header[:4] in {b"RIFF", b"RF64", b"BW64"} else "big"
    )
    position, long_size = 12, 0
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        chunk = file.read(8)
        if len(chunk) < 8:
            return 0
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if chunk[:4] in {b"data", b"SSND"}:
            if length == 0xFFFFFFFF and long_size:
                length = long_size
            return 0 if length in _OPEN_SIZES else max(0, position + 8 + length - size)
        position += 8 + length + (length & 1)
    return 0


def _missing_from_mp3(file: BinaryIO, size: int) -> int:
    """Compare the byte count of an MP3's Xing or Info tag with the file's."""
    offset, promised = _promised_of_mp3(file)
    return 0 if promised is None else max(0, offset + promised - size)


def _promised_of_mp3(file: BinaryIO) -> tuple[int, int | None]:
    """Return where the sound begins, and how many bytes of it the tag counts from its frame on."""
    offset = audio_offset(file)
    file.seek(offset)
    return offset, promised_bytes(file.read(_HEAD_BYTES))
