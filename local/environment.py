"""The environment of an analyzer that is a child of the controller: only what it needs."""

from collections.abc import Mapping

from controller.attempt import LaunchSpec
from controller.settings import ControllerSettings
from local.scratch import TryFolder
from offbeat import keys

__all__ = ["child_environment"]

_NAMES = frozenset({"HOME", "LANG", "LANGUAGE", "PATH", "TZ"})
_PREFIXES = ("LC_", "LD_", "OMP_", "OPENBLAS_", "PYTHON", "SSL_CERT_", keys.ENV_PREFIX)
"""`OFFBEAT_…` because an operator may set limits that only the analyzer reads."""


def child_environment(
    outer: Mapping[str, str], settings: ControllerSettings, spec: LaunchSpec, folder: TryFolder
) -> dict[str, str]:
    """Build it from the controller's own; what tokens and passwords that holds stays there."""
    kept = {
        name: value for name, value in outer.items() if name in _NAMES or name.startswith(_PREFIXES)
    }
    own = {
        keys.ENV_ANALYSIS_QUEUE: settings.analysis_queue,
        keys.ENV_RESULTS_QUEUE: settings.results_queue,
        keys.ENV_SHARED_MOUNT_PATH: str(settings.shared_mount_path),
        keys.ENV_LOG_LEVEL: settings.log_level,
        keys.ENV_LOG_FORMAT: settings.log_format,
        keys.ENV_PAYLOAD_FILE: str(folder.payload),
        keys.ENV_TERMINATION_LOG: str(folder.termination_log),
        keys.ENV_RUN_ID: spec.run_id,
        keys.ENV_ATTEMPT: str(spec.number),
        "TMPDIR": str(folder.temporary),
    }
    if settings.output_mount_path is not None:
        own[keys.ENV_OUTPUT_MOUNT_PATH] = str(settings.output_mount_path)
    if settings.redis_url is not None:
        own[keys.ENV_REDIS_URL] = settings.redis_url.get_secret_value()
    if settings.redis_ca_file is not None:
        own[keys.ENV_REDIS_CA_FILE] = str(settings.redis_ca_file)
    return kept | own
