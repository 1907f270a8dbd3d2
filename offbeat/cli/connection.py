"""Which Redis a command speaks to, and the client on it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from offbeat.cli.exits import Exit, Fault
from offbeat.errors import NoRedisConfigured

if TYPE_CHECKING:
    from offbeat.client import Client
    from offbeat.settings import Settings

__all__ = [
    "RedisUrl",
    "connected",
    "forget_mount",
    "local_mount",
    "note_mount",
    "read_settings",
    "running",
    "settings_for",
]

RedisUrl = Annotated[
    str | None,
    typer.Option(
        help="Default: OFFBEAT_REDIS_URL, .env, or the Redis of a running `offbeat dev`.",
        show_default=False,
    ),
]

T = TypeVar("T")

_MOUNT_FILE = "audio-folder"


def settings_for(redis_url: str | None) -> "Settings":
    """Read the settings, with the Redis that the command is to use.

    Raises:
        Fault: A setting is not what it should be.
        NoRedisConfigured: No Redis is named, and no local one runs.

    """
    from offbeat.embedded import default_folder, running_url

    settings = read_settings(redis_url)
    if settings.redis_url is None:
        local = running_url(default_folder())
        if local is None:
            raise NoRedisConfigured(
                "no Redis is set and no `offbeat dev` runs: start it, or give --redis-url or "
                "OFFBEAT_REDIS_URL, such as redis://localhost:6379/0"
            )
        settings = with_redis(settings, local)
        mount = local_mount(default_folder())
        if mount is not None and "shared_mount_path" not in settings.model_fields_set:
            settings = settings.model_copy(update={"shared_mount_path": mount})
    return settings


def read_settings(redis_url: str | None) -> "Settings":
    """Read the settings from the environment and `.env`; an option wins.

    Raises:
        Fault: A setting is not what it should be.

    """
    from pydantic import ValidationError

    from offbeat.keys import ENV_PREFIX
    from offbeat.settings import Settings, check_redis_url

    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ENV_PREFIX + "_".join(map(str, first["loc"])).upper()
        raise Fault(f"{name}: {first['msg']}") from error
    if redis_url is not None:
        settings = with_redis(settings, redis_url)
    if settings.redis_url is not None:
        check_redis_url(settings.redis_url.get_secret_value())
    return settings


def with_redis(settings: "Settings", url: str) -> "Settings":
    """Return the settings with another Redis."""
    from pydantic import SecretStr

    return settings.model_copy(update={"redis_url": SecretStr(url)})


def local_mount(folder: Path) -> Path | None:
    """Return the audio folder of the local mode that runs in `folder`, if it has said so."""
    try:
        return Path((folder / _MOUNT_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def note_mount(folder: Path, mount: Path) -> None:
    """Tell other commands of this user which audio folder the local mode serves."""
    (folder / _MOUNT_FILE).write_text(str(mount), encoding="utf-8")


def forget_mount(folder: Path) -> None:
    """Take back what `note_mount` said."""
    (folder / _MOUNT_FILE).unlink(missing_ok=True)


@asynccontextmanager
async def connected(settings: "Settings") -> AsyncIterator["Client"]:
    """Open a client."""
    from offbeat.client import Client

    try:
        async with Client.connect(settings=settings) as client:
            yield client
    except ValueError as error:  # redis-py's complaint about a URL that it cannot read
        raise Fault(f"the Redis URL: {error}") from error


def running(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run asynchronous work to its end; Ctrl-C ends it with the exit code that shells expect."""
    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
