"""Calls that are safe to repeat are repeated, with pauses that grow and are never all the same."""

import asyncio
import itertools

import pytest
import tenacity

from offbeat.retry import Pauses, retry, retry_blocking


class Away(Exception):
    """What is repeated."""

    def __init__(self, retry_after_sec: float | None = None) -> None:
        super().__init__("away")
        self.retry_after_sec = retry_after_sec


class Clock:
    """Sleeps without time passing."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, pause: float) -> None:
        """Note a pause."""
        self.pauses.append(pause)

    def sleep_blocking(self, pause: float) -> None:
        """Note a pause."""
        self.pauses.append(pause)


def failing(times: int, error: Exception | None = None) -> "itertools.chain[Exception | None]":
    """Return what each call raises: an error so many times, then nothing."""
    return itertools.chain([error or Away()] * times, itertools.repeat(None))


async def test_a_call_is_repeated_until_it_works() -> None:
    """Its answer comes back."""
    clock, errors = Clock(), failing(3)

    async def call() -> str:
        if error := next(errors):
            raise error
        return "here"

    assert await retry(call, on=Away, sleep=clock.sleep) == "here"
    assert len(clock.pauses) == 3


async def test_another_error_is_raised_at_once() -> None:
    """Only what may pass is waited for."""
    clock, errors = Clock(), failing(1, ValueError("bug"))

    async def call() -> None:
        if error := next(errors):
            raise error

    with pytest.raises(ValueError, match="bug"):
        await retry(call, on=Away, sleep=clock.sleep)
    assert clock.pauses == []


async def test_each_error_is_reported_with_its_pause() -> None:
    """Who waits can say so."""
    clock, errors = Clock(), failing(2)
    reported: list[tuple[str, float]] = []

    async def call() -> None:
        if error := next(errors):
            raise error

    await retry(
        call,
        on=Away,
        on_error=lambda error, pause: reported.append((str(error), pause)),
        sleep=clock.sleep,
    )
    assert reported == [("away", clock.pauses[0]), ("away", clock.pauses[1])]


async def test_a_cancellation_is_not_repeated() -> None:
    """A loop ends when it is told to."""

    async def call() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await retry(call, on=Away)


def test_a_blocking_call_ends_with_its_last_error() -> None:
    """Patience is bounded, and what was wrong is said as it was."""
    now = [0.0]

    def call() -> None:
        raise Away

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.monotonic", lambda: now[0])
        with pytest.raises(Away):
            retry_blocking(
                call,
                on=Away,
                patience_sec=60,
                sleep=lambda pause: now.__setitem__(0, now[0] + pause),
            )
    assert 45 < now[0] <= 60


def test_a_blocking_call_without_patience_is_made_once() -> None:
    """Nobody sleeps then."""
    clock = Clock()
    calls: list[None] = []

    def call() -> None:
        calls.append(None)
        raise Away

    with pytest.raises(Away):
        retry_blocking(call, on=Away, patience_sec=0, sleep=clock.sleep_blocking)
    assert (len(calls), clock.pauses) == (1, [])


def state(number: int, error: Exception | None = None) -> tenacity.RetryCallState:
    """Return what tenacity knows after a call that failed."""
    found = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    found.attempt_number = number
    if error is not None:
        found.set_exception((type(error), error, error.__traceback__))
    return found


def test_pauses_double_to_a_bound() -> None:
    """Each is half to one and a half of the nominal one."""
    pauses = Pauses(first_sec=1, longest_sec=8)
    for number, nominal in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (50, 8)]:
        drawn = [pauses(state(number)) for _ in range(50)]
        assert nominal / 2 <= min(drawn)
        assert max(drawn) <= nominal * 1.5
        assert len(set(drawn)) > 1


def test_a_pause_that_the_error_names_is_obeyed() -> None:
    """Retry-After is a lower bound."""
    pauses = Pauses(first_sec=1, longest_sec=8)
    assert pauses(state(1, Away(retry_after_sec=30.0))) == 30.0
    assert pauses(state(1, Away(retry_after_sec=0.0))) >= 0.5


def test_pauses_by_default() -> None:
    """The first is short, and none is long."""
    pauses = Pauses()
    first = [pauses(state(1)) for _ in range(200)]
    assert 0.1 <= min(first) < 0.2 < max(first) <= 0.3
    last = [pauses(state(50)) for _ in range(200)]
    assert 2.5 <= min(last) < 5 < max(last) <= 7.5


async def test_pauses_are_the_policy_unless_others_are_given() -> None:
    """A call without them is not repeated at once."""
    for pauses, longest in ((None, 0.3), (tenacity.wait_fixed(7), 7.0)):
        clock, errors = Clock(), failing(1)

        async def call(errors: "itertools.chain[Exception | None]" = errors) -> None:
            if error := next(errors):
                raise error

        await retry(call, on=Away, pauses=pauses, sleep=clock.sleep)
        assert 0.1 <= clock.pauses[0] <= longest


def test_a_blocking_call_does_not_repeat_another_error() -> None:
    """Only what may pass is waited for."""
    clock, errors = Clock(), failing(1, ValueError("bug"))

    def call() -> None:
        if error := next(errors):
            raise error

    with pytest.raises(ValueError, match="bug"):
        retry_blocking(call, on=Away, patience_sec=60, sleep=clock.sleep_blocking)
    assert clock.pauses == []
