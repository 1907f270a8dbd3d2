"""The length that the header of a file declares, so that a file which breaks off is noticed.

libsndfile takes what is there and says nothing. A declared length is only ever a reason for a
warning, never a figure.
"""

from dataclasses import dataclass

from analyzer.input.source import SourceFile

__all__ = ["SLACK_BYTES", "TAGS_BYTES", "DeclaredLength", "by_frame_count", "room_for_tags"]

TAGS_BYTES = 1 << 20
"""What may follow the sound as tags; with a picture in them it may be more, which costs little."""

SLACK_BYTES = 4096
"""What may follow the sound where there are no tags."""

_SLACK_SEC = 0.02


@dataclass(frozen=True)
class DeclaredLength:
    """What a header declares.

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
        """Say how a file differs from what it declares; `None` if it does not.

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


def room_for_tags(source: SourceFile) -> int:
    """Return how many bytes of tags may follow the sound; 0 where the file ends without any."""
    return TAGS_BYTES if source.ends_with_tags() else 0


def by_frame_count(source: SourceFile) -> DeclaredLength:
    """Read what a header declares that counts frames and nothing else, such as FLAC's."""
    return DeclaredLength(most_unread=room_for_tags(source) or SLACK_BYTES)
