"""A cluster in memory, whose analyzers settle in the test's Redis."""

from collections.abc import AsyncIterator

import pytest
import redis.asyncio as redis

from offbeat.connection import open_redis
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from tests.support.launcher import MemoryCluster


@pytest.fixture
async def runs(settings: Settings) -> AsyncIterator[OwnedRuns]:
    """Open the runs of one owner, for the analyzers of the cluster in memory."""
    async with OwnedRuns.connect(settings, "here") as runs:
        yield runs


@pytest.fixture
async def cluster(runs: OwnedRuns) -> AsyncIterator[MemoryCluster]:
    """Make a cluster on which every Job ends with a result."""
    cluster = MemoryCluster(runs)
    cluster.be_healthy()
    yield cluster
    await cluster.close()


@pytest.fixture
async def redis_client(settings: Settings) -> AsyncIterator[redis.Redis]:
    """Connect to the test's Redis as an operator does."""
    client = open_redis(settings)
    yield client
    await client.aclose()
