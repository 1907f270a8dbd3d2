"""Settings come from the environment and `.env`, and hide what is secret."""

import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from redis.connection import parse_url as redis_parse_url

from analyzer.settings import AnalyzerSettings
from controller.settings import ControllerSettings
from offbeat.errors import RedisUrlInvalid
from offbeat.settings import Settings, check_redis_url, without_password
from tests.support.passwords import CHARACTERS, PIECE, READ_AS_THEY_ARE, nasty, pieces_in


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


def parse_url(url: str) -> dict[str, object]:
    """Read a URL as redis-py does."""
    options: dict[str, object] = redis_parse_url(url)  # type: ignore[no-untyped-call]
    return options


URLS = [
    "redis://localhost:6379/0",
    "redis://localhost",
    "redis://:hunter2@localhost:6379/0",
    "rediss://user:hunter2@redis.example:6380/1?ssl_cert_reqs=none",
    "redis://u@h",
    "redis://:p%40ss%2F%25@h:6379",
    "redis://[::1]:6379/0",
    "redis://h/0?password=hunter2&username=u",
    "redis://h?db=3",
    "redis://under_score:6379/",
    "unix:///run/redis.sock?db=1",
    "unix://u:hunter2@/run/redis.sock",
    # Ambiguous to people, not to a parser: the last @ ends the password, the first : begins it.
    "redis://u:p@ss@h:6379/0",
    "redis://u:pa:ss@h:6379/0",
    "redis://u:pa ss@h:6379/0",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_redis_can_read_is_accepted(url: str) -> None:
    """And redis-py takes it as well."""
    check_redis_url(url)
    parse_url(url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "begin with redis://"),
        ("localhost:6379", "begin with redis://"),
        ("http://localhost:6379", "begin with redis://"),
        ("redis:/localhost", "begin with redis://"),
        ("redis://", "no host"),
        ("redis:///0", "no host"),
        ("redis://:hunter2@/0", "no host"),
        ("redis://:6379/0", "no host"),
        ("unix://", "no socket"),
        ("redis://h:port/0", "port is not a number"),
        ("redis://user:hunter2", "port is not a number"),
        ("redis://h:65536/0", "port is not a number"),
        ("redis://h:6379/first", "database is not a number"),
        ("redis://h:6379/0#hunter2", "percent-encode"),
        ("redis://:hunter2%@h", "percent-encode"),
        ("redis://:hunter2%2@h", "percent-encode"),
        ("redis://:%zzhunter2@h", "percent-encode"),
        ("redis://h/0?password=hunter2%", "percent-encode"),
        ("redis://h/0?password=a&hunter2", "percent-encode"),
        ("redis://h/0?password=a&hunter2=b", "percent-encode"),
        ("redis://h/0?hunter2=b", "percent-encode"),
        ("redis://h\n:6379", "percent-encode"),
    ],
)
def test_what_redis_would_not_read_as_it_is_meant_is_refused(url: str, problem: str) -> None:
    """With what is wrong, and nothing of the URL."""
    with pytest.raises(RedisUrlInvalid, match="the Redis URL cannot be read: ") as caught:
        check_redis_url(url)
    assert problem in str(caught.value)
    assert "hunter2" not in str(caught.value)


PLACES = ["redis://:{}@h:6379/0", "rediss://u:{}@h?db=2", "unix://:{}@/socket"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", sorted(CHARACTERS.keys() - READ_AS_THEY_ARE))
def test_a_password_that_would_be_misread_is_refused_unseen(place: str, name: str) -> None:
    """Neither the error nor a cause of it nor what is fit for a log shows a piece."""
    password = nasty(CHARACTERS[name])
    url = place.format(password)
    with pytest.raises(RedisUrlInvalid, match="percent-encode special characters") as caught:
        check_redis_url(url)
    assert caught.value.__cause__ is caught.value.__context__ is None
    said = [*traceback.format_exception(caught.value), without_password(url)]
    assert pieces_in(said, password) == set()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", sorted(READ_AS_THEY_ARE))
def test_a_password_that_is_read_right_is_accepted(place: str, name: str) -> None:
    """Nobody has to change a URL that works."""
    password = nasty(CHARACTERS[name])
    url = place.format(password)
    check_redis_url(url)
    assert parse_url(url)["password"] == password
    assert pieces_in([without_password(url)], password) == set()


@given(st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip() == text))
def test_an_encoded_password_is_always_accepted(password: str) -> None:
    """As percent-encoding makes it."""
    url = f"redis://u:{quote(password, safe='')}@h:6379/0"
    check_redis_url(url)
    assert parse_url(url)["password"] == password


@given(st.text(st.characters(exclude_categories=[]), min_size=PIECE))
def test_no_password_shows_in_what_is_shown(password: str) -> None:
    """Whatever it is made of."""
    shown = without_password(f"redis://user:{password}@h:6379/0")
    harmless = "redis://***@h:6379/0"
    assert shown in {harmless, "redis://***"}


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://localhost:6379/0", "redis://localhost:6379/0"),
        ("redis://:hunter2@localhost:6379/0", "redis://***@localhost:6379/0"),
        (
            "rediss://u:hunter2@redis.example:6380/1?ssl_cert_reqs=none",
            "rediss://***@redis.example:6380/1?***",
        ),
        ("redis://u:p@ss@h:1/0", "redis://***@h:1/0"),
        ("redis://u@h", "redis://***@h"),
        ("redis://:hun#hunter2@h:1/0", "redis://***"),
        ("redis://:hun/hunter2@h:1/0", "redis://***"),
        ("redis://:hunter2", "redis://***"),
        ("redis://h/hunter2", "redis://***"),
        ("hunter2", "***"),
        ("unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1"),
        ("unix://u:hunter2@/run/redis.sock", "unix://***@/run/redis.sock"),
        ("redis://h/0?password=hunter2&db=1", "redis://h/0?db=1&***"),
        ("redis://h/0?username=u&password=hunter2", "redis://h/0?***"),
        ("redis://h/0?password=a&hunter2", "redis://***"),
    ],
)
def test_no_url_in_a_log_has_a_password(url: str, shown: str) -> None:
    """User name and password never reach a log."""
    assert without_password(url) == shown


@pytest.mark.parametrize("settings", [Settings, ControllerSettings, AnalyzerSettings])
def test_an_error_in_the_settings_shows_no_value(settings: type[Settings]) -> None:
    """One setting may have been given the value of another."""
    secret = {"redis_url": 7, "log_level": "redis://:hunter2@h", "redis_ca_file": ["hunter2"]}
    with pytest.raises(ValidationError) as caught:
        settings.model_validate({"run_id": "r"} | secret)
    assert "hunter2" not in str(caught.value)
    assert "log_level" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", None), ("redis://h\n", "redis://h"), ("redis://:a b@h", "redis://:a b@h")],
)
def test_the_url_is_taken_without_what_a_file_adds(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str | None
) -> None:
    """A Secret made from a file ends with a line break; an empty variable is no URL."""
    monkeypatch.setenv("OFFBEAT_REDIS_URL", value)
    url = Settings(_env_file=None).redis_url
    assert (url.get_secret_value() if url else None) == expected


@pytest.mark.parametrize(("value", "expected"), [("", None), ("/etc/ca.crt", Path("/etc/ca.crt"))])
def test_no_ca_file_is_the_same_as_an_empty_one(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: Path | None
) -> None:
    """An empty path would be the current folder."""
    monkeypatch.setenv("OFFBEAT_REDIS_CA_FILE", value)
    assert Settings(_env_file=None).redis_ca_file == expected
