"""What can go wrong on the way to Redis.

OffbeatError
├── NoRedisConfigured    no URL is set
├── RedisUnreachable     it is set, and nothing answers there
└── EmbeddedRedisFailed  no Redis of our own can be started here
"""

__all__ = ["EmbeddedRedisFailed", "NoRedisConfigured", "OffbeatError", "RedisUnreachable"]


class OffbeatError(Exception):
    """Base of Offbeat's own errors."""


class NoRedisConfigured(OffbeatError):
    """No Redis URL is set."""


class RedisUnreachable(OffbeatError):
    """Redis does not answer, or refuses the login."""


class EmbeddedRedisFailed(OffbeatError):
    """No Redis of our own can be started here."""
