"""What can be wrong with a Redis, found by trying: for `offbeat check` and `offbeat doctor`.

Rights are tried, not read: each command that a program uses is sent once, to keys of this module's
own that are deleted at the end, so it also works for users who may not read the ACL.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import redis.asyncio as redis
from redis.exceptions import NoPermissionError, ResponseError

from offbeat.connection import translate_errors
from offbeat.keys import SCHEMA_VERSION, QueueKeys

__all__ = [
    "COMMANDS",
    "Finding",
    "Level",
    "examine",
    "examine_persistence",
    "examine_rights",
    "find_obstacles",
    "missing_commands",
]

MIN_VERSION = (6, 2)
"""The first Redis with BLMOVE."""

OWNER_SILENCE_SEC = 900.0
CLOCK_TOLERANCE_SEC = 5.0
_SCANNED_KEYS = 200_000

COMMANDS: dict[str, tuple[str, ...]] = {
    "controller": (
        *("BLMOVE", "DECRBY", "DEL", "EVALSHA", "EXPIRE", "GET", "HDEL", "HGET", "HGETALL"),
        *("HINCRBY", "HMGET", "HSET", "INCRBY", "LINDEX", "LLEN", "LPUSH", "MGET"),
        *("PUBLISH", "RPOP", "SCRIPT LOAD", "SET", "TIME", "ZADD", "ZCARD", "ZRANGE"),
        *("ZRANGEBYSCORE", "ZREM", "ZSCAN", "ZSCORE"),
    ),
    "analyzer": (
        *("DECRBY", "DEL", "EVALSHA", "EXPIRE", "GET", "HDEL", "HGET", "HINCRBY", "HMGET", "HSET"),
        *("INCRBY", "LINDEX", "LLEN", "LPUSH", "PUBLISH", "RPOP", "SCRIPT LOAD", "SET", "TIME"),
        *("ZADD", "ZREM", "ZSCORE"),
    ),
    "producer": ("LPUSH",),
    "consumer": ("BRPOP",),
}
"""Role → commands that it uses. INFO is used where it is allowed, and not needed."""


class Level:
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: str
    text: str


async def find_obstacles(client: redis.Redis, keys: QueueKeys) -> list[str]:
    """Return why nothing can work on this Redis; a few milliseconds.

    Raises:
        RedisUnreachable: Redis does not answer, or refuses the login.

    """
    found = []
    async with translate_errors(client):
        for name in (keys.queue, keys.results):
            kind = await _tried(client, "TYPE", name)
            if isinstance(kind, bytes) and kind not in {b"list", b"none"}:
                found.append(f"{name} is a {kind.decode()}, not a list: rename or delete that key")
        schema = await _tried(client, "GET", keys.schema)
        if isinstance(schema, bytes) and schema.decode() != SCHEMA_VERSION:
            found.append(
                f"the keys of {keys.queue} have layout {schema.decode()}, this version of Offbeat "
                f"needs {SCHEMA_VERSION}"
            )
        info = await _info(client)
    version = str(info.get("redis_version", ""))
    if version and _numbers(version) < MIN_VERSION:
        found.append(f"Redis {version} is too old: Offbeat needs 6.2 or newer for BLMOVE")
    if info.get("role") == "slave":
        found.append("this Redis is a read-only replica: name its master")
    return found


async def examine(
    client: redis.Redis, keys: QueueKeys, *, wall: Callable[[], float] = time.time
) -> list[Finding]:
    """Look at all that can cost messages or keep Offbeat from working.

    Raises:
        RedisUnreachable: Redis does not answer, or refuses the login.

    """
    begun = time.monotonic()
    async with translate_errors(client):
        await client.ping()
    took_ms = 1000 * (time.monotonic() - begun)
    findings = [Finding(Level.OK, f"connection: answers in {took_ms:.1f} ms")]
    findings += [Finding(Level.PROBLEM, text) for text in await find_obstacles(client, keys)]
    async with translate_errors(client):
        info = await _info(client)
        findings += _persistence(info)
        findings += await _clock(client, wall)
        findings += await examine_rights(client, keys)
        findings += await _depths(client, keys)
        findings += await _prefixed_names(client, keys)
        findings += await _owners(client, keys)
    return findings


async def examine_persistence(client: redis.Redis, _: QueueKeys) -> list[Finding]:
    """Look at the version and at what Redis forgets."""
    async with translate_errors(client):
        return _persistence(await _info(client))


def _persistence(info: dict[str, Any]) -> list[Finding]:
    """Look at the version and at what Redis forgets."""
    if not info:
        return [
            Finding(
                Level.WARNING,
                "INFO is not permitted: version, persistence and failovers cannot be seen",
            )
        ]
    findings = [Finding(Level.OK, f"version: {info.get('redis_version')}")]
    if info.get("aof_enabled") == 0:
        findings.append(
            Finding(
                Level.WARNING,
                "appendonly is off, what was pushed since the last snapshot is lost "
                "when Redis crashes; set appendonly yes",
            )
        )
    else:
        findings.append(Finding(Level.OK, "appendonly is on"))
    policy = info.get("maxmemory_policy")
    if policy not in {None, "noeviction"}:
        findings.append(
            Finding(
                Level.PROBLEM,
                f"maxmemory-policy is {policy}, Redis drops messages when memory is "
                "short; set noeviction",
            )
        )
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if limit and used > 0.8 * limit:
        findings.append(
            Finding(
                Level.WARNING,
                f"memory: {used / limit:.0%} of maxmemory is used; a full Redis stops claiming",
            )
        )
    return findings


async def _clock(client: redis.Redis, wall: Callable[[], float]) -> list[Finding]:
    time_of_redis = await _tried(client, "TIME")
    if not isinstance(time_of_redis, list | tuple):
        return []
    apart = int(time_of_redis[0]) + int(time_of_redis[1]) / 1e6 - wall()
    if abs(apart) > CLOCK_TOLERANCE_SEC:
        text = f"clock: Redis is {apart:+.0f} s from this machine; times in results are its own"
        return [Finding(Level.WARNING, text)]
    return [Finding(Level.OK, "clock: agrees with this machine")]


async def examine_rights(client: redis.Redis, keys: QueueKeys) -> list[Finding]:
    """Try every command on keys that nobody else uses, and the queues without changing them."""
    scratch = f"{keys.prefix}doctor:{secrets.token_hex(4)}"
    refused = await _refused_commands(client, scratch)
    closed = [
        name
        for name in (keys.queue, keys.results)
        # Nothing is removed: no message equals this one.
        if isinstance(await _tried(client, "LREM", name, "1", scratch), NoPermissionError)
        and isinstance(await _tried(client, "LLEN", name), NoPermissionError)
    ]
    findings = []
    for role, commands in COMMANDS.items():
        missing = sorted(refused & set(commands))
        if missing:
            text = f"rights: not enough for a {role}, these commands are missing: "
            findings.append(Finding(Level.WARNING, text + ", ".join(missing)))
        else:
            findings.append(Finding(Level.OK, f"rights: enough for a {role}"))
    findings += [
        Finding(Level.PROBLEM, f"rights: the user's key patterns leave out {name}")
        for name in closed
    ]
    return findings


async def missing_commands(client: redis.Redis, keys: QueueKeys, role: str) -> list[str]:
    """Return the commands of a role that the user of this connection may not send."""
    scratch = f"{keys.prefix}doctor:{secrets.token_hex(4)}"
    async with translate_errors(client):
        return sorted(await _refused_commands(client, scratch) & set(COMMANDS[role]))


async def _refused_commands(client: redis.Redis, scratch: str) -> set[str]:
    refused = set()
    for command, arguments in _trials(scratch).items():
        if isinstance(await _tried(client, *command.split(), *arguments), NoPermissionError):
            refused.add(command)
    await _tried(client, "DEL", *(f"{scratch}:{kind}" for kind in "shzlm"))
    return refused


def _trials(scratch: str) -> dict[str, tuple[str, ...]]:
    """Return command → arguments that try it; on keys below `scratch`, in an order that works."""
    text, record, ordered = f"{scratch}:s", f"{scratch}:h", f"{scratch}:z"
    items, number = f"{scratch}:l", f"{scratch}:m"
    script = "return redis.call('EXISTS', KEYS[1])"
    return {
        "SET": (text, "1", "EX", "60"),
        "GET": (text,),
        "MGET": (text,),
        "HSET": (record, "a", "1"),
        "HGET": (record, "a"),
        "HMGET": (record, "a"),
        "HGETALL": (record,),
        "HINCRBY": (record, "a", "1"),
        "HDEL": (record, "a"),
        "EXPIRE": (record, "60"),
        "ZADD": (ordered, "1", "a"),
        "ZCARD": (ordered,),
        "ZSCORE": (ordered, "a"),
        "ZRANGE": (ordered, "0", "-1"),
        "ZRANGEBYSCORE": (ordered, "-inf", "+inf"),
        "ZSCAN": (ordered, "0"),
        "ZREM": (ordered, "a"),
        "LPUSH": (items, "a"),
        "LINDEX": (items, "-1"),
        "LLEN": (items,),
        "BLMOVE": (items, items, "RIGHT", "RIGHT", "0.01"),
        "RPOP": (items,),
        "BRPOP": (items, "0.01"),
        "INCRBY": (number, "1"),
        "DECRBY": (number, "1"),
        "PUBLISH": (f"{scratch}:done", "a"),
        "TIME": (),
        "SCRIPT LOAD": (script,),
        # Without this script Redis answers NOSCRIPT, which is no refusal either.
        "EVALSHA": ("0" * 40, "1", text),
        "DEL": (text, record, ordered, items, number),
    }


async def _depths(client: redis.Redis, keys: QueueKeys) -> list[Finding]:
    dead, size = (
        await _tried(client, "LLEN", keys.dead),
        await _tried(client, "GET", keys.dead_bytes),
    )
    if isinstance(dead, int) and dead:
        megabytes = int(size) / 1e6 if isinstance(size, bytes) else 0.0
        text = f"dead letters: {dead:,} failed messages are kept ({megabytes:.1f} MB)"
        return [Finding(Level.OK, text)]
    return []


async def _prefixed_names(client: redis.Redis, keys: QueueKeys) -> list[Finding]:
    """Look for lists whose names end like a queue's: client libraries put prefixes before keys."""
    found: dict[str, str] = {}
    scanned, cursor = 0, 0
    while scanned < _SCANNED_KEYS:
        try:
            cursor, names = cast("tuple[int, list[bytes]]", await client.scan(cursor, count=1000))
        except ResponseError:
            return []
        scanned += 1000
        for raw in names:
            name = raw.decode("utf-8", "replace")
            for queue in (keys.queue, keys.results):
                if name != queue and name.endswith(queue):
                    found[name] = queue
        if cursor == 0:
            break
    return [
        Finding(
            Level.WARNING,
            f"names: there is a list {name!r} beside {queue!r}; phpredis (OPT_PREFIX), Predis and "
            "Laravel (redis.options.prefix) put a prefix before every key: switch it off for the "
            f"connection of Offbeat, or set the queue's name to {name!r}",
        )
        for name, queue in sorted(found.items())
        if await _tried(client, "TYPE", name) == b"list"
    ]


async def _owners(client: redis.Redis, keys: QueueKeys) -> list[Finding]:
    """Look for owners of runs that have no controller any more."""
    seen, now = await _tried(client, "HGETALL", keys.owners), await _tried(client, "TIME")
    if not isinstance(seen, dict) or not isinstance(now, list | tuple):
        return []
    findings = []
    for raw, at in sorted(seen.items()):
        owner = raw.decode("utf-8", "replace")
        silence = int(now[0]) - float(at)
        slots = await _tried(client, "ZCARD", keys.due(owner))
        if silence <= OWNER_SILENCE_SEC:
            findings.append(Finding(Level.OK, f"owner {owner}: at work, {slots} runs"))
        elif isinstance(slots, int) and slots:
            findings.append(
                Finding(
                    Level.WARNING,
                    f"owner {owner}: {slots} runs, and no controller for {silence / 60:.0f} min; "
                    f"start it again, or give them to another: offbeat adopt {owner}",
                )
            )
    return findings


async def _info(client: redis.Redis) -> dict[str, Any]:
    try:
        return await client.info()
    except ResponseError:
        return {}


async def _tried(client: redis.Redis, *command: str) -> object:
    """Return the answer to a command, or the error that Redis answered."""
    try:
        return cast("object", await client.execute_command(*command))  # type: ignore[no-untyped-call]
    except ResponseError as error:
        return error


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
