"""What was found out about a file: the figures of the whole and of each of its tracks.

The names in `Analysis`, `Track` and `GlobalAnalysis` are used by consumers in other languages:
they are never renamed. A value that cannot be computed is null and its name stands in `unavailable`
with the reason. All times are seconds on the untrimmed clock of the file.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from offbeat.descriptors import (
    BandBalance,
    BeatRegion,
    Brightness,
    Clipping,
    Descriptor,
    Downbeats,
    EnergyCurve,
    Key,
    KeySegment,
    Phrases,
    Silence,
    Stereo,
    Tempo,
    Vocals,
    Waveform,
)

__all__ = ["Analysis", "GlobalAnalysis", "Results", "Track"]

Explanations = Annotated[
    dict[str, str], Field(description="name of each null figure → why it is null")
]


class _Figures(Descriptor):
    """The figures of a file or of one track of it; each null one is explained."""

    if TYPE_CHECKING:  # declared by each model as its last field, to be read last
        unavailable: Explanations

    duration_sec: float = Field(ge=0, description="decoded frames / sample rate")
    loudness_lufs_total: float | None = Field(
        description="integrated loudness, ITU-R BS.1770-4, LUFS"
    )
    loudness_lufs_momentary_max: float | None = Field(
        description="largest loudness of 400 ms, EBU Tech 3341, LUFS"
    )
    loudness_lufs_short_term_max: float | None = Field(
        description="largest loudness of 3 s, EBU Tech 3341, LUFS"
    )
    loudness_range_lu: float | None = Field(description="loudness range, EBU Tech 3342, LU")
    true_peak_dbtp: float | None = Field(description="true peak, ITU-R BS.1770-4, dBTP")
    sample_peak_dbfs: float | None = Field(description="largest sample, dBFS")
    replaygain_track_gain_db: float | None = Field(
        description="ReplayGain 2.0: −18 LUFS − integrated loudness, dB"
    )
    replaygain_track_peak: float | None = Field(
        description="ReplayGain 2.0: largest sample, full scale = 1"
    )
    average_brightness: float | None = Field(description="power-weighted spectral centroid, Hz")
    brightness: Brightness | None = Field(None, description="the same over time")
    band_balance: BandBalance | None = Field(None, description="shares of the power")
    loudness_lufs_bass: float | None = Field(
        None, description="integrated loudness below 150 Hz, LUFS"
    )
    bass_method: Literal["dsp"] | None = Field(
        None, description="dsp: a low-pass, no separated stem"
    )
    energy_level: float | None = Field(None, ge=1, le=10, description="1 ambient to 10 hard")
    energy_curve: EnergyCurve | None = Field(None, description="the same over time")
    stereo: Stereo | None = Field(None, description="null unless there are two channels")
    clipping: Clipping | None = None
    dc_offset: list[float] | None = Field(
        None, description="mean of the samples of each channel, full scale = 1"
    )
    silences: list[Silence] | None = Field(
        None, description="pauses of at least 1 s inside the sound"
    )
    has_vocals: bool | None = Field(None, description="whether somebody sings or speaks")
    vocal_energy_rms: float | None = Field(
        None, description="RMS of the vocals, full scale = 1; 0 without them"
    )
    vocals: Vocals | None = Field(None, description="when, and how sure")
    stable_bpm: float | None = Field(None, description="beats per minute")
    tempo: Tempo | None = Field(None, description="how sure the tempo is, and how it moves")
    beat_regions: list[BeatRegion] | None = Field(None, description="the beat grid, compact")
    downbeats: Downbeats | None = Field(None, description="null when they are not sure")
    phrases: Phrases | None = Field(None, description="null when they are not sure")
    key: Key | None = None
    key_segments: list[KeySegment] | None = Field(None, description="the key over time")

    @model_validator(mode="after")
    def _every_null_is_explained(self) -> Self:
        """Figures that came later have a default: results of older analyzers are still read."""
        fields = type(self).model_fields
        null = {name for name in fields if getattr(self, name) is None}
        unexplained = {name for name in null if fields[name].is_required()} - set(self.unavailable)
        if unexplained or self.unavailable.keys() - null:
            raise ValueError(f"null figures {sorted(null)} ≠ explained {sorted(self.unavailable)}")
        return self


class Analysis(_Figures):
    """The figures of one track."""

    stable_bpm: float | None = Field(description="beats per minute")
    key: Key | None
    beat_grid_timestamps: list[float] | None = Field(None, description="beats, seconds")
    loudness_lufs_bass: float | None = Field(description="integrated loudness below 150 Hz, LUFS")
    has_vocals: bool | None
    vocal_energy_rms: float | None = Field(description="RMS of the vocals, full scale = 1")
    unavailable: Explanations = Field(default_factory=dict)


class Track(Descriptor):
    """One track of the file."""

    track_id: int | str
    title: str | None = None
    artist: str | None = None
    start_time_sec: float = Field(ge=0)
    end_time_sec: float = Field(ge=0)
    boundaries: Literal["cue", "file"] = Field(
        description="where start and end come from: the job's cue tracks, or the file as one whole"
    )
    analysis: Analysis


class GlobalAnalysis(_Figures):
    """The figures of the whole file."""

    sample_rate_hz: int = Field(gt=0)
    channels: int = Field(gt=0)
    frames: int = Field(ge=0, description="decoded sample frames")
    container: str = Field(description="such as 'wav', 'mp3', 'm4a'")
    codec: str = Field(description="such as 'pcm_s16', 'vorbis', 'aac'")
    bit_depth: int | None = Field(description="bits a sample of PCM and lossless codecs")
    trimmed_start_sec: float | None = Field(description="end of the leading silence")
    trimmed_end_sec: float | None = Field(description="start of the trailing silence")
    leading_silence_sec: float | None
    trailing_silence_sec: float | None
    global_beat_grid_timestamps: list[float] | None = Field(description="beats, seconds")
    global_drum_beat_grid_timestamps: list[float] | None = Field(description="drum beats, seconds")
    stems: dict[str, str] | None = Field(description="stem → path below the output mount")
    waveform: Waveform | None = Field(None, description="files to draw the sound from")
    unavailable: Explanations = Field(default_factory=dict)


class Results(BaseModel):
    """Everything that was found out about one file."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    global_: GlobalAnalysis = Field(alias="global")
    tracks: list[Track]
    warnings: list[str] = Field(default_factory=list, description="such as a file that breaks off")
    analyzer_version: str
