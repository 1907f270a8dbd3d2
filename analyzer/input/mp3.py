"""The Xing or Info tag in the first frame of an MP3, and how far its count can be believed."""

from analyzer.input.declared_length import SLACK_BYTES, TAGS_BYTES, DeclaredLength
from analyzer.input.mpeg import find_mpeg_audio, parse_header
from analyzer.input.source import HEAD_BYTES, SourceFile

__all__ = ["counted_bytes", "declared_length", "lacks_true_count"]


def counted_bytes(head: bytes) -> int | None:
    """Return how many bytes from the first frame on an MP3's Xing or Info tag counts.

    `None` unless the tag counts both bytes and frames, and some of each.
    """
    start = find_mpeg_audio(head)
    header = parse_header(head[start : start + 4]) if start is not None else None
    if start is None or header is None:
        return None
    tag = head[start + header.xing_offset : start + header.xing_offset + 16]
    if tag[:4] not in {b"Xing", b"Info"} or len(tag) < 16 or tag[7] & 3 != 3:
        return None
    if tag[8:12] == bytes(4):
        return None
    return int.from_bytes(tag[12:16], "big") or None


def declared_length(source: SourceFile) -> DeclaredLength:
    """Compare the bytes that the tag counts with the file's."""
    counted = counted_bytes(source.head)
    behind = 0 if counted is None else source.size - source.start - counted
    return DeclaredLength(
        missing_bytes=max(0, -behind),
        counts_frames=False,
        most_unread=max(0, behind) + SLACK_BYTES,
    )


def lacks_true_count(source: SourceFile) -> bool:
    """Return whether no Xing or Info tag counts the file to its end."""
    counted = counted_bytes(source.head)
    if counted is None or source.start + counted < source.size - TAGS_BYTES:
        return True
    return find_mpeg_audio(source.read_at(source.start + counted, HEAD_BYTES)) is not None
