"""Which values the chart takes, and what it says to the others."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.unit.charts.conftest import CHART, MINIMAL, Helm, Render, merged

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())

Path = tuple[str, ...]


def leaves(tree: dict[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Walk all values that an operator can set."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def at(path: Path, value: object) -> dict[str, Any]:
    """Build a tree with one leaf."""
    for name in reversed(path):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def another(path: Path, value: object) -> object:
    """Invent a valid value that is not the default."""
    special: dict[str, object] = {
        "volume": {"emptyDir": {"medium": "Memory"}},
        "url": "redis://elsewhere:6379/1",
        "digest": "sha256:" + "0" * 64,
        "mountPath": "/elsewhere",
        "pullPolicy": "Always",
        "imagePullPolicy": "Never",
        "logLevel": "DEBUG",
        "logFormat": "text",
        "podSecurityContext": {"fsGroup": 7},
        "affinity": {"podAffinity": {}},
        "maxResults": 1,
    }
    if path[-1] in special:
        return special[path[-1]]
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        return {"a": "b"}
    if isinstance(value, list):
        return [{"name": "other"}]
    return "other"


def without_the_rival(path: Path) -> dict[str, Any]:
    """Unset the value that must not be set together with the one at `path`."""
    if path[:2] == ("redis", "existingSecret"):
        return {"redis": {"url": "", "existingSecret": {"name": "some"}}}
    if path[:2] == ("analyzer", "redis"):
        return {"analyzer": {"redis": {"existingSecret": {"name": "some"}}}}
    if path[:2] == ("redis", "ca"):
        return {"redis": {"ca": {path[2]: {"name": "some"}}}}
    if path == ("audio", "volume"):
        return {"audio": {"existingClaim": "", "volume": {"emptyDir": {}}}}
    if path == ("output", "volume"):
        return {"output": {"volume": {"emptyDir": {}}}}
    return {}


@pytest.mark.parametrize(("path", "value"), list(leaves(DEFAULTS)), ids=lambda item: str(item)[:60])
def test_every_value_is_rendered(render: Render, path: Path, value: object) -> None:
    """A value without effect would be a lie."""
    base = without_the_rival(path)
    assert render(merged(base, at(path, another(path, value)))) != render(base)


# Names below these are Kubernetes' or the operator's.
FREE = {"requests", "limits", "profiles"}


@pytest.mark.parametrize(
    "path",
    sorted(
        place
        for place in {path[:depth] for path, _ in leaves(DEFAULTS) for depth in range(len(path))}
        if not FREE & set(place[-1:])
    ),
    ids=".".join,
)
def test_unknown_values_are_refused(helm: Helm, path: Path) -> None:
    """A misspelt value must not be ignored in silence."""
    done = helm(
        *("template", str(CHART), "--kube-version", "1.34.0"),
        values=merged(MINIMAL, at((*path, "misspelt"), "x")),
    )
    assert done.returncode != 0
    assert "additional properties 'misspelt' not allowed" in done.stderr


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"redis": {"url": ""}}, "Offbeat needs a Redis. Set one of\n  redis.url="),
        ({"redis": {"existingSecret": {"name": "x"}}}, "are both set. Keep one of them."),
        ({"audio": {"existingClaim": ""}}, "Offbeat needs the audio files. Set one of"),
        ({"audio": {"volume": {"emptyDir": {}}}}, "are both set. Keep one of them."),
        (
            {"output": {"existingClaim": "x", "volume": {"emptyDir": {}}}},
            "output.volume are both set. Keep one of them.",
        ),
        (
            {"output": {"existingClaim": "x", "mountPath": "/mnt/audio-storage"}},
            "output.mountPath and audio.mountPath are the same.",
        ),
        (
            {
                "redis": {
                    "ca": {"existingSecret": {"name": "a"}, "existingConfigMap": {"name": "b"}}
                }
            },
            "redis.ca.existingConfigMap.name are both set. Keep one of them.",
        ),
        ({"controller": {"owner": "two words"}}, "/controller/owner"),
        ({"controller": {"maxResults": 0}}, "/controller/maxResults"),
        ({"controller": {"parkDeadlineSec": 0}}, "/controller/parkDeadlineSec"),
        ({"output": {"mountPath": "relative"}}, "/output/mountPath"),
        ({"redis": {"url": "localhost"}}, "/redis/url"),
        ({"audio": {"mountPath": "relative"}}, "/audio/mountPath"),
        ({"controller": {"maxConcurrentJobs": 0}}, "/controller/maxConcurrentJobs"),
        ({"profiles": {"Big": {}}}, "Big"),
        ({"profiles": {"big": {"backoffLimit": "2"}}}, "/profiles/big/backoffLimit"),
        ({"test": {"relativePath": "/absolute.mp3"}}, "/test/relativePath"),
    ],
)
def test_what_cannot_work_is_refused_in_words(
    helm: Helm, values: dict[str, Any], words: str
) -> None:
    """The message names the value, and what to set."""
    done = helm(
        *("template", str(CHART), "--kube-version", "1.34.0"), values=merged(MINIMAL, values)
    )
    assert done.returncode != 0
    assert words in done.stderr


def test_helm_may_add_its_globals(render: Render) -> None:
    """So that the chart can be part of another."""
    assert render({"global": {"x": 1}}) == render()
