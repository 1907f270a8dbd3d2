"""Decode what libsndfile reads: WAV, RF64, AIFF, FLAC, Ogg and MP3, in an allow-list of encodings.

ADPCM, GSM and the like are refused: hardly any music is stored so, and their decoders have open
CVEs in libsndfile 1.2.2.
"""

import os
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import soundfile

from analyzer.errors import CorruptAudio, UnsupportedFormat
from analyzer.input.declared_length import DeclaredLength
from analyzer.input.formats import Format
from analyzer.input.source import SourceFile
from analyzer.samples import Samples

__all__ = ["NotForLibsndfile", "SoundFileReader"]

_SUBTYPES: dict[str, tuple[str, int | None]] = {
    "PCM_S8": ("pcm_s8", 8),
    "PCM_U8": ("pcm_u8", 8),
    "PCM_16": ("pcm_s16", 16),
    "PCM_24": ("pcm_s24", 24),
    "PCM_32": ("pcm_s32", 32),
    "FLOAT": ("pcm_f32", 32),
    "DOUBLE": ("pcm_f64", 64),
    "VORBIS": ("vorbis", None),
    "OPUS": ("opus", None),
    "MPEG_LAYER_I": ("mp1", None),
    "MPEG_LAYER_II": ("mp2", None),
    "MPEG_LAYER_III": ("mp3", None),
}
_UNKNOWN_FRAMES = 2**62
"""libsndfile's frame count is near 2^63 where a header leaves it open, such as FLAC from a pipe."""


class NotForLibsndfile(Exception):
    """A file of a kind that libsndfile reads, but which it reads wrongly or not at all."""


class _ForwardOnly(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A file that is only read forward.

    soundfile seeks after every read of a seekable file; in a damaged Ogg that makes what is decoded
    depend on the block size.
    """

    def seekable(self) -> bool:
        return False


class SoundFileReader:
    """A file read by libsndfile.

    Raises:
        NotForLibsndfile: ffmpeg may know better.
        UnsupportedFormat: Its encoding is not on the allow-list.

    """

    def __init__(self, source: SourceFile, known: Format, *, declared: DeclaredLength) -> None:
        if known.misread is not None and known.misread.applies(source):
            raise NotForLibsndfile(known.misread.reason)
        self._file = source.file
        self._format = known
        self._declared = declared
        self._sound = _open(source.file)
        try:
            self._describe()
        except BaseException:
            self._sound.close()
            raise
        self._decoded = 0
        self._block: Samples = np.empty((0, self.channels), np.float32)
        self._ended = False
        self._complaint: str | None = None
        self.warnings: list[str] = []

    def _describe(self) -> None:
        sound, known = self._sound, self._format
        if sound.format not in known.libsndfile or sound.subtype not in _SUBTYPES:
            raise UnsupportedFormat(
                f"holds {sound.subtype_info or sound.subtype}, which is not decoded: "
                "send PCM, float, FLAC, Vorbis, Opus or MP3"
            )
        codec, self.bit_depth = _SUBTYPES[sound.subtype]
        self.codec = known.codec or codec
        self.container = known.container
        self.rate: int = sound.samplerate
        self.channels: int = sound.channels
        self._order = known.channel_orders.get(self.channels)
        self.expected_frames: int | None = sound.frames if sound.frames < _UNKNOWN_FRAMES else None

    def read(self, frames: int) -> Samples:
        """Return the next `frames` frames, or fewer at the end of the file, and then none."""
        if len(self._block) != frames:
            self._block = np.empty((frames, self.channels), np.float32)
        got = 0 if self._ended else self._fill()
        self._decoded += got
        return self._block[:got] if self._order is None else self._block[:got, self._order]

    def _fill(self) -> int:
        """Fill the block as far as the file allows, and return how many frames it holds.

        No more is asked for than the header counts: libsndfile would decode on and throw it away,
        and a tag behind the last frame would look like damage. An Ogg file has no such header, and
        is read until nothing comes.

        An error does not end it as long as more comes: libsndfile carries on behind a damaged frame
        within one read, so a reader has to do the same between two.
        """
        got = 0
        stuck = False
        left = len(self._block)
        if self.expected_frames is not None and self._format.bytes_behind is None:
            left = min(left, self.expected_frames - self._decoded)
        while got < left:
            try:
                more: int = self._sound.buffer_read_into(self._block[got:left].data, "float32")
            except soundfile.LibsndfileError as error:
                self._complaint = self._complaint or _words(error)
                more = int(self._sound.tell()) - self._decoded - got
                if more == 0 and not stuck:
                    stuck = True
                    continue
            stuck = False
            got += more
            if more == 0:
                break
        if got < len(self._block):
            self._end(self._decoded + got)
        return got

    def _unread(self) -> int:
        """Return how many bytes of the file follow the sound."""
        if self._format.bytes_behind is not None:
            return self._format.bytes_behind(self._file)
        return os.fstat(self._file.fileno()).st_size - self._file.tell()

    def _end(self, decoded: int) -> None:
        self._ended = True
        complaint = self._complaint or self._declared.broken_by(
            decoded, self.expected_frames, rate=self.rate, unread=self._unread()
        )
        if complaint and not decoded:
            raise CorruptAudio(
                f"cannot be decoded ({complaint}): "
                "check that the upload was complete, or encode it again"
            )
        if complaint:
            self.warnings.append(
                f"the file is damaged or breaks off ({complaint}): "
                f"the {decoded / self.rate:.3f} s that could be decoded were analysed"
            )

    def close(self) -> None:
        """Close libsndfile's handle; the file itself stays open."""
        self._sound.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()


def _open(file: BinaryIO) -> soundfile.SoundFile:
    file.seek(0)
    try:
        return _ForwardOnly(file.fileno(), closefd=False)
    except soundfile.LibsndfileError as error:
        raise NotForLibsndfile(_words(error)) from error


def _words(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error :").strip().rstrip(".")
