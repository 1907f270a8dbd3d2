"""Figures that are more than a number: what they hold, in which unit, and how sure they are."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Alternative",
    "BandBalance",
    "BeatRegion",
    "Brightness",
    "Clipping",
    "Descriptor",
    "Downbeats",
    "EnergyCurve",
    "Key",
    "KeyCandidate",
    "KeySegment",
    "Phrases",
    "Silence",
    "Stereo",
    "Tempo",
    "TempoPoint",
    "VocalSegment",
    "Vocals",
    "Waveform",
    "WaveformFile",
]


class Descriptor(BaseModel):
    """Base of everything in a result: unknown fields are kept, and nothing changes afterwards."""

    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="null")


class KeyCandidate(Descriptor):
    """A musical key, and how sure it is."""

    musical: str = Field(description="such as 'A minor'")
    camelot: str = Field(description="such as '8A'")
    open_key: str | None = Field(None, description="such as '1m'")
    confidence: float | None = Field(None, ge=0, le=1, description="that it is this one of the 24")


class Key(KeyCandidate):
    """The key of a file or track; what came later than its names has a default."""

    runner_up: KeyCandidate | None = Field(None, description="the next likely key")
    tuning_cents: float | None = Field(
        None, ge=-50, le=50, description="above A = 440 Hz, in cents"
    )


class KeySegment(Descriptor):
    """A stretch in one key."""

    start_sec: float
    end_sec: float
    musical: str
    camelot: str
    confidence: float = Field(ge=0, le=1)


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
        ge=0, le=1, description="share of the beats around which the tempo is within 0.5 % of it"
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


class Brightness(Descriptor):
    """Percentiles over time of the power-weighted spectral centroid."""

    median_hz: float
    p10_hz: float
    p90_hz: float


class BandBalance(Descriptor):
    """Shares of the power above 20 Hz, which add up to 1."""

    sub: float = Field(ge=0, le=1, description="below 60 Hz")
    bass: float = Field(ge=0, le=1, description="60 to 250 Hz")
    mid: float = Field(ge=0, le=1, description="250 Hz to 2 kHz")
    presence: float = Field(ge=0, le=1, description="2 to 6 kHz")
    air: float = Field(ge=0, le=1, description="above 6 kHz")


class EnergyCurve(Descriptor):
    """The energy of one interval after another, on the scale of `energy_level`."""

    interval_sec: float = Field(gt=0, description="the last one may be shorter")
    values: list[float]


class Stereo(Descriptor):
    """How wide the sound of two channels is."""

    width: float = Field(
        ge=0, le=1, description="side / (mid + side) of the power: 0 mono, 0.5 independent"
    )
    phase_correlation: float = Field(ge=-1, le=1, description="mean of windows of 400 ms")
    phase_correlation_min: float = Field(ge=-1, le=1, description="the smallest of them")
    balance: float = Field(ge=-1, le=1, description="of the power: −1 all left, 1 all right")


class Clipping(Descriptor):
    """Runs of at least three equal samples at the ceiling, in any channel."""

    runs: int = Field(ge=0)
    samples: int = Field(ge=0, description="samples in those runs")
    share: float = Field(ge=0, le=1, description="of all samples of all channels")
    first_sec: list[float] = Field(description="where the first of them are, to 0.1 s")


class Silence(Descriptor):
    """A pause inside the sound."""

    start_sec: float
    end_sec: float


class WaveformFile(Descriptor):
    """A waveform at one zoom, in a format of audiowaveform: it loads by itself."""

    path: str = Field(description="below the output mount")
    format: Literal["dat", "json"]
    band: Literal["full", "low", "mid", "high"]
    bits: Literal[8, 16]
    samples_per_pixel: int = Field(gt=0)
    pixels: int = Field(ge=0, description="pairs of smallest and largest sample")


class Waveform(Descriptor):
    """Files to draw the whole file from; all channels are mixed into one."""

    sample_rate_hz: int = Field(gt=0, description="to which samples_per_pixel refers")
    low_mid_hz: float = Field(description="edge between the bands low and mid")
    mid_high_hz: float = Field(description="edge between the bands mid and high")
    files: list[WaveformFile]


class VocalSegment(Descriptor):
    """A part in which somebody sings or speaks."""

    start_sec: float
    end_sec: float
    confidence: float = Field(ge=0, le=1)


class Vocals(Descriptor):
    """Where somebody sings or speaks, and how sure that is."""

    method: Literal["dsp"] = Field(description="dsp: from the mix, no separated stem")
    presence: float = Field(ge=0, le=1, description="share of the time that the segments take")
    confidence: float = Field(ge=0, le=1, description="that has_vocals is right")
    segments: list[VocalSegment]
