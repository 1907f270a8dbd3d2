"""What can go wrong when a run is launched.

ControllerError
├── ConfigurationInvalid   the operator's settings cannot work
└── LaunchError            one Job could not be created
    ├── LaunchRejected     and never will be
    ├── QuotaExceeded      until others have finished
    └── LauncherUnavailable   right now: try again, with the same name
"""

__all__ = [
    "ConfigurationInvalid",
    "ControllerError",
    "LaunchError",
    "LaunchRejected",
    "LauncherUnavailable",
    "QuotaExceeded",
]


class ControllerError(Exception):
    """Base of the controller's own errors."""


class ConfigurationInvalid(ControllerError):
    """The operator's settings cannot work; the text says which and why."""


class LaunchError(ControllerError):
    """A Job could not be created, listed or changed."""


class LaunchRejected(LaunchError):
    """The cluster refuses this Job for good."""


class QuotaExceeded(LaunchError):
    """The namespace's quota, or a missing permission, forbids another Job for now."""


class LauncherUnavailable(LaunchError):
    """The cluster does not answer, or asks for patience."""

    def __init__(self, message: str, *, retry_after_sec: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_sec = retry_after_sec
