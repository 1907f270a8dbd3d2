"""The controller's settings, and the operator's file that says what a Job looks like."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from controller.errors import ConfigurationInvalid
from offbeat.settings import NoneIfEmpty, Settings

__all__ = ["ControllerSettings", "JobsConfig", "Profile", "RedisCa", "SecretKey"]


class ControllerSettings(Settings):
    """Settings of the controller, from `OFFBEAT_…` variables and `.env`."""

    namespace: str | None = Field(
        None, description="namespace of the Jobs; default: where the controller runs"
    )
    release: str = Field(
        "offbeat", min_length=1, max_length=53, description="tells installations apart"
    )
    owner: Annotated[str | None, NoneIfEmpty] = Field(
        None,
        max_length=250,
        pattern=r"^[!-~]+$",
        description="name under which runs are claimed; default: derived from cluster, namespace "
        "and release. Replicas share it; two installations on one queue must differ",
    )
    max_concurrent_jobs: int = Field(
        10, ge=1, le=100_000, description="the cap on Jobs of this owner that run at once"
    )
    max_attempts: int = Field(3, ge=1, le=20, description="maximum number of Jobs for one run")
    max_results: Annotated[int | None, NoneIfEmpty] = Field(
        None,
        ge=1,
        description="stop claiming while the results queue holds this many; default: no limit",
    )
    jobs_file: Path | None = Field(
        None, description="JSON file that says what Jobs look like (JobsConfig)"
    )
    job_ttl_sec: int = Field(
        3600, ge=0, le=6 * 24 * 3600, description="how long settled Jobs are kept"
    )
    reconcile_interval_sec: float = Field(
        30,
        gt=0,
        le=600,
        description="time between checks of a run for which the watch reports nothing",
    )
    image_grace_sec: float = Field(
        60, ge=0, description="how long to wait for an image that cannot be pulled"
    )
    pending_timeout_sec: float = Field(
        900, gt=0, description="how long to wait for a pod that does not start"
    )
    park_deadline_sec: float = Field(
        3600,
        gt=0,
        description="how long to wait for a quota that blocks a Job, then quota_exceeded",
    )
    health_port: int = Field(8080, ge=0, le=65535, description="/livez and /readyz; 0 = none")


class _Config(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,  # `env` may hold a secret
    )


class SecretKey(_Config):
    """One key of a Secret."""

    name: str
    key: str


class RedisCa(_Config):
    """One key of a Secret or of a ConfigMap: the CA of a Redis that is reached by TLS, as PEM."""

    secret: str | None = None
    config_map: str | None = None
    key: str

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.secret is None) == (self.config_map is None):
            raise ValueError("set one of secret and configMap")
        return self


class Profile(_Config):
    """What a Job of one profile is given. Kubernetes' own objects pass through as they are."""

    image: str = Field(min_length=1)
    image_pull_policy: Literal["Always", "IfNotPresent", "Never"] = "IfNotPresent"
    resources: dict[str, dict[str, str | int | float]] = Field(default_factory=dict)
    run_deadline_sec: int = Field(7200, ge=1, description="for one pod")
    total_deadline_sec: int = Field(21_600, ge=1, description="for the Job with all its pods")
    backoff_limit: int = Field(2, ge=0, le=100, description="how often a crashed pod is replaced")
    scratch_size_limit: str = "1Gi"
    node_selector: dict[str, str] = Field(default_factory=dict)
    tolerations: list[dict[str, Any]] = Field(default_factory=list)
    affinity: dict[str, Any] = Field(default_factory=dict)
    priority_class_name: str = ""
    runtime_class_name: str = ""


class JobsConfig(_Config):
    """What every Job has in common, and the profiles that a message may name."""

    audio_volume: dict[str, Any] = Field(
        default_factory=lambda: {"emptyDir": {}}, description="a volume source"
    )
    output_volume: dict[str, Any] | None = Field(
        None, description="a volume source that Jobs may write to, for files beside the results"
    )
    redis_url_secret: SecretKey | None = None
    redis_ca: RedisCa | None = None
    pod_security_context: dict[str, Any] = Field(default_factory=dict)
    service_account_name: str = ""
    image_pull_secrets: list[dict[str, str]] = Field(default_factory=list)
    env: list[dict[str, Any]] = Field(default_factory=list)
    profiles: dict[str, Profile] = Field(min_length=1)

    @classmethod
    def load(cls, path: Path | None) -> "JobsConfig":
        """Read the operator's file; without one there is the profile `default` of local mode.

        Raises:
            ConfigurationInvalid: The file is missing or not what it should be.

        """
        if path is None:
            return cls(profiles={"default": Profile(image="local")})
        try:
            return cls.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise ConfigurationInvalid(f"OFFBEAT_JOBS_FILE: {error}") from error
        except (ValueError, ValidationError) as error:
            raise ConfigurationInvalid(f"OFFBEAT_JOBS_FILE {path}: {error}") from error
