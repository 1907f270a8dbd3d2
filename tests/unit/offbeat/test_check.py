"""What `offbeat check` warns of."""

from dataclasses import replace

import pytest

from offbeat.cli.check import Findings, concerns

SAFE = Findings(version="7.2.4", eviction="noeviction", append_only=True, depths={})


def test_a_safe_redis_is_no_concern() -> None:
    """Nothing is said where nothing is wrong."""
    assert concerns(SAFE) == []


def test_what_is_not_revealed_is_no_concern() -> None:
    """A managed service that hides its settings is not accused."""
    assert concerns(replace(SAFE, eviction=None, append_only=None)) == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (replace(SAFE, version="6.0.16"), "too old"),
        (replace(SAFE, eviction="allkeys-lru"), "maxmemory-policy is allkeys-lru"),
        (replace(SAFE, append_only=False), "appendonly is off"),
    ],
)
def test_what_may_lose_messages_is_a_concern(found: Findings, said: str) -> None:
    """Each danger has its line."""
    (concern,) = concerns(found)
    assert said in concern
