"""The operator's file is read strictly, and its mistakes are named."""

from pathlib import Path

import pytest

from controller.errors import ConfigurationInvalid
from controller.settings import JobsConfig


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
