"""The Compose file against the published schema, and against what the code reads."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from controller.settings import ControllerSettings

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Read the services of compose.yaml."""
    loaded = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize(
    ("file", "schema"),
    [("compose.yaml", "compose-spec"), (".github/workflows/ci.yaml", "github-workflows")],
)
def test_it_keeps_to_the_published_schema(file: str, schema: str) -> None:
    """The schemas come with check-jsonschema, so this needs no network."""
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", f"--builtin-schema=vendor.{schema}", file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_redis_keeps_what_it_is_given(services: dict[str, Any]) -> None:
    """A queue must neither forget nor drop."""
    command = " ".join(services["redis"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command


def test_local_mode_is_built_from_the_analyzer_s_file(services: dict[str, Any]) -> None:
    """And the stage is there."""
    build = services["offbeat"]["build"]
    dockerfile = (ROOT / build["dockerfile"]).read_text()
    assert re.search(rf"^FROM base AS {build['target']}$", dockerfile, re.MULTILINE)
    assert '"-m", "local"]' in dockerfile


def test_local_mode_is_as_confined_as_a_job(services: dict[str, Any]) -> None:
    """Read-only root, no capabilities, a numeric user."""
    offbeat = services["offbeat"]
    assert offbeat["user"] == "10001:10001"
    assert offbeat["read_only"] is True
    assert offbeat["cap_drop"] == ["ALL"]


def test_every_variable_is_a_setting(services: dict[str, Any]) -> None:
    """A misspelt name would be ignored in silence."""
    names = {name.removeprefix("OFFBEAT_").lower() for name in services["offbeat"]["environment"]}
    assert names <= set(ControllerSettings.model_fields)


def test_the_example_environment_names_only_settings() -> None:
    """`.env.example` is read by the same settings."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    found = {m[1].lower() for line in lines if (m := re.match(r"#?OFFBEAT_([A-Z_]+)=", line))}
    assert found
    assert found <= set(ControllerSettings.model_fields)
