"""The errors of the controller.

```
ControllerError
├── ConfigurationInvalid       the operator's settings cannot work
└── LaunchError                a call for one Job failed
    ├── LaunchRejected         the cluster refuses this Job for good
    ├── QuotaExceeded          a quota refuses it until other Jobs have ended
    ├── PermissionMissing      the controller lacks a right: no Job can be launched until it has it
    └── LauncherUnavailable    there is no answer now: try again, with the same name
```
"""

__all__ = [
    "ConfigurationInvalid",
    "ControllerError",
    "LaunchError",
    "LaunchRejected",
    "LauncherUnavailable",
    "PermissionMissing",
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
    """A quota of the namespace refuses another Job for now."""


class PermissionMissing(LaunchError):
    """The controller itself lacks a right; the text names the verb and the resource.

    It concerns every run, so it is no reason to fail one.
    """


class LauncherUnavailable(LaunchError):
    """The cluster does not answer, answers nonsense, or asks to be called later."""

    def __init__(self, message: str, *, retry_after_sec: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_sec = retry_after_sec
