"""What can go wrong on the way to Redis.

OffbeatError
├── NoRedisConfigured   no URL is set
└── RedisUnreachable    it is set, and nothing answers there
"""

__all__ = ["NoRedisConfigured", "OffbeatError", "RedisUnreachable"]


class OffbeatError(Exception):
    """Base of Offbeat's own errors."""


class NoRedisConfigured(OffbeatError):
    """No Redis URL is set."""


class RedisUnreachable(OffbeatError):
    """Redis does not answer, or refuses the login."""
