"""The operator's file is read strictly, and its mistakes are named."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from controller.errors import ConfigurationInvalid
from controller.settings import ControllerSettings, JobsConfig


def test_file(tmp_path: Path) -> None:
    """Names are Kubernetes' own, in camel case."""
    path = tmp_path / "jobs.json"
    path.write_text(
        '{"redisUrlSecret": {"name": "r", "key": "url"},'
        ' "profiles": {"default": {"image": "i", "runDeadlineSec": 5}}}'
    )
    config = JobsConfig.load(path)
    assert config.profiles["default"].run_deadline_sec == 5
    assert config.redis_url_secret is not None


def test_no_file() -> None:
    """Local mode needs no file."""
    assert JobsConfig.load(None).profiles.keys() == {"default"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "jobs.json"),
        ('{"profiles": {}}', "profiles"),
        ('{"profiles": {"default": {"image": "i", "memory": 1}}}', "memory"),
        ('{"profiles": {"default": {"image": "i", "runDeadlineSec": 0}}}', "runDeadlineSec"),
        ('{"redisCa": {"key": "k"}, "profiles": {"default": {"image": "i"}}}', "secret"),
        (
            '{"redisCa": {"secret": "a", "configMap": "b", "key": "k"}, "profiles": {"d": {}}}',
            "set one of secret and configMap",
        ),
    ],
)
def test_mistakes(tmp_path: Path, text: str, words: str) -> None:
    """A mistake stops the controller with the name of what is wrong."""
    path = tmp_path / "jobs.json"
    path.write_text(text)
    with pytest.raises(ConfigurationInvalid, match=words):
        JobsConfig.load(path)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is set and not there is a mistake."""
    with pytest.raises(ConfigurationInvalid, match="OFFBEAT_JOBS_FILE"):
        JobsConfig.load(tmp_path / "none.json")


def test_mistakes_show_no_value(tmp_path: Path) -> None:
    """The environment of Jobs may hold a secret."""
    path = tmp_path / "jobs.json"
    path.write_text('{"env": {"value": "hunter2"}, "profiles": {"default": {"image": "i"}}}')
    with pytest.raises(ConfigurationInvalid, match="env") as caught:
        JobsConfig.load(path)
    assert "hunter2" not in str(caught.value)


NAMES = ("owner", "max_results", "park_deadline_sec")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Set nothing of what is read here."""
    for name in NAMES:
        monkeypatch.delenv(f"OFFBEAT_{name.upper()}", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, (None, None, 3600)),
        ({"OFFBEAT_OWNER": "", "OFFBEAT_MAX_RESULTS": ""}, (None, None, 3600)),
        (
            {
                "OFFBEAT_OWNER": "3f2a/music/offbeat",
                "OFFBEAT_MAX_RESULTS": "500",
                "OFFBEAT_PARK_DEADLINE_SEC": "0.5",
            },
            ("3f2a/music/offbeat", 500, 0.5),
        ),
    ],
)
def test_what_is_empty_is_not_set(
    environment: pytest.MonkeyPatch, variables: dict[str, str], expected: tuple[object, ...]
) -> None:
    """An owner of no name, or a limit of nothing, would be a trap."""
    for name, value in variables.items():
        environment.setenv(name, value)
    settings = ControllerSettings(_env_file=None)
    assert tuple(getattr(settings, name) for name in NAMES) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "two words"),
        ("owner", "line\n"),
        ("owner", "a" * 251),
        ("max_results", 0),
        ("park_deadline_sec", 0),
        ("reconcile_interval_sec", 0),
    ],
)
def test_nonsense_is_refused(name: str, value: object) -> None:
    """Before anything is claimed."""
    with pytest.raises(ValidationError, match=name):
        ControllerSettings.model_validate({name: value})
