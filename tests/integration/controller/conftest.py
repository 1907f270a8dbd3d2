"""Fixtures of the controller's integration tests."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from offbeat.embedded import EmbeddedRedis
from offbeat.settings import Settings
from offbeat.store import Store


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    """Run a real Redis for the session."""
    folder: Path = tmp_path_factory.mktemp("redis")
    with EmbeddedRedis(folder, port=0) as server:
        yield server


@pytest.fixture
async def store(redis_server: EmbeddedRedis) -> AsyncIterator[Store]:
    """Open a store with queues of its own."""
    name = uuid.uuid4().hex
    settings = Settings(
        redis_url=SecretStr(redis_server.url), analysis_queue=f"q-{name}", results_queue=f"r-{name}"
    )
    async with Store.connect(settings) as store:
        yield store
