"""The chunks of WAV, RF64 and AIFF files: where their sound is, and how long they say it is."""

from dataclasses import dataclass
from typing import Literal

from analyzer.input.declared_length import DeclaredLength
from analyzer.input.source import SourceFile

__all__ = ["declared_length", "is_unfinished"]

_MAX_CHUNKS = 1_000
_OTHER_CHUNKS_BYTES = 64 << 20
"""What may follow the sound: pictures, waveforms and notes of the file's editor."""

_OPEN_SIZES = {0, 0xFFFFFFFF}
"""Sizes that programs write when they do not know the length yet, such as into a pipe."""


@dataclass(frozen=True)
class _SoundChunk:
    """Where the sound of a WAV or AIFF file begins, and the length that its header gives."""

    start: int
    length: int


def declared_length(source: SourceFile) -> DeclaredLength:
    """Compare the size of the sound in RIFF, RF64 or IFF chunks with the file's."""
    sound = _find_sound(source)
    missing = 0
    if sound is not None and sound.length not in _OPEN_SIZES:
        missing = max(0, sound.start + sound.length - source.size)
    return DeclaredLength(missing_bytes=missing, most_unread=_OTHER_CHUNKS_BYTES)


def is_unfinished(source: SourceFile) -> bool:
    """Return whether the sound of a WAV file has length 0 and yet is there.

    A recorder that crashed leaves such a file. In one that is empty other chunks follow, or none.
    """
    sound = _find_sound(source)
    if sound is None or sound.length != 0:
        return False
    following = source.read_at(sound.start, 8)
    end = sound.start + 8 + int.from_bytes(following[4:], "little")
    return len(following) == 8 and not (following[:4].isalnum() and end <= source.size)


def _find_sound(source: SourceFile) -> _SoundChunk | None:
    """Walk the chunks to the one with the sound."""
    is_little = source.read_at(0, 12)[:4] in {b"RIFF", b"RF64", b"BW64"}
    order: Literal["little", "big"] = "little" if is_little else "big"
    position, long_size = 12, 0
    for _ in range(_MAX_CHUNKS):
        chunk = source.read_at(position, 8)
        if len(chunk) < 8:
            return None
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == b"ds64":
            long_size = int.from_bytes(source.read_at(position + 16, 8), "little")
        if chunk[:4] in {b"data", b"SSND"}:
            is_long = length == 0xFFFFFFFF and long_size
            return _SoundChunk(position + 8, long_size if is_long else length)
        position += 8 + length + (length & 1)
    return None
