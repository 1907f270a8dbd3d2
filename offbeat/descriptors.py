"""Figures that are more than a number: what they hold, in which unit, and how sure they are."""

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Alternative",
    "BeatRegion",
    "Descriptor",
    "Downbeats",
    "Key",
    "Phrases",
    "Tempo",
    "TempoPoint",
]


class Descriptor(BaseModel):
    """Base of everything in a result: unknown fields are kept, and nothing changes afterwards."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="null")


class Key(Descriptor):
    """A musical key."""

    musical: str = Field(description="such as 'A minor'")
    camelot: str = Field(description="such as '8A'")


class Alternative(Descriptor):
    """Another reading of the tempo, such as half or double."""

    bpm: float
    confidence: float = Field(ge=0, le=1)


class TempoPoint(Descriptor):
    """The tempo from one moment on."""

    time_sec: float
    bpm: float


class Tempo(Descriptor):
    """How sure the tempo is, what else it could be, and how it moves."""

    confidence: float = Field(ge=0, le=1, description="that bpm and its octave are right")
    stability: float = Field(
        ge=0, le=1, description="share of the beats that lie within 25 ms of a steady grid"
    )
    alternatives: list[Alternative] = Field(description="other readings, the likeliest first")
    curve: list[TempoPoint] = Field(description="beats per minute over time")


class BeatRegion(Descriptor):
    """A stretch of beats on one straight line: beat k is at anchor_sec + k · 60 / bpm."""

    anchor_sec: float = Field(description="its first beat, on the fitted line")
    bpm: float
    first_beat_sec: float
    last_beat_sec: float
    beats: int = Field(ge=1)
    interpolated: bool = Field(
        description="carried through a part without beats, as both sides agree"
    )


class Downbeats(Descriptor):
    """The first beat of every bar."""

    timestamps_sec: list[float]
    beats_per_bar: int
    confidence: float = Field(ge=0, le=1)


class Phrases(Descriptor):
    """Starts of phrases of so many bars."""

    timestamps_sec: list[float]
    bars_per_phrase: int
    confidence: float = Field(ge=0, le=1)
