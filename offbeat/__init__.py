"""The contract of Offbeat, its client and its command.

This package is what producers, the controller and the analyzer share: job and result, failure
reasons, exit codes, Redis keys and scripts. It knows neither Kubernetes nor audio.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offbeat.client import Client, Progress
    from offbeat.errors import (
        EmbeddedRedisFailed,
        NoRedisConfigured,
        NoResultInTime,
        OffbeatError,
        RedisRefused,
        RedisUnreachable,
        RedisUrlInvalid,
        ResultTaken,
        UnreadableResult,
    )
    from offbeat.failure import FailureReason
    from offbeat.job import CueTrack, Job, JobOptions, JobRefused, parse_job
    from offbeat.result import (
        CancelledResult,
        CompletedResult,
        FailedResult,
        Result,
        parse_result,
    )
    from offbeat.settings import Settings

__version__ = "0.1.0"

__all__ = [
    "CancelledResult",
    "Client",
    "CompletedResult",
    "CueTrack",
    "EmbeddedRedisFailed",
    "FailedResult",
    "FailureReason",
    "Job",
    "JobOptions",
    "JobRefused",
    "NoRedisConfigured",
    "NoResultInTime",
    "OffbeatError",
    "Progress",
    "RedisRefused",
    "RedisUnreachable",
    "RedisUrlInvalid",
    "Result",
    "ResultTaken",
    "Settings",
    "UnreadableResult",
    "__version__",
    "parse_job",
    "parse_result",
]

_HOMES = {
    "client": ("Client", "Progress"),
    "errors": (
        "EmbeddedRedisFailed",
        "NoRedisConfigured",
        "NoResultInTime",
        "OffbeatError",
        "RedisRefused",
        "RedisUnreachable",
        "RedisUrlInvalid",
        "ResultTaken",
        "UnreadableResult",
    ),
    "failure": ("FailureReason",),
    "job": ("CueTrack", "Job", "JobOptions", "JobRefused", "parse_job"),
    "result": ("CancelledResult", "CompletedResult", "FailedResult", "Result", "parse_result"),
    "settings": ("Settings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562 knows no better type
    """Import a public name when it is first used, so that `offbeat --help` needs none of them."""
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'offbeat' has no attribute {name!r}")
    return getattr(import_module(f"offbeat.{module}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
