"""Settings come from the environment and `.env`, and hide what is secret."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from offbeat.settings import Settings, without_password


def test_defaults_are_those_of_the_contract(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing needs to be set but the Redis."""
    monkeypatch.chdir(tmp_path)
    for name in ("REDIS_URL", "ANALYSIS_QUEUE", "RESULTS_QUEUE", "SHARED_MOUNT_PATH"):
        monkeypatch.delenv(f"OFFBEAT_{name}", raising=False)
    settings = Settings()
    assert settings.redis_url is None
    assert settings.keys.queue == "audio_analysis_queue"
    assert settings.keys.results == "audio_results_queue"
    assert settings.shared_mount_path == Path("/mnt/audio-storage")


@pytest.mark.parametrize(("value", "expected"), [("", None), ("/out", Path("/out"))])
def test_no_output_mount_is_the_same_as_an_empty_one(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: Path | None
) -> None:
    """An empty path would be the current folder."""
    monkeypatch.setenv("OFFBEAT_OUTPUT_MOUNT_PATH", value)
    assert Settings(_env_file=None).output_mount_path == expected


def test_the_environment_wins_over_dotenv(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`.env` gives defaults for a folder; the environment decides."""
    tmp_path.joinpath(".env").write_text("OFFBEAT_ANALYSIS_QUEUE=a\nOFFBEAT_RESULTS_QUEUE=b\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OFFBEAT_RESULTS_QUEUE", "c")
    settings = Settings()
    assert (settings.analysis_queue, settings.results_queue) == ("a", "c")


def test_an_empty_queue_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in the environment is not taken for a queue."""
    monkeypatch.setenv("OFFBEAT_ANALYSIS_QUEUE", "")
    with pytest.raises(ValidationError):
        Settings(_env_file=None)


def test_the_redis_url_is_a_secret() -> None:
    """Printing the settings prints no password."""
    settings = Settings(_env_file=None, redis_url="redis://u:hunter2@h/0")
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in settings.model_dump_json()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://:hunter2@localhost:6379/0", "redis://***@localhost:6379/0"),
        ("rediss://u:hunter2@redis.example:6380/1?ssl_cert_reqs=none", None),
        ("redis://u:p@ss@h:1/0", "redis://***@h:1/0"),
        ("redis://u@h", "redis://***@h"),
        ("redis://:hun#hunter2@h:1/0", "redis://***@h:1/0"),
        ("redis://:hun/hunter2@h:1/0", "redis://***@h:1/0"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("unix://u:hunter2@/run/redis.sock", "unix://***@/run/redis.sock"),
        ("redis://h/0?password=hunter2&db=1", None),
        ("redis://h/0?username=u&password=hunter2", None),
    ],
)
def test_no_url_in_a_log_has_a_password(url: str, shown: str | None) -> None:
    """User name and password never reach a log."""
    hidden = without_password(url)
    assert "hunter2" not in hidden
    if shown is not None:
        assert hidden == shown
