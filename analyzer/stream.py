"""The stream of samples of one file, and what listens to it.

A file is decoded once. Every block goes to each consumer in turn, in the order in which they are
given; whatever needs the samples (features, stems, a fingerprint) is one of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from analyzer.errors import CorruptAudio, LimitExceeded
from analyzer.input.reader import Reader
from analyzer.samples import Samples

__all__ = ["Consumer", "Progress", "StreamFacts", "feed"]

Progress = Callable[[float], None]
"""Told the fraction of the file that is decoded, 0–1, before every block."""

_MOST_SAMPLES = 1 << 22
"""Samples of a block, over all channels: ten seconds of 384 kHz in eight would take 123 MB."""


@dataclass(frozen=True, kw_only=True)
class StreamFacts:
    """What the decoder says of the file."""

    container: str
    codec: str
    bit_depth: int | None
    rate: int
    channels: int
    expected_frames: int | None = None
    """What the header promises: no figure may depend on it."""

    @classmethod
    def of(cls, reader: Reader) -> "StreamFacts":
        """Return what an open reader says."""
        return cls(
            container=reader.container,
            codec=reader.codec,
            bit_depth=reader.bit_depth,
            rate=reader.rate,
            channels=reader.channels,
            expected_frames=reader.expected_frames,
        )


class Consumer(Protocol):
    """Listens to the samples of one file.

    It is made with the `StreamFacts` before the first block, keeps what it needs, and says in its
    docstring how much memory that takes. A block is overwritten by the next one: copy what must
    last. An `AnalysisRefused` that it raises ends the analysis.
    """

    @property
    def block_frames(self) -> int:
        """Sample frames of a block that suits it; the first consumer's wish is granted."""
        ...

    def add(self, samples: Samples) -> None:
        """Take in the next samples, of shape (frames, channels), in blocks of any size."""
        ...

    def finish(self) -> object:
        """Take note that the file has ended; it is called once, and not after an error."""
        ...


def feed(
    reader: Reader,
    consumers: Sequence[Consumer],
    *,
    max_duration_sec: float,
    progress: Progress,
    block_frames: int | None = None,
) -> None:
    """Decode a file and give every block to all consumers; `finish` is theirs who called.

    Args:
        reader: Of the file.
        consumers: At least one, in the order in which they are given each block.
        max_duration_sec: A file that decodes to more than this is refused.
        progress: Told how much is decoded.
        block_frames: Sample frames to decode at a time; no figure may depend on it.

    Raises:
        LimitExceeded: The file is too long.
        CorruptAudio: It holds no sound.

    """
    frames = block_frames or min(consumers[0].block_frames, _MOST_SAMPLES // reader.channels)
    most = max_duration_sec * reader.rate
    decoded = 0
    while len(block := reader.read(frames)):
        decoded += len(block)
        if decoded > most:
            raise LimitExceeded(
                f"is longer than {max_duration_sec:,.10g} s, which is the limit: split it"
            )
        progress(min(0.99, decoded / reader.expected_frames) if reader.expected_frames else 0.0)
        for consumer in consumers:
            consumer.add(block)
    if not decoded:
        raise CorruptAudio("holds no sound: check that the upload was complete, or encode it again")
