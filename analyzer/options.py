"""What one analysis may do and how it measures, apart from the job itself."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from offbeat.job import JobOptions

__all__ = ["MAX_CHANNELS", "MAX_RATE_HZ", "MIN_RATE_HZ", "Options"]

MAX_CHANNELS = 8
MIN_RATE_HZ = 4_000
MAX_RATE_HZ = 384_000


class Limits(Protocol):
    """What the operator has set."""

    @property
    def silence_top_db(self) -> float: ...

    @property
    def max_duration_sec(self) -> float: ...

    @property
    def stems_model(self) -> str: ...

    @property
    def stems_models_path(self) -> Path | None: ...

    @property
    def bpm_min(self) -> float | None: ...

    @property
    def bpm_max(self) -> float | None: ...


@dataclass(frozen=True, kw_only=True)
class Options:
    """Limits and thresholds of one analysis.

    Attributes:
        silence_top_db: What lies this many dB or more below full scale is silence.
        max_duration_sec: A file that decodes to more than this is refused.
        stems: Whether the job asks for stems.
        stems_model: The set of networks that separates them.
        stems_models_path: Where such sets lie; the user's data folder where it is not given.
        bpm_min: Slower tempi are not considered.
        bpm_max: Nor are faster ones.

    """

    silence_top_db: float = 60.0
    max_duration_sec: float = 43_200.0
    stems: bool = False
    stems_model: str = "2stems"
    stems_models_path: Path | None = None
    bpm_min: float | None = None
    bpm_max: float | None = None

    @classmethod
    def of(cls, limits: Limits, asked: JobOptions) -> Self:
        """Put together what the operator has set and what the job asks for, which goes first."""
        return cls(
            silence_top_db=limits.silence_top_db,
            max_duration_sec=limits.max_duration_sec,
            stems=asked.stems,
            stems_model=limits.stems_model,
            stems_models_path=limits.stems_models_path,
            bpm_min=limits.bpm_min if asked.bpm_min is None else asked.bpm_min,
            bpm_max=limits.bpm_max if asked.bpm_max is None else asked.bpm_max,
        )

    @property
    def allowed_bpm(self) -> tuple[float, float] | None:
        """The tempi that are considered; none when all are."""
        if self.bpm_min is None and self.bpm_max is None:
            return None
        return self.bpm_min or 0.0, self.bpm_max or math.inf
