"""Settings that every part shares, read from the environment and `.env`.

Each program extends them with its own.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from offbeat import keys

__all__ = ["Settings", "without_password"]


def _none_if_empty(value: object) -> object:
    """Take a variable that is set to nothing for one that is not set, not for this folder."""
    return None if value == "" else value


class Settings(BaseSettings):
    """What producers, controller and analyzer must agree on."""

    model_config = SettingsConfigDict(
        env_prefix=keys.ENV_PREFIX, env_file=".env", extra="ignore", frozen=True
    )

    redis_url: SecretStr | None = Field(None, description="redis://, rediss:// or unix:// URL")
    analysis_queue: str = Field(
        keys.DEFAULT_ANALYSIS_QUEUE, min_length=1, description="list of jobs"
    )
    results_queue: str = Field(
        keys.DEFAULT_RESULTS_QUEUE, min_length=1, description="list of results"
    )
    shared_mount_path: Path = Field(
        Path(keys.DEFAULT_SHARED_MOUNT_PATH), description="folder of the audio files"
    )
    output_mount_path: Annotated[Path | None, BeforeValidator(_none_if_empty)] = Field(
        None, description="folder for files beside the results, such as waveforms; none by default"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"

    @property
    def keys(self) -> keys.Keys:
        """The Redis keys of the queue that these settings name."""
        return keys.Keys(self.analysis_queue, self.results_queue)


def without_password(url: str) -> str:
    """Return a Redis URL fit for logs: user name and password are replaced by `***`.

    It hides too much of a malformed URL rather than too little.
    """
    hidden = re.sub(r"://.*@", "://***@", url, flags=re.DOTALL)
    return re.sub(r"([?&](?:username|password)=)[^&]*", r"\1***", hidden)
