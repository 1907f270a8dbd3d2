"""One way to read sound, whatever decodes it: blocks of a fixed size, each full but the last.

Every result depends on the samples alone, so no reader may let its decoder's own block size show.
"""

from types import TracebackType
from typing import BinaryIO, Protocol, Self

from analyzer.errors import CorruptAudio, DecoderMissing, LimitExceeded, UnsupportedFormat
from analyzer.input.formats import Format
from analyzer.input.sniff import sniff
from analyzer.input.source import SourceFile
from analyzer.options import MAX_CHANNELS, MAX_RATE_HZ, MIN_RATE_HZ
from analyzer.samples import Samples

__all__ = ["Reader", "open_reader"]


class Reader(Protocol):
    """An open file that is being decoded."""

    container: str
    codec: str
    bit_depth: int | None
    rate: int
    channels: int
    expected_frames: int | None
    """What the header declares: for progress, and to notice a file that breaks off; no figure."""

    warnings: list[str]
    """What a reader of the result should know; complete once `read` has returned nothing."""

    def read(self, frames: int) -> Samples:
        """Return the next `frames` frames, or fewer at the end of the file, and then none.

        The array is valid until the next call.

        Raises:
            CorruptAudio: Nothing at all can be decoded.

        """

    def close(self) -> None:
        """Stop decoding and free everything."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...


def open_reader(file: BinaryIO) -> Reader:
    """Begin to decode an open file.

    Raises:
        UnsupportedFormat: It is not audio of a kind that is decoded.
        CorruptAudio: Its beginning cannot be decoded.
        LimitExceeded: It has too many channels, or an absurd sample rate.

    """
    source = SourceFile.of(file)
    reader = _open_decoder(source, sniff(source))
    try:
        _check_limits(reader)
    except BaseException:
        reader.close()
        raise
    return reader


def _open_decoder(source: SourceFile, known: Format) -> Reader:
    """Open with libsndfile what it reads, else with ffmpeg; import only the one that is needed."""
    declared = known.declared_length(source)
    refusal: Exception | None = None
    if known.libsndfile:
        from analyzer.input.soundfile import NotForLibsndfile, SoundFileReader

        try:
            return SoundFileReader(source, known, declared=declared)
        except NotForLibsndfile as error:
            refusal = error
    from analyzer.input.ffmpeg import FfmpegReader

    try:
        return FfmpegReader(source, known, declared=declared)
    except DecoderMissing as error:
        if refusal is None:
            raise
        raise CorruptAudio(f"cannot be decoded ({refusal}): encode it again") from error


def _check_limits(reader: Reader) -> None:
    if reader.channels < 1:
        raise UnsupportedFormat("holds no audio channel")
    if reader.channels > MAX_CHANNELS:
        raise LimitExceeded(
            f"has {reader.channels} channels, {MAX_CHANNELS} are allowed: mix it down first"
        )
    if not MIN_RATE_HZ <= reader.rate <= MAX_RATE_HZ:
        raise LimitExceeded(
            f"has a sample rate of {reader.rate:,} Hz, {MIN_RATE_HZ:,} to {MAX_RATE_HZ:,} Hz "
            "are allowed: convert it first"
        )
