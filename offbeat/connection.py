"""The one place that opens connections to Redis, and where its errors become Offbeat's own.

After any error the idle connections are closed: one to a master that was demoted, or to a server
that left, would answer READONLY or MASTERDOWN for ever. All keys of a queue lie in one slot, so
with Redis Cluster it is enough to follow MOVED to the node that serves it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NoReturn, TypeVar
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterCrossSlotError,
    ClusterDownError,
    MasterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.retry import Retry

from offbeat.errors import NoRedisConfigured, RedisRefused, RedisUnreachable
from offbeat.settings import Settings, check_redis_url

__all__ = [
    "insistently",
    "open_blocking",
    "open_redis",
    "raise_refusal",
    "translate_blocking_errors",
    "translate_errors",
]

_SOCKET_TIMEOUT_SEC = 15.0
_CONNECT_TIMEOUT_SEC = 5.0
_HEALTH_CHECK_SEC = 30

_TEMPORARY = (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MasterDownError,
    ReadOnlyError,
    TryAgainError,
)
_TEMPORARY_CODES = ("READONLY", "MASTERDOWN", "LOADING", "UNBLOCKED", "CLUSTERDOWN")
"""A failover or a move is under way."""

_ONE_SLOT = (
    "Redis Cluster keeps the two queues in different slots: give both names the same tag, such as "
    "{audio}_analysis_queue and {audio}_results_queue"
)

T = TypeVar("T")
_AnyPool = redis.ConnectionPool | redis.asyncio.ConnectionPool
_first_addresses: WeakKeyDictionary[_AnyPool, tuple[Any, Any]] = WeakKeyDictionary()
"""What the URL names, of pools that followed MOVED to another node of a Redis Cluster."""


class _Pool(redis.asyncio.ConnectionPool):
    """Connections of which the idle ones can be dropped without harm to those in use."""

    async def drop_idle(self) -> None:
        """Close the idle connections and forget them, with the address that they keep."""
        idle, self._available_connections = self._available_connections, []
        await asyncio.gather(*(each.disconnect() for each in idle), return_exceptions=True)


class _BlockingPool(redis.ConnectionPool):
    """The same for the blocking client."""

    def drop_idle(self) -> None:
        """Close the idle connections and forget them, with the address that they keep."""
        with self._lock:
            idle, self._available_connections = self._available_connections, []
            self._created_connections -= len(idle)
        for each in idle:
            each.disconnect()


class _Pipeline(redis.asyncio.client.Pipeline):
    """A pipeline that goes where its keys are: a node that answers MOVED has executed nothing."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        commands = self.command_stack
        try:
            return await super().execute(raise_on_error)
        except MovedError as error:
            await _follow(error, self.connection_pool)
            self.command_stack = commands
            return await super().execute(raise_on_error)


class _Client(redis.asyncio.Redis):
    """A client that goes where its keys are."""

    async def execute_command(self, *args: object, **options: object) -> object:
        execute = super().execute_command
        try:
            return await execute(*args, **options)  # type: ignore[no-untyped-call]
        except MovedError as error:
            await _follow(error, self.connection_pool)
            return await execute(*args, **options)  # type: ignore[no-untyped-call]

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> _Pipeline:
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


OnConnect = Callable[[redis.asyncio.Connection], Awaitable[None]]


def open_redis(settings: Settings, *, on_connect: OnConnect | None = None) -> redis.asyncio.Redis:
    """Return an asyncio client on the Redis that the settings name; nothing is sent yet.

    Raises:
        NoRedisConfigured: No URL is set.
        RedisUrlInvalid: The URL cannot be read.

    """
    pool = _Pool.from_url(
        _url(settings),
        **_options(settings),
        # A push or a claim whose answer was lost must not be repeated behind our back.
        retry=AsyncRetry(NoBackoff(), 0),
        redis_connect_func=on_connect,
    )
    return _Client.from_pool(pool)


def open_blocking(settings: Settings) -> redis.Redis:
    """Return a blocking client on the Redis that the settings name; nothing is sent yet.

    Raises:
        NoRedisConfigured: No URL is set.
        RedisUrlInvalid: The URL cannot be read.

    """
    pool = _BlockingPool.from_url(_url(settings), **_options(settings), retry=Retry(NoBackoff(), 0))
    return redis.Redis.from_pool(pool)


def _url(settings: Settings) -> str:
    if settings.redis_url is None:
        raise NoRedisConfigured(
            "no Redis is set: give OFFBEAT_REDIS_URL, such as redis://localhost:6379/0"
        )
    url = settings.redis_url.get_secret_value()
    check_redis_url(url)
    return url


def _options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "socket_timeout": _SOCKET_TIMEOUT_SEC,
        "socket_connect_timeout": _CONNECT_TIMEOUT_SEC,
        "health_check_interval": _HEALTH_CHECK_SEC,
    }
    if settings.redis_ca_file is not None and _url(settings).startswith("rediss://"):
        options["ssl_ca_certs"] = str(settings.redis_ca_file)
    return options


@asynccontextmanager
async def translate_errors(client: redis.asyncio.Redis) -> AsyncIterator[None]:
    """Translate errors of redis-py and of the socket below it into Offbeat's own.

    A cancellation that redis-py swallowed is raised again. It sends through asyncio.wait_for, which
    before Python 3.12 forgets a cancel() that comes as the data has just gone
    (github.com/python/cpython/issues/86296): a loop around it would never end.

    Raises:
        RedisUnreachable: Redis does not answer.
        RedisRefused: It answers, and refuses the command.

    """
    task = asyncio.current_task()
    cancels = task.cancelling() if task else 0
    pool = client.connection_pool
    try:
        yield
    except (RedisError, OSError) as error:
        translated = _translate(error, pool)
        await _drop_idle(pool)
        raise translated from error
    if task is not None and task.cancelling() > cancels:
        raise asyncio.CancelledError


@contextmanager
def translate_blocking_errors(client: redis.Redis) -> Iterator[None]:
    """Do the same for the blocking client."""
    pool = client.connection_pool
    try:
        yield
    except (RedisError, OSError) as error:
        translated = _translate(error, pool)
        if isinstance(pool, _BlockingPool):
            pool.drop_idle()
        raise translated from error


def raise_refusal(words: str) -> NoReturn:
    """Raise what a script returned as text because it could not raise it itself."""
    raise ReadOnlyError(words) if "READONLY" in words else ResponseError(words)


async def insistently(command: Awaitable[T]) -> T:
    """Await a command that blocks; a cancellation is repeated until it is heard.

    `translate_errors` says why it may not be: the block would go on to its end.
    """
    task = asyncio.ensure_future(command)
    try:
        await asyncio.wait([task])
    except asyncio.CancelledError:
        while not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=0.02)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain
        raise
    return task.result()


async def _drop_idle(pool: redis.asyncio.ConnectionPool) -> None:
    if isinstance(pool, _Pool):
        await pool.drop_idle()


async def _follow(error: MovedError, pool: redis.asyncio.ConnectionPool) -> None:
    """Connect from now on to the node of a Redis Cluster that an error names."""
    _note_node(error, pool)
    await _drop_idle(pool)


def _note_node(error: MovedError, pool: _AnyPool) -> None:
    options: dict[str, Any] = pool.connection_kwargs
    _first_addresses.setdefault(pool, (options.get("host"), options.get("port")))
    options.update(host=error.host or options.get("host"), port=error.port)


def _translate(error: Exception, pool: _AnyPool) -> RedisUnreachable:
    """Say what an error means, and follow the queue to another node of a Redis Cluster."""
    options: dict[str, Any] = pool.connection_kwargs
    where = f"Redis at {_address(options)}"
    if isinstance(error, MovedError):
        _note_node(error, pool)
        return RedisUnreachable(f"{where}: the queue is on {_address(options)}, connecting there")
    if isinstance(error, ClusterCrossSlotError):
        return RedisRefused(_ONE_SLOT)
    words = str(error)
    # By its words, too: before Redis 7 a script wraps the error of a command in one of its own.
    temporary = isinstance(error, _TEMPORARY) or any(code in words for code in _TEMPORARY_CODES)
    login = isinstance(error, AuthenticationError | AuthorizationError)
    if isinstance(error, ResponseError) and not temporary and not login:
        return RedisRefused(f"{where} refuses a command: {words}{_advice(words)}")
    if not isinstance(error, ResponseError) and pool in _first_addresses:
        host, port = _first_addresses.pop(pool)  # the node may be gone: ask the first one again
        options.update(host=host, port=port)
    return RedisUnreachable(f"{where}: {words}")


def _advice(words: str) -> str:
    if "can't run this command" in words:  # said within scripts, without the command's name
        return ". A right is missing: `offbeat doctor` names it, docs/redis.acl has all"
    if "NOPERM" in words or "No permissions" in words or "no permissions" in words:
        return ". Give the user this right: docs/redis.acl has all that are needed"
    if "OOM" in words or "maxmemory" in words:  # redis-py cuts the code off
        return ". Redis is full: raise maxmemory, or take results out"
    if "WRONGTYPE" in words:
        return ". A key of Offbeat holds another type: rename or delete it"
    return ""


def _address(options: Mapping[str, Any]) -> str:
    if "path" in options:
        return str(options["path"])
    return f"{options.get('host', '?')}:{options.get('port', '')}".rstrip(":")
