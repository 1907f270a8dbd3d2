"""Settings that every part shares, read from the environment and `.env`.

Each program extends them with its own. The Redis URL holds a password, and a malformed URL may hold
it anywhere. So nothing here puts a piece of a URL into an error, and what is shown of one is only
what can be told apart from a password.
"""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from offbeat import keys
from offbeat.errors import RedisUrlInvalid

__all__ = ["NoneIfEmpty", "Settings", "check_redis_url", "without_password"]

_SCHEMES = ("redis", "rediss", "unix")
_LOOSE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""urlsplit removes some of these without a word, and lone surrogates cannot be sent."""

_DATABASE = re.compile(r"(/\d*)?/?", re.ASCII)

_PARAMETERS = {
    *("client_name", "db", "health_check_interval", "max_connections", "password", "protocol"),
    *("retry_on_timeout", "socket_connect_timeout", "socket_keepalive", "socket_timeout"),
    *("ssl_ca_certs", "ssl_ca_data", "ssl_ca_path", "ssl_cert_reqs", "ssl_certfile"),
    *("ssl_check_hostname", "ssl_keyfile", "ssl_keyfile_password", "ssl_min_version", "username"),
}
"""Parameters that a URL may have. redis-py takes any other name for an argument and prints it, and
behind an unencoded & it is a piece of a password."""


def _none_if_empty(value: object) -> object:
    """Take a variable that is set to nothing for one that is not set."""
    return None if value == "" else value


def _stripped(value: object) -> object:
    """Drop the line break that a Secret made from a file ends with."""
    return value.strip() if isinstance(value, str) else value


NoneIfEmpty = BeforeValidator(_none_if_empty)


class Settings(BaseSettings):
    """What producers, controller and analyzer must agree on."""

    model_config = SettingsConfigDict(
        env_prefix=keys.ENV_PREFIX,
        env_file=".env",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    redis_url: Annotated[SecretStr | None, NoneIfEmpty, BeforeValidator(_stripped)] = Field(
        None, description="redis://, rediss:// or unix:// URL"
    )
    redis_ca_file: Annotated[Path | None, NoneIfEmpty] = Field(
        None, description="PEM file of the CA that signed the certificate of a rediss:// server"
    )
    analysis_queue: str = Field(
        keys.DEFAULT_ANALYSIS_QUEUE, min_length=1, description="list of jobs"
    )
    results_queue: str = Field(
        keys.DEFAULT_RESULTS_QUEUE, min_length=1, description="list of results"
    )
    shared_mount_path: Path = Field(
        Path(keys.DEFAULT_SHARED_MOUNT_PATH), description="folder of the audio files"
    )
    output_mount_path: Annotated[Path | None, NoneIfEmpty] = Field(
        None, description="folder for files beside the results, such as waveforms; none by default"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "text"] = "json"

    @property
    def keys(self) -> keys.QueueKeys:
        """The Redis keys of the queue that these settings name."""
        return keys.QueueKeys(self.analysis_queue, self.results_queue)


def check_redis_url(url: str) -> None:
    """Refuse a URL that redis-py would not read, or would read as something else than it says.

    Guarantees: the error holds no piece of the URL and no other error as its cause.

    Raises:
        RedisUrlInvalid: It cannot be used.

    """
    problem = _problem(url)
    if problem is not None:
        raise RedisUrlInvalid(f"the Redis URL cannot be read: {problem}")


_ENCODE = "percent-encode special characters in the user name and password, such as / as %2F"


def _problem(url: str) -> str | None:
    """Say what is wrong with a URL without quoting it, or `None` if nothing is."""
    if not url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        return "it must begin with redis://, rediss:// or unix://"
    parts = _split(url)
    # The @ stands behind the password. Where it is not in front of the host, a / ? or # in the
    # password has ended the host early.
    if (
        parts is None
        or "#" in url
        or "@" in parts.path + parts.query
        or _CONTROL.search(url)
        or _LOOSE_PERCENT.search(url)
        or not _is_known(parts.query)
    ):
        return _ENCODE
    if parts.scheme == "unix":
        return None if parts.path else "it names no socket"
    if not parts.hostname:
        return "it names no host"
    try:
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return "its port is not a number between 0 and 65535"
    # redis-py would take the database 0.
    return None if _DATABASE.fullmatch(parts.path) else "its database is not a number"


def _split(url: str) -> SplitResult | None:
    """Split a URL, or return `None` if that fails: Python's error quotes what it could not read."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _is_known(query: str) -> bool:
    """Return whether every parameter has a value and a name that redis-py knows."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        return False
    return {name for name, _ in pairs} <= _PARAMETERS


def without_password(url: str) -> str:
    """Return what may be shown of a Redis URL: scheme, host, port, socket and database.

    It hides too much rather than too little: of a URL that cannot be read only the scheme is shown,
    and none of its parameters but `db`.
    """
    scheme = next((name for name in _SCHEMES if url.startswith(f"{name}://")), None)
    if scheme is None:
        return "***"
    if _problem(url) is not None:
        return f"{scheme}://***"
    parts = urlsplit(url)
    _, user, host = parts.netloc.rpartition("@")
    shown = f"{scheme}://{'***@' if user else ''}{host}{parts.path}"
    if not parts.query:
        return shown
    known = [pair for pair in parts.query.split("&") if re.fullmatch(r"db=\d+", pair)]
    hidden = ["***"] if len(known) < parts.query.count("&") + 1 else []
    return f"{shown}?{'&'.join(known + hidden)}"
