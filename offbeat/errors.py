"""What can go wrong on the way to Redis.

OffbeatError
├── NoRedisConfigured    no URL is set
├── RedisUnreachable     it is set, and nothing answers there
├── EmbeddedRedisFailed  no Redis of our own can be started here
├── NoResultInTime       a job has no result yet, and the caller wants to wait no longer
├── ResultTaken          a job has ended, and another consumer holds its result
└── UnreadableResult     what lay in the results queue is not a result
"""

__all__ = [
    "EmbeddedRedisFailed",
    "NoRedisConfigured",
    "NoResultInTime",
    "OffbeatError",
    "RedisUnreachable",
    "ResultTaken",
    "UnreadableResult",
]


class OffbeatError(Exception):
    """Base of Offbeat's own errors."""


class NoRedisConfigured(OffbeatError):
    """No Redis URL is set."""


class RedisUnreachable(OffbeatError):
    """Redis does not answer, or refuses the login."""


class EmbeddedRedisFailed(OffbeatError):
    """No Redis of our own can be started here."""


class NoResultInTime(OffbeatError):
    """A job has no result yet, and the caller wants to wait no longer."""


class ResultTaken(OffbeatError):
    """A job has ended, and another consumer took its result before it was seen here."""


class UnreadableResult(OffbeatError):
    """What lay in the results queue is not a result; `raw` holds it, as it is gone from there."""

    def __init__(self, message: str, raw: bytes) -> None:
        super().__init__(message)
        self.raw = raw
