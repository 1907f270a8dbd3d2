"""The analyzer's settings, by the names under which a Job gives them."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from analyzer.settings import AnalyzerSettings
from offbeat import keys


def test_they_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Under the names in `offbeat.keys`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(keys.ENV_PAYLOAD_FILE, "/run/payload")
    monkeypatch.setenv(keys.ENV_RUN_ID, "0123456789abcdef")
    monkeypatch.setenv(keys.ENV_ATTEMPT, "3")
    monkeypatch.setenv(keys.ENV_TERMINATION_LOG, "/run/words")
    monkeypatch.setenv("OFFBEAT_SILENCE_TOP_DB", "50")
    monkeypatch.setenv("OFFBEAT_MAX_DURATION_SEC", "7200")
    settings = AnalyzerSettings()
    assert settings.payload_file == Path("/run/payload")
    assert (settings.run_id, settings.attempt) == ("0123456789abcdef", 3)
    assert settings.termination_log == Path("/run/words")
    assert (settings.silence_top_db, settings.max_duration_sec) == (50.0, 7200.0)


def test_defaults_are_those_of_the_contract(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A pod needs to set its run alone."""
    monkeypatch.chdir(tmp_path)
    settings = AnalyzerSettings(run_id="r")
    assert str(settings.payload_file) == f"{keys.PAYLOAD_MOUNT_PATH}/{keys.PAYLOAD_FILE_NAME}"
    assert str(settings.termination_log) == keys.TERMINATION_LOG_PATH
    assert (settings.silence_top_db, settings.max_duration_sec) == (60.0, 43_200.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("attempt", 0), ("silence_top_db", 0), ("silence_top_db", -60), ("max_duration_sec", 0)],
)
def test_nonsense_is_refused(name: str, value: float) -> None:
    """Before any work is done."""
    with pytest.raises(ValidationError):
        AnalyzerSettings.model_validate({"run_id": "r", name: value})
