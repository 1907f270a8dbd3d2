"""Label and field selectors of the Kubernetes API, as far as Offbeat and kopf use them: pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Matcher", "field_matcher", "label_matcher"]

Matcher = Callable[[Mapping[str, Any]], bool]

_REQUIREMENT = re.compile(r"(?P<key>[^ =!,()]+) in \((?P<values>[^)]*)\)|[^,]+")


def label_matcher(selector: str) -> Matcher:
    """Return what decides whether the labels of an object match."""
    tests = [_label_test(found) for found in _REQUIREMENT.finditer(selector)]

    def matches(item: Mapping[str, Any]) -> bool:
        labels = item["metadata"].get("labels") or {}
        return all(test(labels) for test in tests)

    return matches


def field_matcher(selector: str) -> Matcher:
    """Return what decides whether the fields of an object match."""
    pairs = [part.partition("=") for part in selector.split(",") if part]
    wanted = [(path.split("."), value.lstrip("=")) for path, _, value in pairs]

    def matches(item: Mapping[str, Any]) -> bool:
        return all(_field(item, path) == value for path, value in wanted)

    return matches


def _label_test(found: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    if found["key"]:
        key, values = found["key"], set(found["values"].split(","))
        return lambda labels: labels.get(key) in values
    text = found[0].strip()
    if text.startswith("!"):
        return lambda labels: text[1:] not in labels
    if "!=" in text:
        name, _, unwanted = text.partition("!=")
        return lambda labels: labels.get(name) != unwanted
    name, equals, value = text.partition("=")
    if equals:
        return lambda labels: labels.get(name) == value.lstrip("=")
    return lambda labels: name in labels


def _field(item: Mapping[str, Any], path: list[str]) -> str:
    if path == ["status", "successful"]:  # how the API names the field `succeeded` of a Job
        path = ["status", "succeeded"]
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    if value is None:
        return "0" if path == ["status", "succeeded"] else ""
    return str(value)
