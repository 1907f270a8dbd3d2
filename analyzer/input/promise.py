"""What the header of a file promises of its length, so that a file which breaks off is noticed.

libsndfile takes what is there and says nothing. A promise is only ever a reason for a warning,
never a figure.
"""

import os
from dataclasses import dataclass
from typing import BinaryIO, Literal

from analyzer.input import ogg
from analyzer.input.mpeg import find_mpeg_audio, promised_bytes
from analyzer.input.sniff import Format, audio_offset

__all__ = ["Promise", "counts_whole_mp3", "is_unfinished_wav", "of"]

_HEAD_BYTES = 64 * 1024
_MAX_CHUNKS = 1_000
_TAGS_BYTES = 1 << 20
"""What may follow the sound as tags; with a picture in them it may be more, which costs little."""

_SLACK_BYTES = 4096
"""What may follow the sound where there are no tags."""

_SLACK_SEC = 0.02
_TAG_SIGNS = (b"APETAGEX", b"LYRICS200", b"3DI")
_TAIL_BYTES = 160
"""Where the tags that end a file have their sign: an ID3v1 tag may follow an APE tag's footer."""

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
        seconds: What the clock in the stream gives as its length; 0 where there is none.
        most_unread: Bytes that may follow the sound: tags, but not the rest of files that were
            joined carelessly, nor of a WAV whose size has passed 4 GiB.

    """

    missing_bytes: int = 0
    ends: bool = True
    counts_frames: bool = True
    seconds: float = 0.0
    most_unread: int | None = None

    def broken_by(
        self, decoded: int, expected: int | None, *, rate: int, unread: int = 0
    ) -> str | None:
        """Say how a file breaks its promise; null if it keeps it.

        Args:
            decoded: Frames that it gave.
            expected: Frames that its header counts, where it does.
            rate: Frames in a second.
            unread: Bytes that are left of it.

        """
        if self.missing_bytes > 0:
            return f"{self.missing_bytes:,} bytes of sound are missing"
        if self.counts_frames and expected is not None and decoded < expected:
            return f"{expected - decoded:,} of {expected:,} frames are missing or damaged"
        if self.seconds - decoded / rate > _SLACK_SEC:
            return f"{self.seconds - decoded / rate:.3f} s of sound are missing or damaged"
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
        offset, promised = _promised_of_mp3(file)
        behind = 0 if promised is None else size - offset - promised
        return Promise(
            missing_bytes=max(0, -behind),
            counts_frames=False,
            most_unread=max(0, behind) + _SLACK_BYTES,
        )
    tags = _TAGS_BYTES if _ends_with_tags(file, size) else 0
    if known.container == "ogg":
        ends = ogg.last_page(file).ends
        return Promise(ends=ends, seconds=ogg.promised_sec(file), most_unread=tags)
    return Promise(most_unread=tags or _SLACK_BYTES)


def counts_whole_mp3(file: BinaryIO) -> bool:
    """Return whether an MP3 has a Xing or Info tag that counts the file to its end."""
    offset, promised = _promised_of_mp3(file)
    size = os.fstat(file.fileno()).st_size
    if promised is None or offset + promised < size - _TAGS_BYTES:
        return False
    file.seek(offset + promised)
    return find_mpeg_audio(file.read(_HEAD_BYTES)) is None


def is_unfinished_wav(file: BinaryIO) -> bool:
    """Return whether the sound of a WAV file has length 0 and yet is there.

    A recorder that crashed leaves such a file. In one that is empty other chunks follow, or none.
    """
    size = os.fstat(file.fileno()).st_size
    sound = _find_sound(file)
    if sound is None or sound.length != 0:
        return False
    file.seek(sound.start)
    following = file.read(8)
    end = sound.start + 8 + int.from_bytes(following[4:], "little")
    return len(following) == 8 and not (following[:4].isalnum() and end <= size)


def _ends_with_tags(file: BinaryIO, size: int) -> bool:
    """Return whether a file ends with tags that stand behind its sound."""
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    return tail[-128:-125] == b"TAG" or any(sign in tail for sign in _TAG_SIGNS)


@dataclass(frozen=True)
class _SoundChunk:
    """Where the sound of a WAV or AIFF file begins, and the length that its header gives."""

    start: int
    length: int


def _missing_from_chunks(file: BinaryIO, size: int) -> int:
    """Compare the size of the sound in RIFF, RF64 or IFF chunks with the file's."""
    sound = _find_sound(file)
    if sound is None or sound.length in _OPEN_SIZES:
        return 0
    return max(0, sound.start + sound.length - size)


def _find_sound(file: BinaryIO) -> _SoundChunk | None:
    """Walk the chunks to the one with the sound."""
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
            return None
        length = int.from_bytes(chunk[4:], order)
        if chunk[:4] == b"ds64":
            long_size = int.from_bytes(file.read(16)[8:], "little")
        if chunk[:4] in {b"data", b"SSND"}:
            return _SoundChunk(
                position + 8, long_size if length == 0xFFFFFFFF and long_size else length
            )
        position += 8 + length + (length & 1)
    return None


def _promised_of_mp3(file: BinaryIO) -> tuple[int, int | None]:
    """Return where the sound begins, and how many bytes of it the tag counts from its frame on."""
    offset = audio_offset(file)
    file.seek(offset)
    return offset, promised_bytes(file.read(_HEAD_BYTES))
