"""The one policy by which a call that is safe to repeat is repeated, on tenacity.

Pauses grow exponentially with jitter; an error that names its own pause (`retry_after_sec`, from an
HTTP Retry-After) is obeyed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import tenacity
from tenacity.wait import wait_base

__all__ = ["Pauses", "retry", "retry_blocking"]

T = TypeVar("T")

OnError = Callable[[BaseException, float], None]
"""Hears of each error, and of the pause in seconds that follows it."""


class Pauses(wait_base):
    """Pauses that double from `first_sec` to `longest_sec`, half to one and a half of that."""

    def __init__(self, first_sec: float = 0.2, longest_sec: float = 5.0) -> None:
        self._exponential = tenacity.wait_exponential(
            multiplier=first_sec, min=first_sec, max=longest_sec
        )
        self._jitter = tenacity.wait_random(0.5, 1.5)

    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        """Return the next pause in seconds."""
        pause = self._exponential(retry_state) * self._jitter(retry_state)
        error = retry_state.outcome.exception() if retry_state.outcome else None
        return max(pause, getattr(error, "retry_after_sec", None) or 0.0)


async def retry(
    call: Callable[[], Awaitable[T]],
    *,
    on: type[Exception] | tuple[type[Exception], ...],
    pauses: wait_base | None = None,
    on_error: OnError | None = None,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """Await `call` until it does not raise one of `on`; every other error is raised at once."""
    attempts = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception_type(on),
        wait=pauses or Pauses(),
        sleep=sleep,
        before_sleep=_reporting(on_error),
        reraise=True,
    )

    async def once() -> T:  # tenacity awaits coroutine functions only
        return await call()

    return await attempts(once)


def retry_blocking(
    call: Callable[[], T],
    *,
    on: type[Exception] | tuple[type[Exception], ...],
    patience_sec: float,
    pauses: wait_base | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Call until it does not raise one of `on`; after `patience_sec` the last error is raised."""
    attempts = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(on),
        wait=pauses or Pauses(),
        stop=tenacity.stop_before_delay(patience_sec),
        sleep=sleep,
        reraise=True,
    )
    return attempts(call)


def _reporting(on_error: OnError | None) -> Callable[[tenacity.RetryCallState], None] | None:
    if on_error is None:
        return None

    def report(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            on_error(error, state.next_action.sleep if state.next_action else 0.0)

    return report
