"""Every container that is decoded, one row each: how it is recognised, read and checked.

Nothing else in this package knows containers by name. To add one:

1. Write its row in `FORMATS`: `magic` is a regular expression, `demuxer` ffmpeg's name for it.
2. If libsndfile reads it, name it in `libsndfile`, and read its header in `declared_length`.
3. Put what needs more than an expression into a file of its own, such as `ogg.py`.
4. Add a file of that kind to `SAMPLES` in tests/unit/analyzer/input/test_formats.py, and to docs.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from analyzer.input import chunks, mp3, ogg
from analyzer.input.declared_length import DeclaredLength, by_frame_count
from analyzer.input.mpeg import has_mpeg_audio, is_adts
from analyzer.input.source import SourceFile

__all__ = ["FORMATS", "Format", "Misread"]


@dataclass(frozen=True)
class Misread:
    """Files that libsndfile opens but reads wrongly, so that ffmpeg gets them.

    Attributes:
        applies: Whether a file is one of them.
        reason: What libsndfile does to them.

    """

    applies: Callable[[SourceFile], bool]
    reason: str


def _undeclared(_: SourceFile) -> DeclaredLength:
    """Leave the declared length to ffmpeg."""
    return DeclaredLength()


def _never(_: bytes) -> bool:
    """Recognise nothing by its frames."""
    return False


@dataclass(frozen=True, kw_only=True)
class Format:
    """What a container is, and what it declares of its length.

    Attributes:
        container: Its name in the result.
        magic: The regular expression that its audio begins with; empty where it has no magic.
        has_frames: Whether the first bytes hold frames of a stream that has no magic.
        demuxer: What ffmpeg is forced to read it as.
        libsndfile: What libsndfile calls it; empty where only ffmpeg reads it.
        misread: Which files of this kind libsndfile reads wrongly.
        codec: Its one codec, where libsndfile gives the width of its samples instead.
        channel_orders: By number of channels, where each channel of a WAVE file stands as
            libsndfile decodes it; left out where the order is the same.
        declared_length: Reads what the header declares, beside the frame count of the decoder.
        bytes_behind: Counts what follows the sound, where pages tell its end and not a frame count:
            libsndfile reads such a file until nothing comes. `None` where it stops at the count,
            and its position tells what follows.
        is_estimated: Whether ffmpeg guesses its length from the bit rate, so that a file that
            breaks off cannot be told from a guess too long.

    """

    container: str
    magic: bytes = b""
    has_frames: Callable[[bytes], bool] = _never
    demuxer: str
    libsndfile: frozenset[str] = frozenset()
    misread: Misread | None = None
    codec: str | None = None
    channel_orders: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    declared_length: Callable[[SourceFile], DeclaredLength] = _undeclared
    bytes_behind: Callable[[BinaryIO], int] | None = None
    is_estimated: bool = False

    def has_magic(self, head: bytes) -> bool:
        """Return whether audio begins with the magic of this container."""
        return bool(self.magic) and re.match(self.magic, head, re.DOTALL) is not None


FORMATS = (
    Format(
        container="wav",
        magic=rb"RIF[FX].{4}WAVE",
        demuxer="wav",
        libsndfile=frozenset({"WAV", "WAVEX"}),
        misread=Misread(
            chunks.is_unfinished, "libsndfile believes a header that says there is no sound"
        ),
        declared_length=chunks.declared_length,
    ),
    Format(
        container="rf64",
        magic=rb"(RF64|BW64).{4}WAVE",
        demuxer="wav",
        libsndfile=frozenset({"RF64"}),
        declared_length=chunks.declared_length,
    ),
    Format(
        container="aiff",
        magic=rb"FORM.{4}AIF[FC]",
        demuxer="aiff",
        libsndfile=frozenset({"AIFF"}),
        declared_length=chunks.declared_length,
    ),
    Format(
        container="flac",
        magic=rb"fLaC",
        demuxer="flac",
        libsndfile=frozenset({"FLAC"}),
        codec="flac",
        declared_length=by_frame_count,
    ),
    Format(
        container="ogg",
        magic=rb"OggS",
        demuxer="ogg",
        libsndfile=frozenset({"OGG"}),
        misread=Misread(
            ogg.is_chained, "libsndfile stops after the first link of a chained stream"
        ),
        channel_orders=ogg.CHANNEL_ORDERS,
        declared_length=ogg.declared_length,
        bytes_behind=ogg.bytes_behind,
    ),
    Format(container="m4a", magic=rb".{4}(ftyp|moov|mdat|wide)", demuxer="mov"),
    Format(container="matroska", magic=rb"\x1a\x45\xdf\xa3", demuxer="matroska"),
    Format(
        container="asf",
        magic=rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c",
        demuxer="asf",
    ),
    Format(container="wavpack", magic=rb"wvpk", demuxer="wv"),
    Format(
        container="w64",
        magic=rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00",
        demuxer="w64",
    ),
    Format(container="caf", magic=rb"caff\x00\x01", demuxer="caf"),
    Format(container="au", magic=rb"\.snd", demuxer="au"),
    Format(container="aac", has_frames=is_adts, demuxer="aac", is_estimated=True),
    Format(
        container="mp3",
        has_frames=has_mpeg_audio,
        demuxer="mp3",
        libsndfile=frozenset({"MP3"}),
        misread=Misread(
            mp3.lacks_true_count, "libsndfile cuts an MP3 without a true count where it guesses"
        ),
        declared_length=mp3.declared_length,
        is_estimated=True,
    ),
)
"""In the order in which they are tried; those without a magic last, and only on what is no text."""
