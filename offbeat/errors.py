"""What can go wrong on the way to Redis.

```
OffbeatError
├── NoRedisConfigured    no URL is set
├── RedisUrlInvalid      a URL is set that cannot be read as it is meant
├── RedisUnreachable     it is set, and nothing answers there
│   └── RedisRefused     it answers, and refuses a command: a right, memory, a key's type
├── EmbeddedRedisFailed  no Redis of our own can be started here
├── NoResultInTime       a job has no result yet, and the caller wants to wait no longer
├── ResultTaken          a job has ended, and another consumer holds its result
└── UnreadableResult     what lay in the results queue is not a result
```
"""

__all__ = [
    "EmbeddedRedisFailed",
    "NoRedisConfigured",
    "NoResultInTime",
    "OffbeatError",
    "RedisRefused",
    "RedisUnreachable",
    "RedisUrlInvalid",
    "ResultTaken",
    "UnreadableResult",
]


class OffbeatError(Exception):
    """Base of Offbeat's own errors."""


class NoRedisConfigured(OffbeatError):
    """No Redis URL is set."""


class RedisUrlInvalid(OffbeatError):
    """The Redis URL cannot be read as it is meant; its text holds no piece of the URL."""


class RedisUnreachable(OffbeatError):
    """Redis does not answer, or refuses the login."""


class RedisRefused(RedisUnreachable):
    """Redis answers, and refuses a command; the text holds its words and what to do."""


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
