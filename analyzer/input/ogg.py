"""The pages of an Ogg file (RFC 3533): which streams it holds, and how long it says it is."""

import os
from dataclasses import dataclass
from typing import BinaryIO

from analyzer.input.declared_length import DeclaredLength, room_for_tags
from analyzer.input.source import SourceFile

__all__ = ["CHANNEL_ORDERS", "bytes_behind", "declared_length", "is_chained"]

CHANNEL_ORDERS = {
    3: (0, 2, 1),
    5: (0, 2, 1, 3, 4),
    6: (0, 2, 1, 5, 3, 4),
    7: (0, 2, 1, 6, 5, 3, 4),
    8: (0, 2, 1, 7, 5, 6, 3, 4),
}
"""Where each channel of a WAVE file stands in Vorbis and Opus: their centre is second, LFE last."""

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
class _LastPage:
    """The last page of a file whose header is there."""

    ends: bool = False
    serial: bytes = b""
    granule: int = 0


def declared_length(source: SourceFile) -> DeclaredLength:
    """Read the clock of the pages, and the end mark of the last one."""
    last = _last_page(source)
    seconds = _clock_sec(source.read_at(0, _HEAD_BYTES), last.granule)
    return DeclaredLength(ends=last.ends, seconds=seconds, most_unread=room_for_tags(source))


def is_chained(source: SourceFile) -> bool:
    """Return whether the last page belongs to another stream than the first begins."""
    first = source.read_at(0, _PAGE_HEADER_BYTES)
    return _last_page(source).serial not in {first[14:18], b""}


def _last_page(source: SourceFile) -> _LastPage:
    tail = source.read_at(max(0, source.size - _TAIL_BYTES), _TAIL_BYTES)
    position = tail.rfind(_PAGE_START, 0, max(0, len(tail) - _PAGE_HEADER_BYTES + 5))
    if position < 0:
        return _LastPage()
    segments = tail[position + 26]
    table = tail[position + 27 : position + 27 + segments]
    whole = len(tail) >= position + 27 + segments + sum(table)
    ends = whole and bool(tail[position + 5] & _END_OF_STREAM)
    return _LastPage(ends, tail[position + 14 : position + 18], _granule(tail, position))


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


def _clock_sec(head: bytes, last_granule: int) -> float:
    """Return how long the sound must be, by the clock of its pages; 0 where that is not known.

    A page that is damaged is left out by libogg without a word: what is decoded is then shorter.
    """
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
    return max(0, last_granule - start) / rate


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
