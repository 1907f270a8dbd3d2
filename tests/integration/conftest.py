"""A real Redis of our own for the whole run, and a queue of its own for each test."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from offbeat.client import Client
from offbeat.embedded import EmbeddedRedis
from offbeat.errors import EmbeddedRedisFailed
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a redis-server on a free loopback port."""
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"), port=0)
    try:
        server.start()
    except EmbeddedRedisFailed as error:
        pytest.skip(str(error))
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> Settings:
    """Name queues that no other test uses, and an empty audio folder."""
    mount = tmp_path / "audio"
    mount.mkdir()
    name = uuid.uuid4().hex[:12]
    return Settings(
        _env_file=None,
        redis_url=redis_url,
        analysis_queue=f"{name}-jobs",
        results_queue=f"{name}-results",
        shared_mount_path=mount,
        log_format="text",
    )


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[Store]:
    """Open a store on the test's queues."""
    async with Store.connect(settings) as store:
        yield store


@pytest.fixture
def client(store: Store) -> Client:
    """Return a client on the test's queues."""
    return Client(store)


@pytest.fixture
async def runs(settings: Settings) -> AsyncIterator[OwnedRuns]:
    """Join the test's queue as the owner `here`."""
    async with OwnedRuns.connect(settings, "here") as runs:
        await runs.join()
        yield runs
