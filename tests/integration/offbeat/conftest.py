"""A controller and a plain connection beside the store of each test."""

from collections.abc import AsyncIterator, Iterator

import pytest
import redis

from offbeat.runs import OwnedRuns
from offbeat.settings import Settings


@pytest.fixture
async def runs(settings: Settings) -> AsyncIterator[OwnedRuns]:
    """Join the test's queue as the owner `here`."""
    async with OwnedRuns.connect(settings, "here") as runs:
        await runs.join()
        yield runs


@pytest.fixture
def admin(redis_url: str) -> Iterator[redis.Redis]:
    """Connect to Redis without Offbeat."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
