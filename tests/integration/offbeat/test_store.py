"""Store, the view of producers and people, and RunSession, the analyzer's, on a real Redis."""

import asyncio
import json
from collections.abc import Callable

import pytest
import redis

from offbeat import client as client_module
from offbeat.client import Client
from offbeat.errors import NoRedisConfigured, RedisUnreachable
from offbeat.run_session import RunSession
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.handoff import broken

MESSAGE = b'{"job_id": 42}'


async def claimed(runs: OwnedRuns, raw: bytes = MESSAGE) -> str:
    """Push a message and claim it."""
    await runs.store.push(raw)
    (claim,) = (await runs.claim(cap=10, most=1)).claims
    return claim.run_id


async def test_the_analyzer_and_the_controller_race_for_one_result(
    runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """The first writer wins, whoever it is."""
    run_id = await claimed(runs)
    session = RunSession(settings, run_id, 1)
    try:
        outcomes = await asyncio.gather(
            asyncio.to_thread(session.settle, broken(run_id), raw=MESSAGE),
            runs.settle(broken(run_id), raw=MESSAGE, holds_slot=False),
        )
        assert sorted(outcomes) == [False, True]
        assert session.is_settled()
    finally:
        session.close()
    assert admin.llen(settings.results_queue) == 1


async def test_a_result_under_delivery_is_not_settled(
    store: Store, settings: Settings, admin: redis.Redis
) -> None:
    """An analyzer does not stop for what another has only begun to deliver."""
    admin.set(settings.keys.run("9f").settled, "delivering")
    session = RunSession(settings, "9f", 1)
    try:
        assert not session.is_settled()
        assert await store.settled(["9f"]) == set()
        assert session.settle(broken("9f"), raw=MESSAGE)
        assert await store.settled(["9f"]) == {"9f"}
    finally:
        session.close()


async def test_a_record_tells_the_life_of_a_run(
    runs: OwnedRuns, store: Store, settings: Settings, admin: redis.Redis
) -> None:
    """Owner, state, attempt, progress and end can be looked up."""
    run_id = await claimed(runs)
    record = (await store.records([run_id]))[run_id]
    assert (record.owner, record.state, record.attempt) == ("here", "claimed", 0)
    await runs.launched(run_id, job_id=42, number=1, job_name="offbeat-42-1", look_again_sec=5)
    session = RunSession(settings, run_id, 1, monotonic=lambda: 1e9)
    try:
        session.progress(0.5, "measuring")
        session.progress(0.6, "measuring")  # within the same second: not written
    finally:
        session.close()
    record = (await store.records([run_id]))[run_id]
    assert (record.state, record.attempt, record.job_name) == ("running", 1, "offbeat-42-1")
    assert (record.progress, record.stage) == (0.5, "measuring")
    assert await store.latest_run(42) == run_id
    assert await store.message(run_id) == MESSAGE
    await runs.settle(broken(run_id), raw=MESSAGE, holds_slot=False)
    record = (await store.records([run_id], with_message=True))[run_id]
    assert (record.state, record.reason, record.raw) == ("failed", "corrupt_audio", None)
    assert record.settled_at
    assert 0 < admin.ttl(settings.keys.run(run_id).record) <= 24 * 3600


async def test_the_progress_of_an_earlier_attempt_changes_nothing(
    runs: OwnedRuns, store: Store, settings: Settings
) -> None:
    """A pod that lives on beside its successor writes nothing down."""
    run_id = await claimed(runs)
    await runs.launched(run_id, job_id=42, number=2, job_name="second", look_again_sec=5)
    session = RunSession(settings, run_id, 1)
    try:
        session.progress(0.9, "old")
    finally:
        session.close()
    record = (await store.records([run_id]))[run_id]
    assert (record.state, record.attempt, record.stage) == ("launched", 2, None)


async def test_progress_of_a_lost_run_writes_nothing(
    settings: Settings, admin: redis.Redis
) -> None:
    """No record comes into being that nobody deletes."""
    session = RunSession(settings, "9f", 1)
    try:
        session.progress(0.9, "measuring")
    finally:
        session.close()
    assert not admin.exists(settings.keys.run("9f").record)


async def test_depths_count_what_waits(runs: OwnedRuns, store: Store) -> None:
    """Each number is told from the others."""
    first, second = await claimed(runs, b"1"), await claimed(runs, b"2")
    await claimed(runs, b"3")
    await runs.settle(broken(first), raw=b"1", holds_slot=True)
    await runs.settle(broken(second), raw=b"2", holds_slot=False)
    for raw in (b"4", b"5", b"6", b"7"):
        await store.push(raw)
    depths = await store.depths()
    assert (depths.queue, depths.results, depths.inflight, depths.finishing, depths.dead) == (
        *(4, 2, 1, 1, 2),
    )


async def test_a_position_counts_from_the_end_that_is_claimed(store: Store) -> None:
    """The oldest message has nothing before it; one that is not there has no place."""
    for raw in (b"a", b"b", b"c"):
        await store.push(raw)
    assert [await store.position(raw) for raw in (b"a", b"b", b"c", b"d")] == [0, 1, 2, None]


async def test_a_popped_result_can_be_given_back(store: Store, admin: redis.Redis) -> None:
    """It is the next one again."""
    admin.lpush(store.keys.results, b"first", b"second")
    assert await store.pop(1) == b"first"
    await store.give_back(b"first")
    await store.take_out(b"second")
    assert [await store.pop(1), await store.pop(0.01)] == [b"first", None]


async def test_owners_are_seen(runs: OwnedRuns, store: Store) -> None:
    """Who has joined was seen a moment ago."""
    await runs.heartbeat()
    assert 0 <= (await store.owner_silences())["here"] < 60


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


def test_a_session_gives_up_on_a_redis_that_stays_away() -> None:
    """The analyzer tries for its patience and no longer; progress never fails."""
    away = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0")
    slept: list[float] = []
    session = RunSession(away, "9f", 1, sleep=slept.append)
    try:
        session.progress(0.5, "measuring")
        with pytest.raises(RedisUnreachable, match=r"127\.0\.0\.1:1"):
            session.settle(broken("9f"), raw=b"m", patience_sec=0.05)
    finally:
        session.close()
    assert slept == []  # the first pause would be longer


async def test_a_cancellation_is_not_swallowed(runs: OwnedRuns) -> None:
    """A loop on Redis ends when it is told to, at whatever moment that is."""

    async def loop() -> None:
        while True:
            await runs.claim(cap=1, most=1)
            await runs.wait(5)

    for step in range(200):
        task = asyncio.create_task(loop())
        await asyncio.sleep(step * 1e-5)
        task.cancel()
        _, stuck = await asyncio.wait([task], timeout=120)
        assert not stuck
    await runs.due(most=1, put_off_sec=1)
    assert not runs.history_lost, "a claim that was cut off looks like a loss"


WRITTEN = {
    "as Python writes it": b'{"job_id": "a/\xc3\xa9-1", "relative_path": "x"}',
    "without spaces": b'{"job_id":"a/\xc3\xa9-1"}',
    "with many": b'{ "relative_path" : "x" ,\n\t"job_id"\t:  "a/\xc3\xa9-1" }',
    "as PHP does": rb'{"job_id":"a\/\u00e9-1"}',
    "in capitals": rb'{"job_id":"a\/\u00E9-1"}',
    "all escaped": rb'{"job_id":"\u0061\u002f\u00e9\u002d\u0031"}',
    "under an escaped name": rb'{"job\u005fid":"a/\u00e9-1"}',
    "behind another of that name": b'{"job_id":"x","job_id":"a/\xc3\xa9-1"}',
}


@pytest.mark.parametrize("written", WRITTEN)
async def test_status_finds_a_job_however_it_is_written(
    client: Client, store: Store, written: str
) -> None:
    """Encoders differ in spaces and escapes."""
    await store.push(b'{"job_id": "a/e-1"}')
    await store.push(WRITTEN[written])
    found = await client.status("a/é-1")
    assert found is not None
    assert (found.state, found.ahead) == ("queued", 1)


def escaped(text: str) -> str:
    """Write every sign as an escape, in capitals."""
    units = text.encode("utf-16-be").hex().upper()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


ENCODERS: dict[str, Callable[[object], str]] = {
    "ASCII": json.dumps,
    "UTF-8": lambda value: json.dumps(value, ensure_ascii=False),
    "all escaped": lambda value: f'"{escaped(value)}"' if isinstance(value, str) else str(value),
    "safe in HTML": lambda value: "".join(
        escaped(sign) if sign in "<>&'+\u2028\u2029" else sign
        for sign in json.dumps(value, ensure_ascii=False)
    ),
}
NAMES = [
    "日本",
    "é",
    "&#<>",
    "💿",
    42,
    -7,
    10**30,
    "0",
    " x ",
    "é💿",
    "本\u2028",
    "\u2028",
    "+'",
    "/",
    "\x7f",
]


@pytest.mark.parametrize("job_id", NAMES, ids=repr)
@pytest.mark.parametrize("encoder", ENCODERS)
async def test_status_finds_jobs_of_every_name(
    client: Client, store: Store, job_id: int | str, encoder: str
) -> None:
    """Names may have no letter at all, and a number may be asked for by its digits."""
    for each in (f"{job_id}!", job_id):
        await store.push(f'{{"job_id": {ENCODERS[encoder](each)}}}'.encode())
    assert await client.status(str(job_id).strip() + "?") is None
    for asked in (job_id, str(job_id)):
        found = await client.status(asked)
        assert found is not None
        assert (found.state, found.ahead) == ("queued", 1)


async def test_few_messages_travel(
    client: Client, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis leaves out those of other jobs, however they are called and written."""
    names = ["Ä1", "ß", "Größe", "曲", "💿", "Ä/", "#"]
    for encoder in ENCODERS.values():
        for name in names:
            await store.push(f'{{"job_id": {encoder(name)}}}'.encode())
    looked_at: list[bytes] = []
    names_job = client_module._names

    def counted(raw: bytes, job_id: int | str) -> bool:
        looked_at.append(raw)
        return names_job(raw, job_id)

    monkeypatch.setattr(client_module, "_names", counted)
    assert await client.status("ÄÖÜ") is None
    assert looked_at == []
    assert await client.status("曲名") is None
    assert looked_at == []


@pytest.mark.parametrize("place", [0, 1, 1_999, 2_000, 50_000, 99_998, 99_999])
async def test_status_finds_a_job_in_a_long_backlog(
    client: Client, store: Store, admin: redis.Redis, place: int
) -> None:
    """At whatever place it stands."""
    others = [b'{"job_id": "other-%d"}' % number for number in range(99_999)]
    others.insert(place, b'{"job_id":"mine"}')
    admin.lpush(store.keys.queue, *others)
    found = await client.status("mine")
    assert found is not None
    assert (found.state, found.ahead) == ("queued", place)


async def test_many_candidates_are_paged(store: Store, admin: redis.Redis) -> None:
    """More than one answer holds come one answer after the other, each once and in order."""
    raws = [
        b'{"job_id": "x", "n": %d, "pad": "%s"}' % (number, b"." * 9_000) for number in range(500)
    ]
    admin.lpush(store.keys.queue, *raws)
    found = [item async for item in store.find_waiting("x")]
    assert found == list(enumerate(raws))


async def test_what_is_claimed_meanwhile_hides_nothing(
    runs: OwnedRuns, store: Store, admin: redis.Redis
) -> None:
    """The queue moves up between two pages."""
    raws = [b'{"job_id": "x", "n": %d}' % number for number in range(5_000)]
    admin.lpush(store.keys.queue, *raws)
    seen: list[bytes] = []
    claims: list[bytes] = []
    async for _, raw in store.find_waiting("x"):
        seen.append(raw)
        if len(seen) in {100, 2_100}:
            taken = await runs.claim(cap=1_000, most=64)
            claims += [claim.raw for claim in taken.claims]
    assert len(claims) == 128
    assert set(seen) == set(raws)
