"""The pages of an Ogg file (RFC 3533): which streams it holds, and how long it says it is."""

import os
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["LastPage", "bytes_behind", "is_single_stream", "last_page", "promised_sec"]

_PAGE_HEADER_BYTES = 27
_MOST_SEGMENTS = 255
_HEAD_BYTES = 128 * 1024
"""What is searched for the first page with sound: headers with a picture in them may be longer."""

_PAGE_START = b"OggS\0"
_TAIL_BYTES = 2 * 65_307
"""Two pages of the greatest size: one of them is whole."""

_END_OF_STREAM = 4
_OPUS_RATE_HZ = 48_000
_FIRST_PAGE_SEC = 1.0
"""A first page that ends later than this may belong to a recording that was cut out of another."""


@dataclass(frozen=True)
class LastPage:
    """The last page of a file whose header is there."""

    ends: bool = False
    serial: bytes = b""
    granule: int = 0


def last_page(file: BinaryIO) -> LastPage:
    """Read the last page; the file's position is lost."""
    file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    position = tail.rfind(_PAGE_START, 0, max(0, len(tail) - _PAGE_HEADER_BYTES + 5))
    if position < 0:
        return LastPage()
    segments = tail[position + 26]
    table = tail[position + 27 : position + 27 + segments]
    whole = len(tail) >= position + 27 + segments + sum(table)
    ends = whole and bool(tail[position + 5] & _END_OF_STREAM)
    return LastPage(ends, tail[position + 14 : position + 18], _granule(tail, position))


def is_single_stream(file: BinaryIO) -> bool:
    """Return whether the last page belongs to the stream that the first begins."""
    file.seek(0)
    first = file.read(_PAGE_HEADER_BYTES)
    return last_page(file).serial in {first[14:18], b""}


def bytes_behind(file: BinaryIO) -> int:
    """Return how many bytes follow the end of the stream that the first page begins.

    The pages say so, and not the place where a decoder stopped: it depends on how much it was asked
    for at a time. Where no page carries the end mark, nothing follows.
    """
    number = file.fileno()
    size = os.fstat(number).st_size
    serial = os.pread(number, _PAGE_HEADER_BYTES, 0)[14:18]
    position: int | None = 0
    while position is not None:
        head = os.pread(number, _PAGE_HEADER_BYTES + _MOST_SEGMENTS, position)
        if len(head) < _PAGE_HEADER_BYTES:
            return 0
        if head[:5] != _PAGE_START:
            position = _next_page(number, position + 1)
            continue
        position += _PAGE_HEADER_BYTES + head[26] + sum(head[27 : 27 + head[26]])
        if head[5] & _END_OF_STREAM and head[14:18] == serial:
            return max(0, size - position)
    return 0


def _next_page(number: int, position: int) -> int | None:
    """Return where the next page begins, at or behind a position within a damaged one."""
    while chunk := os.pread(number, _HEAD_BYTES, position):
        if (found := chunk.find(_PAGE_START)) >= 0:
            return position + found
        if len(chunk) < len(_PAGE_START):
            return None
        position += len(chunk) - len(_PAGE_START) + 1
    return None


def promised_sec(file: BinaryIO) -> float:
    """Return how long the sound must be, by the clock of its pages; 0 where that is not known.

    A page that is damaged is left out by libogg without a word: what is decoded is then shorter.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    first = _first_granule(head)
    packet = head[_PAGE_HEADER_BYTES + head[26] :][:19] if len(head) > 26 else b""
    if packet[:7] == b"\x01vorbis":
        rate, skipped = int.from_bytes(packet[12:16], "little"), 0
    elif packet[:8] == b"OpusHead":
        rate, skipped = _OPUS_RATE_HZ, int.from_bytes(packet[10:12], "little")
    else:
        return 0.0
    if first is None or rate == 0:
        return 0.0
    start = skipped if first <= _FIRST_PAGE_SEC * rate else first
    return max(0, last_page(file).granule - start) / rate


def _first_granule(head: bytes) -> int | None:
    """Return the time of the first page that ends with sound: those of headers carry 0."""
    position = head.find(_PAGE_START)
    while 0 <= position <= len(head) - _PAGE_HEADER_BYTES:
        if (granule := _granule(head, position)) > 0:
            return granule
        position = head.find(_PAGE_START, position + 1)
    return None


def _granule(data: bytes, position: int) -> int:
    """Return the time of a page in samples; -1 where no packet ends on it."""
    return int.from_bytes(data[position + 6 : position + 14], "little", signed=True)
