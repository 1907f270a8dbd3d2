"""The result: what comes back for every job, exactly once.

The names in `Analysis`, `Track` and `GlobalAnalysis` are used by consumers in other languages:
they are never renamed. A figure that cannot be had is null and its name stands in `unavailable`
with the reason. All times are seconds on the untrimmed clock of the file.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from offbeat.failure import RETRYABLE, FailureReason

__all__ = [
    "Analysis",
    "CancelledResult",
    "CompletedResult",
    "FailedResult",
    "GlobalAnalysis",
    "Key",
    "Result",
    "Results",
    "Track",
    "dump_result",
    "parse_result",
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, ser_json_inf_nan="null")


Explanations = Annotated[
    dict[str, str], Field(description="name of each null figure → why it is null")
]


class _Levels(_Model):
    """The levels of a file or of one track of it; each null figure is explained."""

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

    @model_validator(mode="after")
    def _every_null_is_explained(self) -> Self:
        null = {name for name in type(self).model_fields if getattr(self, name) is None}
        if null != self.unavailable.keys():
            raise ValueError(f"null figures {sorted(null)} ≠ explained {sorted(self.unavailable)}")
        return self


class Key(_Model):
    """A musical key."""

    musical: str = Field(description="such as 'A minor'")
    camelot: str = Field(description="such as '8A'")


class Analysis(_Levels):
    """The figures of one track."""

    stable_bpm: float | None = Field(description="beats per minute")
    key: Key | None
    loudness_lufs_bass: float | None = Field(description="the same of the bass, LUFS")
    average_brightness: float | None = Field(description="power-weighted spectral centroid, Hz")
    has_vocals: bool | None
    vocal_energy_rms: float | None = Field(description="RMS of the vocals, full scale = 1")
    unavailable: Explanations = Field(default_factory=dict)


class Track(_Model):
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


class GlobalAnalysis(_Levels):
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
    average_brightness: float | None = Field(description="power-weighted spectral centroid, Hz")
    global_beat_grid_timestamps: list[float] | None = Field(description="beats, seconds")
    global_drum_beat_grid_timestamps: list[float] | None = Field(description="drum beats, seconds")
    stems: dict[str, str] | None = Field(description="stem → path below the output mount")
    unavailable: Explanations = Field(default_factory=dict)


class Results(BaseModel):
    """Everything that was found out about one file."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=True)

    global_: GlobalAnalysis = Field(alias="global")
    tracks: list[Track]
    warnings: list[str] = Field(default_factory=list, description="such as a file that breaks off")
    analyzer_version: str


class _Outcome(_Model):
    job_id: int | str | None = Field(
        description="as the producer sent it; null where it was not legible"
    )
    status: str
    run_id: str = Field(description="names this one claim of the message")
    attempt: int = Field(
        ge=0, description="1 for the first Job of the run, 0 where no Job was needed"
    )


class CompletedResult(_Outcome):
    """The file was analysed."""

    status: Literal["completed"] = "completed"
    results: Results


class FailedResult(_Outcome):
    """The job came to nothing, and this is why."""

    status: Literal["failed"] = "failed"
    error: str = Field(description="a sentence for a person")
    reason: FailureReason
    retryable: bool = Field(description="whether the same message may succeed when pushed again")
    detail: str | None = Field(None, description="what Kubernetes said")
    log_tail: list[str] | None = Field(None, description="the analyzer's last log lines")

    @classmethod
    def because(
        cls,
        reason: FailureReason,
        error: str,
        *,
        job_id: int | str | None,
        run_id: str,
        attempt: int,
        detail: str | None = None,
        log_tail: list[str] | None = None,
    ) -> Self:
        """Build a failed result; `retryable` follows from the reason."""
        return cls(
            job_id=job_id,
            run_id=run_id,
            attempt=attempt,
            error=error,
            reason=reason,
            retryable=reason in RETRYABLE,
            detail=detail,
            log_tail=log_tail,
        )


class CancelledResult(_Outcome):
    """The producer withdrew the job."""

    status: Literal["cancelled"] = "cancelled"


Result = Annotated[CompletedResult | FailedResult | CancelledResult, Field(discriminator="status")]

_ADAPTER: TypeAdapter[CompletedResult | FailedResult | CancelledResult] = TypeAdapter(Result)


def parse_result(raw: bytes | str) -> CompletedResult | FailedResult | CancelledResult:
    """Read one message of the results queue.

    Raises:
        pydantic.ValidationError: It is not a result.

    """
    return _ADAPTER.validate_json(raw)


def dump_result(result: CompletedResult | FailedResult | CancelledResult) -> str:
    """Write a result as the JSON that consumers read, without the extras that are absent."""
    absent = {name for name in ("detail", "log_tail") if getattr(result, name, None) is None}
    return result.model_dump_json(by_alias=True, exclude=absent)
