"""A plain connection beside the store of each test."""

from collections.abc import Iterator

import pytest
import redis


@pytest.fixture
def admin(redis_url: str) -> Iterator[redis.Redis]:
    """Connect to Redis without Offbeat."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
