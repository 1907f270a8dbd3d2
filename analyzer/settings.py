"""The settings of one analyzer run, read from the environment that its Job sets."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from offbeat import keys
from offbeat.settings import NoneIfEmpty, Settings

__all__ = ["AnalyzerSettings"]


class AnalyzerSettings(Settings):
    """What one analyzer needs to know beyond the shared settings."""

    payload_file: Path = Field(
        Path(keys.PAYLOAD_MOUNT_PATH) / keys.PAYLOAD_FILE_NAME,
        description="file that holds the message as the producer pushed it",
    )
    run_id: str = Field(min_length=1, description="the run that this process works on")
    attempt: int = Field(1, ge=1, description="which Job of the run this is")
    termination_log: Path = Field(
        Path(keys.TERMINATION_LOG_PATH), description="where Kubernetes reads the last words"
    )
    silence_top_db: float = Field(
        60.0, gt=0, le=200, description="what lies this far below full scale is silence, dB"
    )
    max_duration_sec: float = Field(
        43_200.0, gt=0, description="longest file that is analysed, decoded seconds"
    )
    stems_model: str = Field("2stems", description="the networks that separate stems")
    stems_models_path: Annotated[Path | None, NoneIfEmpty] = Field(
        None, description="folder of such networks; the user's data folder where it is not set"
    )
    bpm_min: float | None = Field(
        None, ge=20, le=400, description="slowest tempo, where the job names none"
    )
    bpm_max: float | None = Field(
        None, ge=20, le=400, description="fastest tempo, where the job names none"
    )
    settle_patience_sec: float = Field(
        300.0, ge=0, description="how long to try to deliver a result while Redis is away"
    )
