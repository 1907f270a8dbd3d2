"""The analyzer's view of Redis: the one run that it works on.

It blocks, because the analyzer computes and talks in turn. Progress is best effort: an analysis
does not stop because Redis is away. Settling is not: it is tried until it works or the time is
up.
"""

import time
from collections.abc import Callable

import redis
from redis.exceptions import RedisError

from offbeat import scripts
from offbeat.errors import RedisUnreachable
from offbeat.keys import Keys
from offbeat.result import CompletedResult, FailedResult

__all__ = ["Run"]

_PROGRESS_INTERVAL_SEC = 1.0


class Run:
    """One run in Redis."""

    def __init__(
        self,
        url: str,
        keys: Keys,
        run: str,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.run = run
        self._keys = keys
        self._clock = clock
        self._sleep = sleep
        self._client = redis.from_url(url, socket_timeout=10, socket_connect_timeout=5)
        self._settle = self._client.register_script(scripts.source("settle"))
        self._progress = self._client.register_script(scripts.source("progress"))
        self._last_progress = float("-inf")

    def is_settled(self, *, patience_sec: float = 30.0) -> bool:
        """Return whether the run has its result already.

        Raises:
            RedisUnreachable: Redis did not answer for `patience_sec`.

        """
        return bool(
            self._patiently(lambda: self._client.exists(self._keys.settled(self.run)), patience_sec)
        )

    def progress(self, fraction: float, stage: str) -> None:
        """Note how far the run is: at most once a second, and never failing."""
        now = self._clock()
        if now - self._last_progress < _PROGRESS_INTERVAL_SEC:
            return
        self._last_progress = now
        try:
            self._progress(
                keys=[self._keys.inflight, self._keys.run(self.run)],
                args=[self.run, round(fraction, 4), stage, now],
            )
        except (RedisError, OSError):
            return  # the next second brings the next try

    def settle(
        self, result: CompletedResult | FailedResult, *, raw: bytes, patience_sec: float = 300.0
    ) -> bool:
        """Deliver the result unless the run has one; return whether this call did.

        Raises:
            RedisUnreachable: Redis did not answer for `patience_sec`.

        """

        def deliver() -> object:
            names, values = scripts.settle_call(
                self._keys, result, raw=raw, now=self._clock(), holds_place=True
            )
            return self._settle(keys=names, args=values)

        return bool(self._patiently(deliver, patience_sec))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _patiently(self, call: Callable[[], object], patience_sec: float) -> object:
        """Try a call that is safe to repeat until it works, with growing pauses."""
        give_up = self._clock() + patience_sec
        pause = 0.1
        while True:
            try:
                return call()
            except (RedisError, OSError) as error:
                if self._clock() + pause > give_up:
                    raise RedisUnreachable(
                        f"Redis did not answer for {patience_sec:g} s: {error}"
                    ) from error
            self._sleep(pause)
            pause = min(pause * 2, 5.0)
