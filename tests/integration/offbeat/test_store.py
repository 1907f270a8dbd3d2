"""Store and Run on a real Redis."""

import asyncio
import json

import pytest

from offbeat.errors import NoRedisConfigured, RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.result import FailedResult
from offbeat.run import Run
from offbeat.settings import Settings
from offbeat.store import Store


def broken(run: str, attempt: int = 1) -> FailedResult:
    """Build a result."""
    return FailedResult.because(
        FailureReason.CORRUPT_AUDIO, "broken", job_id=42, run_id=run, attempt=attempt
    )


async def claimed(store: Store, raw: bytes = b'{"job_id": 42}') -> str:
    """Push a message and claim it."""
    await store.push(raw)
    (claim,) = await store.claim(cap=10, most=1)
    return claim.run


async def test_waiting_takes_nothing(store: Store) -> None:
    """The message is still there after the wait, and in its place."""
    await store.push(b"first")
    await store.push(b"second")
    assert await store.wait(1)
    assert [claim.raw for claim in await store.claim(cap=10, most=10)] == [b"first", b"second"]


async def test_a_push_ends_the_wait(store: Store) -> None:
    """It is not the timeout that does."""
    waiting = asyncio.create_task(store.wait(3_600))
    async with asyncio.timeout(120):
        while not (await store.client.info("clients"))["blocked_clients"]:
            await asyncio.sleep(0.01)
        await store.push(b"x")
        assert await waiting


async def test_waiting_ends_without_a_message(store: Store) -> None:
    """An empty queue is told from a full one."""
    assert not await store.wait(0.05)


async def test_a_twin_in_flight_is_coalesced_and_later_claimed(store: Store) -> None:
    """The same bytes become a new run only when the first is settled."""
    run = await claimed(store)
    await store.push(b'{"job_id": 42}')
    assert await store.claim(cap=10, most=1) == []
    await store.settle(broken(run), raw=b'{"job_id": 42}', holds_place=False)
    assert await claimed(store) != run


async def test_a_place_is_free_when_the_job_has_gone(store: Store) -> None:
    """A settled run whose pod still runs counts against the cap."""
    run = await claimed(store)
    await store.settle(broken(run), raw=b'{"job_id": 42}', holds_place=True)
    await store.push(b"next")
    assert await store.claim(cap=1, most=1) == []
    await store.release([run])
    assert len(await store.claim(cap=1, most=1)) == 1


async def test_the_analyzer_and_the_controller_race_for_one_result(
    store: Store, settings: Settings, redis_url: str
) -> None:
    """The first writer wins, whoever it is."""
    name = await claimed(store)
    run = Run(redis_url, settings.keys, name)
    try:
        outcomes = await asyncio.gather(
            asyncio.to_thread(run.settle, broken(name), raw=b'{"job_id": 42}'),
            store.settle(broken(name), raw=b'{"job_id": 42}', holds_place=False),
        )
        assert sorted(outcomes) == [False, True]
        assert run.is_settled()
    finally:
        run.close()
    assert await store.client.llen(settings.results_queue) == 1


async def test_a_record_tells_the_life_of_a_run(store: Store, settings: Settings) -> None:
    """State, attempt, progress and end can be looked up."""
    name = await claimed(store)
    assert (await store.records([name]))[name].state == "claimed"
    await store.launched(name, job_id=42, attempt=1, job="offbeat-42-1")
    await store.launched(name, job_id=42, attempt=0, job="late")
    url = settings.redis_url
    assert url is not None
    run = Run(url.get_secret_value(), settings.keys, name, clock=lambda: 1e9)
    try:
        run.progress(0.5, "measuring")
        run.progress(0.6, "measuring")  # within the same second: not written
    finally:
        run.close()
    record = (await store.records([name]))[name]
    assert (record.state, record.attempt, record.job) == ("running", 1, "offbeat-42-1")
    assert (record.progress, record.stage) == (0.5, "measuring")
    assert await store.latest_run(42) == name
    await store.settle(broken(name), raw=b'{"job_id": 42}', holds_place=False)
    record = (await store.records([name]))[name]
    assert (record.state, record.reason, record.raw) == ("failed", "corrupt_audio", None)
    assert 0 < await store.client.ttl(settings.keys.run(name)) <= 24 * 3600


async def test_a_failed_message_is_kept(store: Store, settings: Settings) -> None:
    """The dead-letter list holds the message with what was wrong with it."""
    name = await claimed(store, b"not JSON")
    await store.settle(broken(name), raw=b"not JSON", holds_place=False)
    (entry,) = await store.client.lrange(settings.keys.dead, 0, -1)
    letter = json.loads(entry)
    assert (letter["message"], letter["reason"]) == ("not JSON", "corrupt_audio")


async def test_no_redis_is_an_error_of_ours() -> None:
    """Nothing of redis-py leaks out of the store."""
    settings = Settings(_env_file=None, redis_url="redis://:hunter2@127.0.0.1:1/0")
    async with Store.connect(settings) as store:
        with pytest.raises(RedisUnreachable, match=r"127\.0\.0\.1:1") as raised:
            await store.ping()
    assert "hunter2" not in str(raised.value)


async def test_an_unset_redis_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to set."""
    monkeypatch.delenv("OFFBEAT_REDIS_URL", raising=False)
    with pytest.raises(NoRedisConfigured, match="OFFBEAT_REDIS_URL"):
        async with Store.connect(Settings(_env_file=None)):
            pass


def test_a_run_gives_up_on_a_redis_that_stays_away(settings: Settings) -> None:
    """The analyzer tries for its patience and no longer; progress never fails."""
    now = [0.0]
    run = Run(
        "redis://127.0.0.1:1/0",
        settings.keys,
        "9f",
        clock=lambda: now[0],
        sleep=lambda pause: now.__setitem__(0, now[0] + pause),
    )
    try:
        run.progress(0.5, "measuring")
        with pytest.raises(RedisUnreachable, match="for 60 s"):
            run.settle(broken("9f"), raw=b"m", patience_sec=60)
    finally:
        run.close()
    assert 50 < now[0] <= 60


async def test_a_cancellation_is_not_swallowed(store: Store) -> None:
    """A loop on Redis ends when it is told to, at whatever moment that is."""

    async def loop() -> None:
        while True:
            await store.claim(cap=1, most=1)
            await store.wait(5)

    await store.ping()
    for step in range(200):
        task = asyncio.create_task(loop())
        await asyncio.sleep(step * 1e-5)
        task.cancel()
        _, stuck = await asyncio.wait([task], timeout=120)
        assert not stuck
