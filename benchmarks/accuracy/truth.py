"""What is known of a piece, and what a program said of it: the two sides of every metric."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Rendered", "Span", "TrackTruth", "Truth"]

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Span:
    """A stretch of time in seconds."""

    start_sec: float
    end_sec: float


@dataclass(frozen=True, kw_only=True)
class TrackTruth:
    """One track of a mix: where it plays alone or takes over, its tempo and key."""

    start_sec: float
    end_sec: float
    bpm: float | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is known of one file; what is not known or does not apply is None or empty.

    Attributes:
        bpm: Quarter notes a minute, as a DJ reads them on the record.
        steady: Whether the tempo is constant, so that 0.05 BPM mean something.
        beats: Seconds of every beat from the first to the last that is played.
        downbeats: Seconds of the first beat of every bar.
        breakdown: Where nothing marks the beat, though it goes on.
        key: Such as 'A minor'.
        tuning_cents: Deviation from A = 440 Hz.
        vocals: Whether someone sings or speaks.
        figures: Name of an exact figure → its value.
        tracks: Those of a mix.

    """

    bpm: float | None = None
    steady: bool = True
    beats: tuple[float, ...] = ()
    downbeats: tuple[float, ...] = ()
    breakdown: Span | None = None
    key: str | None = None
    tuning_cents: float | None = None
    vocals: bool | None = None
    figures: tuple[tuple[str, float], ...] = ()
    tracks: tuple[TrackTruth, ...] = ()


@dataclass(frozen=True)
class Rendered:
    """Samples of shape (frames, channels) at 44.1 kHz, and what is true of them."""

    samples: Samples
    truth: Truth
