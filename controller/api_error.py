"""What an answer of the Kubernetes API that is not a success means: one pure function.

A status alone does not say it. 403 may be a quota, a right that the controller lacks, a namespace
that is being deleted, or an admission policy, and each asks for something else; 404 and 403 also
come from proxies that have never seen the namespace. So the two are believed only if the answer is
a `Status` of the API server.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from controller.errors import (
    LaunchError,
    LauncherUnavailable,
    LaunchRejected,
    PermissionMissing,
    QuotaExceeded,
)
from controller.resource import mapping, mappings, text

__all__ = ["Conflict", "Expired", "NotFound", "error_for", "http_time", "is_quota_refusal"]

_LONGEST_RETRY_AFTER_SEC = 600.0
_LONGEST_MESSAGE = 1000

# The API server's texts: `jobs.batch "x" is forbidden: exceeded quota: name, requested: …`,
# `… status unknown for quota: …` while usage is not counted yet, and the hierarchical quota of HNC.
_QUOTA = re.compile(r"\bexceeded (?:\w+ )?quota\b|\bstatus unknown for quota\b", re.IGNORECASE)
# From the start, because an admission webhook may quote such a sentence about somebody else.
_RIGHT = re.compile(
    r'\S+(?: "[^"]*")? is forbidden: User "[^"]*" cannot (?P<verb>\w+) '
    r'resource "(?P<resource>[^"]+)"(?: in API group "(?P<group>[^"]*)")?'
)
_PATH_RIGHT = re.compile(
    r'(?:\S+ is )?forbidden: User "[^"]*" cannot (?P<verb>\w+) path "(?P<path>[^"]*)"'
)
# A webhook and a ValidatingAdmissionPolicy choose the status of their refusal themselves.
_ADMISSION = re.compile(r"\bdenied (?:the )?request\b")
_TERMINATING = re.compile(r"\bbecause it is being terminated\b")


class NotFound(LaunchRejected):
    """There is no such object."""


class Conflict(LaunchRejected):
    """An object of this name exists already."""


class Expired(LauncherUnavailable):
    """The rest of a list cannot be read any more: it must be read from its beginning."""


def error_for(
    method: str, path: str, *, status: int, data: bytes, headers: Mapping[str, str]
) -> LaunchError:
    """Return the error that an answer means. It never raises, whatever the answer is.

    Args:
        method: The method of the request.
        path: The path of the request, without its query.
        status: The status of the answer; not 2xx.
        data: Its body.
        headers: Its headers; names in any case if the mapping ignores case.

    """
    answer = _parse(data)
    message = text(answer, "message") or data.decode("utf-8", "replace").strip()
    said = f"Kubernetes API: {method} {path}: {status}: {message[:_LONGEST_MESSAGE]}"
    unavailable = LauncherUnavailable(said, retry_after_sec=_retry_after(headers))
    is_status = text(answer, "kind") == "Status"
    if 400 <= status < 500 and status != 429 and is_status and _ADMISSION.search(message):
        return QuotaExceeded(said) if is_quota_refusal(message) else LaunchRejected(said)
    match status:
        case 400 | 413 | 415 | 422:
            return LaunchRejected(said)
        case 401:
            return PermissionMissing(
                f"the service account's token is not accepted: check that it exists ({said})"
            )
        case 403 if is_status:
            return _forbidden(method, answer, message, said)
        case 404 if is_status:
            return NotFound(said)
        case 409 if method == "POST":
            return Conflict(said)
        case 410:
            return Expired(said)
    return unavailable


def is_quota_refusal(message: str) -> bool:
    """Say whether Kubernetes refused something because of a quota."""
    return _QUOTA.search(message) is not None


def http_time(value: str | None) -> float | None:
    """Return an HTTP date as Unix time in seconds; None if it is none."""
    try:
        read = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def _forbidden(method: str, answer: object, message: str, said: str) -> LaunchError:
    right = _RIGHT.match(message)
    if right is not None:
        resource = ".".join(filter(None, (right["resource"], right["group"])))
        return PermissionMissing(
            f"the controller may not {right['verb']} {resource}: check its Role ({said})"
        )
    right = _PATH_RIGHT.match(message)
    if right is not None:
        return PermissionMissing(
            f"the controller may not {right['verb']} {right['path']}: check its Role ({said})"
        )
    if is_quota_refusal(message):
        return QuotaExceeded(said)
    causes = mappings(answer, "details", "causes")
    if _TERMINATING.search(message) or any(
        text(cause, "reason") == "NamespaceTerminating" for cause in causes
    ):
        return LauncherUnavailable(f"the namespace is being deleted ({said})")
    if method == "GET":  # no admission policy sees a read
        return PermissionMissing(f"the controller may not read this: check its Role ({said})")
    return LaunchRejected(said)


def _parse(data: bytes) -> object:
    try:
        return mapping(json.loads(data))
    except (ValueError, RecursionError):
        return {}


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the pause that the answer asks for, in seconds: it is given as such or as a date."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        pause = float(value)
    else:
        until = http_time(value)
        if until is None:
            return None
        # By the clock of whoever wrote the date, because ours may be wrong.
        written = http_time(headers.get("Date"))
        pause = until - (written if written is not None else datetime.now(UTC).timestamp())
    return min(max(pause, 0.0), _LONGEST_RETRY_AFTER_SEC)
