"""An open file and what every parser asks of it first, found out once.

Nothing is decoded here, and nothing is known of any container.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO, Self

__all__ = ["HEAD_BYTES", "SourceFile"]

HEAD_BYTES = 64 * 1024
"""What is searched for the first frame of a stream that has no magic."""

_MAX_ID3_TAGS = 16
_ID3_HEADER_BYTES = 10
_END_TAG_SIGNS = (b"APETAGEX", b"LYRICS200", b"3DI")
_END_BYTES = 160
"""Where the tags that end a file have their sign: an ID3v1 tag may follow an APE tag's footer."""


@dataclass(frozen=True)
class SourceFile:
    """An open file and its outline.

    Attributes:
        file: Open for reading, without a buffer; whoever reads from it moves its position.
        size: Its length in bytes.
        start: Where the audio begins: bytes of ID3v2 tags in front of it.
        head: The first 64 KiB of audio; empty where nothing follows the tags.

    """

    file: BinaryIO
    size: int
    start: int
    head: bytes

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        """Outline an open file; its position is lost."""
        size = file.seek(0, os.SEEK_END)
        start = _behind_id3(file)
        file.seek(start)
        return cls(file, size, start, file.read(HEAD_BYTES))

    def read_at(self, position: int, most: int) -> bytes:
        """Return up to `most` bytes from a position in the file."""
        self.file.seek(position)
        return self.file.read(most)

    def ends_with_tags(self) -> bool:
        """Return whether ID3v1, ID3v2, APE or Lyrics3 tags stand behind the audio."""
        end = self.read_at(max(0, self.size - _END_BYTES), _END_BYTES)
        return end[-128:-125] == b"TAG" or any(sign in end for sign in _END_TAG_SIGNS)


def _behind_id3(file: BinaryIO) -> int:
    """Return where ID3v2 tags end, of which some programs write several."""
    position = 0
    for _ in range(_MAX_ID3_TAGS):
        file.seek(position)
        header = file.read(_ID3_HEADER_BYTES)
        if len(header) < _ID3_HEADER_BYTES or header[:3] != b"ID3" or max(header[6:10]) >= 0x80:
            break
        size = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
        footer = _ID3_HEADER_BYTES if header[5] & 0x10 else 0
        position += _ID3_HEADER_BYTES + size + footer
    return position
