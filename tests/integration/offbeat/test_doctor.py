"""`offbeat check`, `offbeat doctor` and `offbeat adopt`, against a real Redis."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis
import redis.asyncio
from typer.testing import CliRunner, Result

from offbeat.cli.app import app
from offbeat.doctor import COMMANDS, Finding, Level, examine, find_obstacles, missing_commands
from offbeat.embedded import EmbeddedRedis
from offbeat.keys import QueueKeys
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings

QUIET = {"XDG_STATE_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """Run a Redis whose settings and users a test may change."""
    with EmbeddedRedis(tmp_path_factory.mktemp("doctor"), port=0) as server:
        yield server


@pytest.fixture
def admin(server: EmbeddedRedis) -> Iterator[redis.Redis]:
    """Connect as the default user, to a Redis that is empty and as it was started."""
    client = redis.from_url(server.url)
    client.flushall()
    yield client
    client.config_set("maxmemory-policy", "noeviction")
    client.config_set("appendonly", "yes")
    client.config_set("maxmemory", "0")
    client.close()


@pytest.fixture
def keys() -> QueueKeys:
    """Name queues that no other test uses."""
    name = uuid.uuid4().hex[:8]
    return QueueKeys(f"{name}-jobs", f"{name}-results")


@pytest.fixture
async def client(server: EmbeddedRedis) -> AsyncIterator[redis.asyncio.Redis]:
    """Connect as `offbeat doctor` does."""
    client = redis.asyncio.from_url(server.url)
    yield client
    await client.aclose()


def a_user(admin: redis.Redis, server: EmbeddedRedis, rules: str) -> redis.asyncio.Redis:
    """Make a user with these rights, and return a client that logs in as it."""
    admin.execute_command("ACL", "SETUSER", "limited", "reset", "on", ">pw", *rules.split())  # type: ignore[no-untyped-call]
    return redis.asyncio.from_url(server.url.replace("//", "//limited:pw@"))


def texts(findings: list[Finding], level: str) -> str:
    """Join the texts of one level."""
    return "\n".join(finding.text for finding in findings if finding.level == level)


@pytest.mark.usefixtures("admin")
async def test_a_sound_redis_has_nothing_to_complain_of(
    client: redis.asyncio.Redis, keys: QueueKeys
) -> None:
    """Everything is looked at, and nothing of the examination is left."""
    findings = await examine(client, keys)
    assert {finding.level for finding in findings} == {Level.OK}
    assert await client.keys() == []


@pytest.mark.parametrize("command", sorted({c for role in COMMANDS.values() for c in role}))
async def test_a_missing_command_is_named(
    admin: redis.Redis, server: EmbeddedRedis, keys: QueueKeys, command: str
) -> None:
    """For every role that uses it, and for no other."""
    rule = command.lower().replace(" ", "|")
    client = a_user(admin, server, f"~* &* +@all -{rule}")
    try:
        for role, commands in COMMANDS.items():
            expected = [command] if command in commands else []
            assert await missing_commands(client, keys, role) == expected
    finally:
        await client.aclose()


async def test_a_user_whose_keys_leave_out_a_queue(
    admin: redis.Redis, server: EmbeddedRedis, keys: QueueKeys
) -> None:
    """The queue is named."""
    client = a_user(admin, server, f"~{keys.queue} ~{keys.prefix}* &* +@all")
    try:
        assert f"leave out {keys.results}" in texts(await examine(client, keys), Level.PROBLEM)
    finally:
        await client.aclose()


async def test_a_redis_that_forgets(
    admin: redis.Redis, client: redis.asyncio.Redis, keys: QueueKeys
) -> None:
    """Eviction and missing persistence are said, with what to set."""
    admin.config_set("maxmemory-policy", "allkeys-lru")
    admin.config_set("appendonly", "no")
    findings = await examine(client, keys)
    assert "noeviction" in texts(findings, Level.PROBLEM)
    assert "appendonly yes" in texts(findings, Level.WARNING)


async def test_a_clock_that_is_apart(client: redis.asyncio.Redis, keys: QueueKeys) -> None:
    """By how much is said."""
    findings = await examine(client, keys, wall=lambda: 0.0)
    assert "clock: Redis is +" in texts(findings, Level.WARNING)


async def test_a_list_with_a_prefix_is_found(
    admin: redis.Redis, client: redis.asyncio.Redis, keys: QueueKeys
) -> None:
    """As Laravel makes it."""
    admin.lpush(f"laravel_database_{keys.queue}", "x")
    assert f"laravel_database_{keys.queue}" in texts(await examine(client, keys), Level.WARNING)


async def test_what_cannot_work_is_an_obstacle(
    admin: redis.Redis, client: redis.asyncio.Redis, keys: QueueKeys
) -> None:
    """Queues of another type, keys of another layout."""
    assert await find_obstacles(client, keys) == []
    admin.set(keys.queue, "x")
    admin.set(keys.schema, "0")
    obstacles = "; ".join(await find_obstacles(client, keys))
    assert f"{keys.queue} is a string, not a list" in obstacles
    assert "have layout 0" in obstacles


def command(server: EmbeddedRedis, keys: QueueKeys, *arguments: str) -> Result:
    """Run `offbeat` on the server."""
    environment = QUIET | {
        "OFFBEAT_REDIS_URL": server.url,
        "OFFBEAT_ANALYSIS_QUEUE": keys.queue,
        "OFFBEAT_RESULTS_QUEUE": keys.results,
    }
    return CliRunner().invoke(app, list(arguments), env=environment)


def test_check_refuses_what_cannot_work(
    admin: redis.Redis, server: EmbeddedRedis, keys: QueueKeys, tmp_path: Path
) -> None:
    """With one line that says what to change."""
    assert command(server, keys, "check").exit_code == 0
    admin.set(keys.results, "x")
    refused = command(server, keys, "check")
    assert refused.exit_code != 0
    assert "not a list" in str(refused.exception)


def test_doctor_fails_on_a_problem(
    admin: redis.Redis, server: EmbeddedRedis, keys: QueueKeys
) -> None:
    """Scripts can branch on its exit code."""
    assert command(server, keys, "doctor").exit_code == 0
    admin.config_set("maxmemory-policy", "allkeys-lru")
    assert command(server, keys, "doctor").exit_code == 1


async def test_an_owner_without_a_controller_is_shown_and_adopted(
    admin: redis.Redis, server: EmbeddedRedis, keys: QueueKeys, client: redis.asyncio.Redis
) -> None:
    """Its runs are taken over on command, and not while its controller is at work."""
    settings = Settings(
        _env_file=None,
        redis_url=server.url,
        analysis_queue=keys.queue,
        results_queue=keys.results,
    )
    async with OwnedRuns.connect(settings, "old") as old, OwnedRuns.connect(settings, "new") as new:
        await old.join()
        await new.join()
        await old.store.push(b'{"job_id": 1}')
        await old.claim(cap=10, most=10)
        refused = await asyncio.to_thread(command, server, keys, "adopt", "old")
        assert "is at work" in str(refused.exception)
        admin.hset(keys.owners, "old", "1000")
        assert "owner old: 1 runs" in texts(await examine(client, keys), Level.WARNING)
        done = await asyncio.to_thread(command, server, keys, "adopt", "old")
        assert "1 runs of old now belong to new" in done.output
        assert (await old.slots(), await new.slots()) == (0, 1)
        (run_id,) = await new.due(most=10, put_off_sec=60)
        assert (await new.store.records([run_id]))[run_id].owner == "new"
