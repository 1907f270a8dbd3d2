"""Renders the chart with the real helm."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).parents[3] / "charts" / "offbeat"
MINIMAL: dict[str, Any] = {
    "redis": {"url": "redis://redis:6379/0"},
    "audio": {"existingClaim": "audio"},
}

Manifests = dict[tuple[str, str], dict[str, Any]]
Helm = Callable[..., subprocess.CompletedProcess[str]]
Render = Callable[..., Manifests]


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Call helm with an argument list, and values as the last `--values` file."""
    program = shutil.which("helm")
    if program is None:
        pytest.skip("needs helm on PATH: https://helm.sh/docs/intro/install")

    def call(*arguments: str, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [program, *arguments, "--values", "-"],
            input=json.dumps(values),
            capture_output=True,
            text=True,
            timeout=120,
        )

    return call


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    """Render the chart and return its objects by kind and name."""

    def call(values: dict[str, Any] | None = None, *, release: str = "offbeat") -> Manifests:
        done = helm(
            *("template", release, str(CHART), "--namespace", "music"),
            *("--kube-version", "1.34.0"),
            values=merged(MINIMAL, values or {}),
        )
        assert done.returncode == 0, done.stderr
        objects = [item for item in yaml.safe_load_all(done.stdout) if item]
        return {(item["kind"], item["metadata"]["name"]): item for item in objects}

    return call


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Lay one tree of values over another."""
    result = dict(below)
    for name, value in above.items():
        lower = result.get(name)
        both = isinstance(lower, dict) and isinstance(value, dict)
        result[name] = merged(lower, value) if both else value  # type: ignore[arg-type]
    return result
