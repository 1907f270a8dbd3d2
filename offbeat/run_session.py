"""The analyzer's view of Redis: the one run that it works on.

It blocks, because the analyzer computes and talks in turn. Progress is best effort: an analysis
does not stop because Redis is away. Settling is not: it is tried until it works or the time is
up.
"""

import time
from collections.abc import Callable
from typing import TypeVar, cast

from offbeat import scripts
from offbeat.connection import open_blocking, translate_blocking_errors
from offbeat.errors import RedisRefused, RedisUnreachable
from offbeat.logs import logger
from offbeat.result import CompletedResult, FailedResult
from offbeat.retry import retry_blocking
from offbeat.settings import Settings

__all__ = ["RunSession"]

_PROGRESS_INTERVAL_SEC = 1.0

T = TypeVar("T")


class RunSession:
    """One attempt at one run in Redis."""

    def __init__(
        self,
        settings: Settings,
        run_id: str,
        number: int,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open a session; nothing is sent yet.

        Raises:
            NoRedisConfigured: No URL is set.
            RedisUrlInvalid: It cannot be read.

        """
        self.run_id = run_id
        self._number = number
        self._keys = settings.keys
        self._run = self._keys.run(run_id)
        self._monotonic = monotonic
        self._sleep = sleep
        self._client = open_blocking(settings)
        self._settle = self._client.register_script(scripts.source("settle"))
        self._transition = self._client.register_script(scripts.source("transition"))
        self._last_progress = float("-inf")
        self._progress_refused = False

    def is_settled(self, *, patience_sec: float = 30.0) -> bool:
        """Return whether the run has its result already.

        Raises:
            RedisUnreachable: Redis did not answer for `patience_sec`.

        """
        value = self._patiently(lambda: self._client.get(self._run.settled), patience_sec)
        return value not in {None, b"delivering"}

    def progress(self, fraction: float, stage: str) -> None:
        """Note how far the run is: at most once a second, and never failing."""
        now = self._monotonic()
        if now - self._last_progress < _PROGRESS_INTERVAL_SEC:
            return
        self._last_progress = now
        fields = ["progress", str(round(fraction, 4)), "stage", stage, "progress_at", "@now"]
        states = ",claimed,launching,launched,running,parked,"
        try:
            with translate_blocking_errors(self._client):
                self._transition(
                    keys=[
                        self._run.record,
                        self._keys.inflight,
                        self._run.record,
                        self._run.record,
                    ],
                    args=[
                        self.run_id,
                        "",
                        "running",
                        self._number,
                        states,
                        states,
                        "",
                        "",
                        *fields,
                    ],
                )
        except RedisRefused as error:
            if not self._progress_refused:
                self._progress_refused = True
                logger.warning("progress cannot be noted: {}", error)
        except RedisUnreachable:
            return  # the next second brings the next try

    def settle(
        self, result: CompletedResult | FailedResult, *, raw: bytes, patience_sec: float = 300.0
    ) -> bool:
        """Deliver the result unless the run has one; return whether this call did.

        Raises:
            RedisUnreachable: Redis did not answer, or refused it, for `patience_sec`.

        """

        def deliver() -> object:
            names, values = scripts.settle_call(self._keys, result, raw=raw, holds_slot=True)
            return self._settle(keys=names, args=values)

        delivered, problem = cast("list[bytes]", self._patiently(deliver, patience_sec))
        if problem:
            logger.warning(
                "the result was delivered, and Redis refused what follows it: {}",
                problem.decode("utf-8", "replace"),
            )
        return bool(delivered)

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _patiently(self, call: Callable[[], T], patience_sec: float) -> T:
        """Try a call that is safe to repeat until it works, with growing pauses."""

        def once() -> T:
            with translate_blocking_errors(self._client):
                return call()

        return retry_blocking(
            once, on=RedisUnreachable, patience_sec=patience_sec, sleep=self._sleep
        )
