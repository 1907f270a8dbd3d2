"""Fields of Kubernetes objects that may be absent, null or of another type.

Objects come from the API server as JSON, and anybody with rights in the namespace can have edited
them. Every function here returns a value of its type for any JSON and never raises.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

__all__ = [
    "Resource",
    "condition",
    "created_at",
    "mapping",
    "mappings",
    "name_of",
    "number",
    "reason_and_message",
    "text",
    "unix_time",
]

Resource = Mapping[str, Any]


def _at(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def mapping(resource: object, *path: str) -> Resource:
    """Return the object at a path; empty if there is none."""
    value = _at(resource, path)
    return value if isinstance(value, Mapping) else {}


def mappings(resource: object, *path: str) -> list[Resource]:
    """Return the objects of the list at a path; empty if there is no list."""
    value = _at(resource, path)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def text(resource: object, *path: str) -> str:
    """Return the string at a path; empty if there is none."""
    value = _at(resource, path)
    return value if isinstance(value, str) else ""


def number(resource: object, *path: str) -> int | None:
    """Return the integer at a path; None if there is none."""
    value = _at(resource, path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def unix_time(resource: object, *path: str) -> float | None:
    """Return the RFC 3339 time at a path as Unix time in seconds; None if it cannot be read."""
    try:
        read = datetime.fromisoformat(text(resource, *path))
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def condition(resource: object, kind: str, *, status: str = "True") -> Resource | None:
    """Return the condition of a kind that has a status; None if there is none."""
    for found in mappings(resource, "status", "conditions"):
        if found.get("type") == kind and found.get("status") == status:
            return found
    return None


def created_at(resource: object) -> float:
    """Return when an object was created as Unix time in seconds; 0 if it does not say."""
    return unix_time(resource, "metadata", "creationTimestamp") or 0.0


def name_of(resource: object) -> str:
    """Return the name of an object; empty if it has none."""
    return text(resource, "metadata", "name")


def reason_and_message(status: object) -> str | None:
    """Return `reason: message` of a status, a condition or a container's state; None if it has
    neither.
    """
    return ": ".join(filter(None, (text(status, "reason"), text(status, "message")))) or None
