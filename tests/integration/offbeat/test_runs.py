"""OwnedRuns, the controller's view of Redis, on a real one."""

import asyncio
import json
from typing import cast

import pytest
import redis

from offbeat import scripts
from offbeat.errors import RedisRefused
from offbeat.job import MAX_MESSAGE_BYTES, legible_job_id
from offbeat.json_text import HEAD_BYTES
from offbeat.runs import OwnedRuns, RunState
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.handoff import broken, make_due, members

MESSAGE = b'{"job_id": 42}'


async def claimed(runs: OwnedRuns, raw: bytes = MESSAGE) -> str:
    """Push a message and claim it."""
    await runs.store.push(raw)
    (claim,) = (await runs.claim(cap=100, most=1)).claims
    return claim.run_id


async def state_of(runs: OwnedRuns, run_id: str) -> tuple[str, int]:
    """Return state and attempt of a run."""
    record = (await runs.store.records([run_id]))[run_id]
    return record.state, record.attempt


async def launched(runs: OwnedRuns, run_id: str, number: int = 1) -> str:
    """Note that an attempt has its Job."""
    return await runs.launched(
        run_id, job_id=42, number=number, job_name=f"j-{number}", look_again_sec=5
    )


async def test_waiting_takes_nothing(runs: OwnedRuns) -> None:
    """The messages are still there after the wait, and in their order."""
    await runs.store.push(b"first")
    await runs.store.push(b"second")
    assert await runs.wait(1)
    claims = (await runs.claim(cap=10, most=10)).claims
    assert [claim.raw for claim in claims] == [b"first", b"second"]


async def test_a_push_ends_the_wait(runs: OwnedRuns, admin: redis.Redis) -> None:
    """It is not the timeout that does."""
    waiting = asyncio.create_task(runs.wait(14))
    async with asyncio.timeout(120):
        while not admin.info("clients")["blocked_clients"]:
            await asyncio.sleep(0.01)
        await runs.store.push(b"x")
        assert await waiting


async def test_waiting_ends_without_a_message(runs: OwnedRuns) -> None:
    """An empty queue is told from a full one."""
    assert not await runs.wait(0.05)


async def test_a_duplicate_in_flight_is_coalesced_and_later_claimed(runs: OwnedRuns) -> None:
    """The same bytes become a new run only when the first is settled."""
    run_id = await claimed(runs)
    await runs.store.push(MESSAGE)
    assert (await runs.claim(cap=10, most=1)).claims == []
    await runs.settle(broken(run_id), raw=MESSAGE, holds_slot=False)
    assert await claimed(runs) != run_id


async def test_no_more_is_claimed_than_slots_are_free(runs: OwnedRuns) -> None:
    """The answer says that none is."""
    for number in range(5):
        await runs.store.push(b"%d" % number)
    first = await runs.claim(cap=3, most=10)
    assert (len(first.claims), first.full) == (3, False)
    second = await runs.claim(cap=3, most=10)
    assert (second.claims, second.full, second.more) == ([], True, False)
    assert await runs.slots() == 3


async def test_a_slot_is_free_when_the_job_has_ended(runs: OwnedRuns, settings: Settings) -> None:
    """A settled run whose pod still runs counts against the cap."""
    run_id = await claimed(runs)
    await runs.settle(broken(run_id), raw=MESSAGE, holds_slot=True)
    await runs.store.push(b"next")
    assert (await runs.claim(cap=1, most=1)).full
    await runs.release([run_id])
    assert len((await runs.claim(cap=1, most=1)).claims) == 1


async def test_a_run_without_a_result_keeps_its_slot(runs: OwnedRuns) -> None:
    """Releasing it too early is not heard."""
    run_id = await claimed(runs)
    await runs.release([run_id])
    assert (await runs.slots(), await runs.store.settled([run_id])) == (1, set())


async def test_each_owner_has_slots_of_its_own(
    runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """Owners share the messages, and neither sees the runs of another."""
    async with OwnedRuns.connect(settings, "there") as others:
        await others.join()
        own = await claimed(runs)
        await runs.store.push(b"another")
        (foreign,) = (await others.claim(cap=1, most=1)).claims
        make_due(admin, runs.keys, ["here", "there"])
        assert await runs.due(most=10, put_off_sec=60) == [own]
        assert await others.due(most=10, put_off_sec=60) == [foreign.run_id]
        assert await launched(runs, foreign.run_id) == "foreign"
        assert not await runs.launching(foreign.run_id, number=2)
        assert await state_of(others, foreign.run_id) == ("claimed", 0)
        await runs.survey()
        assert members(admin, runs.keys.due("here")) == {own}


async def test_a_duplicate_of_a_run_of_another_owner_is_coalesced(
    runs: OwnedRuns, settings: Settings
) -> None:
    """One message is one run, whoever claims."""
    await claimed(runs)
    async with OwnedRuns.connect(settings, "there") as others:
        await others.join()
        await runs.store.push(MESSAGE)
        assert (await others.claim(cap=10, most=10)).claims == []


async def test_adopted_runs_are_the_heirs(
    runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """All of them, with their slots; who has lost them changes nothing any more."""
    async with OwnedRuns.connect(settings, "gone") as gone:
        await gone.join()
        for number in range(1_100):
            await gone.store.push(b"%d" % number)
        claims = (await gone.claim(cap=2_000, most=2_000)).claims
        claims += (await gone.claim(cap=2_000, most=2_000)).claims
        settled = claims[0]
        await gone.settle(broken(settled.run_id), raw=settled.raw, holds_slot=True)
        assert await runs.store.adopt("gone", "here") == 1_100
        assert (await runs.slots(), await gone.slots()) == (1_100, 0)
        assert await launched(gone, claims[1].run_id) == "foreign"
        assert await launched(runs, claims[1].run_id) == "ok"
    assert "gone" not in await runs.store.owner_silences()


async def test_thousands_of_duplicates_hide_no_message(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Each call says that the next one may go on at once, and none takes Redis for long."""
    run_id = await claimed(runs)
    admin.lpush(runs.keys.queue, *[MESSAGE] * 8_000)
    await runs.store.push(b"next")
    calls, found = 0, None
    while found is None:
        claims = await runs.claim(cap=10, most=10)
        calls += 1
        assert claims.claims or claims.more, "the caller would wait now"
        found = claims.claims[0] if claims.claims else None
    assert (found.raw, calls) == (b"next", 9)
    assert admin.hget(runs.keys.run(run_id).record, "coalesced") == b"8000"
    assert not (await runs.claim(cap=10, most=10)).more


async def test_a_huge_message_stays_in_redis(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Of 100 MB only the head leaves it; it is one run, and the queue goes on."""
    size = 100 * 1024 * 1024
    head = b'{"job_id": 7, "relative_path": "'
    admin.lpush(runs.keys.queue, head + b"x" * (size - len(head)))
    await runs.store.push(b"next")
    sent = admin.info("stats")["total_net_output_bytes"]
    first = await runs.claim(cap=10, most=10)
    assert first.more
    assert [claim.raw for claim in (await runs.claim(cap=10, most=10)).claims] == [b"next"]
    (claim,) = first.claims
    assert (len(claim.raw), claim.message_bytes) == (HEAD_BYTES, size)
    assert legible_job_id(claim.raw) == 7
    record = (await runs.store.records([claim.run_id], with_message=True))[claim.run_id]
    assert (record.message_bytes, record.raw) == (size, claim.raw)
    assert admin.info("stats")["total_net_output_bytes"] - sent < 100_000
    await runs.settle(
        broken(claim.run_id, job_id=7),
        raw=claim.raw,
        holds_slot=False,
        message_bytes=claim.message_bytes,
    )
    letter = json.loads(newest_letter(admin, runs))
    assert (letter["message_bytes"], len(letter["message"])) == (size, HEAD_BYTES)
    assert admin.hlen(runs.keys.dedup) == 1  # only that of `next`


@pytest.mark.parametrize("more", [0, 1])
async def test_the_largest_message_is_whole(runs: OwnedRuns, admin: redis.Redis, more: int) -> None:
    """One byte more, and only the head is kept."""
    admin.lpush(runs.keys.queue, b"x" * (MAX_MESSAGE_BYTES + more))
    (claim,) = (await runs.claim(cap=10, most=10)).claims
    assert len(claim.raw) == (HEAD_BYTES if more else MAX_MESSAGE_BYTES)
    assert claim.message_bytes == (MAX_MESSAGE_BYTES + 1 if more else None)


async def test_a_duplicate_of_a_huge_message_is_coalesced(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """It is known by all its bytes, though only some are kept."""
    raw = b"x" * (MAX_MESSAGE_BYTES + 1)
    admin.lpush(runs.keys.queue, raw, raw, raw[:-1] + b"y")
    assert len((await runs.claim(cap=10, most=10)).claims) == 2


async def test_duplicates_need_no_slot(runs: OwnedRuns, admin: redis.Redis) -> None:
    """One that waited for a slot would outlive its run, and be a run again."""
    await claimed(runs)
    await runs.store.push(MESSAGE)
    await runs.store.push(b"next")
    found = await runs.claim(cap=1, most=10)
    assert (found.claims, found.full) == ([], True)
    assert admin.lrange(runs.keys.queue, 0, -1) == [b"next"]


async def test_a_huge_message_waits_for_its_slot(runs: OwnedRuns, admin: redis.Redis) -> None:
    """It is claimed when one is free."""
    await claimed(runs)
    admin.lpush(runs.keys.queue, b"x" * (MAX_MESSAGE_BYTES + 1))
    assert (await runs.claim(cap=1, most=10)).claims == []
    assert len((await runs.claim(cap=2, most=10)).claims) == 1


async def test_a_full_results_queue_stops_claiming(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Where a limit is set, nothing is claimed until results are taken out."""
    admin.lpush(runs.keys.results, b"1", b"2")
    await runs.store.push(MESSAGE)
    with pytest.raises(RedisRefused, match="2 results"):
        await runs.claim(cap=10, most=10, max_results=2)
    assert admin.llen(runs.keys.queue) == 1
    admin.rpop(runs.keys.results)
    assert len((await runs.claim(cap=10, most=10, max_results=2)).claims) == 1
    assert not runs.history_lost


async def test_dead_letters_are_bounded_in_number(
    runs: OwnedRuns, admin: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest stay."""
    monkeypatch.setattr(scripts, "MAX_DEAD_LETTERS", 3)
    await fail_all(runs, [b"%d" % number for number in range(10)])
    assert dead(admin, runs) == ["9", "8", "7"]


async def test_dead_letters_are_bounded_in_bytes(
    runs: OwnedRuns, admin: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one drops several, and one that is larger than the bound stays alone."""
    monkeypatch.setattr(scripts, "MAX_DEAD_BYTES", 3_000)
    await fail_all(runs, [b"%d" % number for number in range(20)])
    letters = admin.lrange(runs.keys.dead, 0, -1)
    total = sum(map(len, letters))
    assert 2_500 < total <= 3_000
    assert int(admin.get(runs.keys.dead_bytes) or 0) == total
    await fail_all(runs, [b"x" * 2_000])
    assert dead(admin, runs)[0] == "x" * 2_000
    assert sum(map(len, admin.lrange(runs.keys.dead, 0, -1))) <= 3_000
    await fail_all(runs, [b"x" * 5_000])
    assert dead(admin, runs) == ["x" * 5_000]
    admin.delete(runs.keys.dead)
    await fail_all(runs, [b"anew"])
    assert admin.get(runs.keys.dead_bytes) == b"%d" % len(newest_letter(admin, runs))


async def test_dead_letters_are_bounded_in_time(
    runs: OwnedRuns, admin: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that are too old go with the next failure, at most a hundred at once."""
    await fail_all(runs, [b"%d" % number for number in range(5)])
    aged = [
        json.dumps(json.loads(raw) | {"failed_at": json.loads(raw)["failed_at"] - 100})
        for raw in admin.lrange(runs.keys.dead, 0, -1)[2:]
    ]
    admin.ltrim(runs.keys.dead, 0, 1)
    admin.rpush(runs.keys.dead, *aged)
    monkeypatch.setattr(scripts, "MAX_DEAD_AGE_SEC", 50)
    await fail_all(runs, [b"new"])
    assert dead(admin, runs) == ["new", "4", "3"]


def newest_letter(admin: redis.Redis, runs: OwnedRuns) -> bytes:
    """Return the newest dead letter as it is."""
    return cast("bytes", admin.lindex(runs.keys.dead, 0))


async def fail_all(runs: OwnedRuns, raws: list[bytes]) -> None:
    """Claim and fail messages, one after the other."""
    for raw in raws:
        await runs.settle(broken(await claimed(runs, raw)), raw=raw, holds_slot=False)


def dead(admin: redis.Redis, runs: OwnedRuns) -> list[str]:
    """Return the messages of the dead letters, newest first."""
    return [json.loads(raw)["message"] for raw in admin.lrange(runs.keys.dead, 0, -1)]


async def test_a_failed_message_is_kept_with_what_was_wrong(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """The dead-letter list holds it whole."""
    await fail_all(runs, [b"not JSON"])
    letter = json.loads(newest_letter(admin, runs))
    assert (letter["message"], letter["reason"]) == ("not JSON", "corrupt_audio")
    assert letter["failed_at"] > 1.7e9


async def test_a_later_attempt_is_launched_once(runs: OwnedRuns, settings: Settings) -> None:
    """Two controllers of one owner see the same, and one of them launches."""
    run_id = await claimed(runs)
    await launched(runs, run_id)
    async with OwnedRuns.connect(settings, "here") as second:
        await second.join()
        assert await runs.launching(run_id, number=2)
        assert await launched(runs, run_id, 2) == "ok"
        assert not await second.launching(run_id, number=2)
        assert await launched(second, run_id, 1) == "stale"
    assert await state_of(runs, run_id) == ("launched", 2)


async def test_a_run_that_runs_is_not_put_back(runs: OwnedRuns, admin: redis.Redis) -> None:
    """An analyzer may be faster than the controller that has created its Job."""
    run_id = await claimed(runs)
    admin.hset(runs.keys.run(run_id).record, mapping={"state": "running", "attempt": 1})
    assert await launched(runs, run_id) == "ok"
    record = (await runs.store.records([run_id]))[run_id]
    assert (record.state, record.job_name) == ("running", "j-1")


async def test_a_parked_run_tells_why_and_since_when(runs: OwnedRuns) -> None:
    """The time is kept over later tries, and gone when it has its Job."""
    run_id = await claimed(runs)
    since = await runs.parked(run_id, job_id=42, number=1, why="quota", since=None)
    assert await runs.parked(run_id, job_id=42, number=1, why="still", since=since) == since
    record = (await runs.store.records([run_id]))[run_id]
    assert (record.state, record.parked_since, record.parked_reason) == ("parked", since, "still")
    await launched(runs, run_id)
    record = (await runs.store.records([run_id]))[run_id]
    assert (record.state, record.parked_since, record.parked_reason) == ("launched", None, None)


async def test_a_settled_run_takes_no_other_state(runs: OwnedRuns, admin: redis.Redis) -> None:
    """A controller that is late changes nothing, and makes no record that stays."""
    run_id = await claimed(runs)
    await runs.settle(broken(run_id), raw=MESSAGE, holds_slot=False)
    assert await launched(runs, run_id) == "unknown"
    assert await state_of(runs, run_id) == ("failed", 0)
    assert admin.ttl(runs.keys.run(run_id).record) > 0
    assert await runs.slots() == 0


async def test_what_is_due_is_given_to_one(runs: OwnedRuns, settings: Settings) -> None:
    """It is due again when the time is over, and a later delay holds."""
    run_id = await claimed(runs)
    async with OwnedRuns.connect(settings, "here") as second:
        await second.join()
        await runs.put_off({run_id: -1.0})
        assert await runs.due(most=10, put_off_sec=0) == [run_id]
        assert await second.due(most=10, put_off_sec=60) == [run_id]
        assert await runs.due(most=10, put_off_sec=60) == []
        await runs.put_off({run_id: 0.0, "gone": 0.0})
        assert await second.due(most=10, put_off_sec=60) == [run_id]
    assert await runs.slots() == 1


async def test_a_clock_that_was_set_back_strands_no_run(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """No delay is longer than a quarter of an hour, so what is due later is due now."""
    run_id = await claimed(runs)
    admin.zadd(runs.keys.due("here"), {run_id: admin.time()[0] + 3_600})
    assert await runs.due(most=10, put_off_sec=5) == [run_id]
    await runs.put_off({run_id: 1e9})
    assert await runs.due(most=10, put_off_sec=5) == []


async def test_the_clock_of_redis_counts(runs: OwnedRuns, admin: redis.Redis) -> None:
    """A wrong clock of this machine moves no deadline."""
    await runs.due(most=1, put_off_sec=1)
    seconds, micros = admin.time()
    assert abs(runs.now() - seconds - micros / 1e6) < 60


async def test_a_lost_run_is_entered_again(runs: OwnedRuns, admin: redis.Redis) -> None:
    """With its message, so that duplicates join it, and at once due."""
    keys = runs.keys
    run_id = await claimed(runs)
    admin.delete(keys.inflight, keys.dedup, keys.due("here"), keys.run(run_id).record)
    states = [
        await runs.register(
            run_id, raw=MESSAGE, job_id=42, number=2, state=RunState.LAUNCHED, job_name="j"
        )
        for _ in range(2)
    ]
    assert states == ["registered", "known"]
    assert await runs.due(most=10, put_off_sec=5) == [run_id]
    assert await state_of(runs, run_id) == ("launched", 2)
    assert await runs.store.latest_run(42) == run_id
    await runs.store.push(MESSAGE)
    assert (await runs.claim(cap=10, most=1)).claims == []
    await runs.settle(broken(run_id), raw=MESSAGE, holds_slot=False)
    state = await runs.register(run_id, raw=MESSAGE, job_id=42, number=2, state=RunState.LAUNCHED)
    assert state == "settled"
    assert await runs.slots() == 0


async def test_a_registered_run_takes_over_from_one_that_is_gone(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """What a rollback left of an earlier run of the same bytes does not hide it."""
    admin.hset(runs.keys.dedup, scripts.message_sha(MESSAGE), "gone")
    await runs.register("9f", raw=MESSAGE, job_id=42, number=1, state=RunState.LAUNCHED)
    await runs.store.push(MESSAGE)
    assert (await runs.claim(cap=10, most=1)).claims == []


async def test_a_result_under_delivery_does_not_keep_a_run_out(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """It has none yet."""
    admin.set(runs.keys.run("9f").settled, "delivering")
    state = await runs.register("9f", raw=MESSAGE, job_id=42, number=1, state=RunState.LAUNCHED)
    assert state == "registered"


async def test_a_survey_finds_what_is_due_nowhere(
    runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """Runs of this owner, settled or not, and those that nobody owns; not those of others."""
    keys = runs.keys
    mine, finishing, orphan = [await claimed(runs, raw) for raw in (b"1", b"2", b"3")]
    await runs.settle(broken(finishing), raw=b"2", holds_slot=True)
    async with OwnedRuns.connect(settings, "there") as others:
        await others.join()
        await claimed(others, b"4")
    admin.hdel(keys.run(orphan).record, "owner")
    admin.delete(keys.due("here"))
    await runs.survey()
    assert members(admin, keys.due("here")) == {mine, finishing, orphan}


async def test_a_survey_hurries_no_run(runs: OwnedRuns) -> None:
    """What is due later stays so."""
    await claimed(runs)
    await runs.survey()
    assert await runs.due(most=10, put_off_sec=5) == []


async def test_a_survey_reads_thousands_of_runs(runs: OwnedRuns, admin: redis.Redis) -> None:
    """A page at a time, each run once."""
    for number in range(3_000):
        await runs.store.push(b"%d" % number)
    while (await runs.claim(cap=5_000, most=1_000)).claims:
        pass
    admin.delete(runs.keys.due("here"))
    await runs.survey()
    assert await runs.slots() == 3_000
    found = [run_id async for page in runs.pages() for run_id in page]
    assert (len(found), len(set(found))) == (3_000, 3_000)


async def test_a_run_that_was_never_launched_can_be_given_back(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """Its message waits again, and nothing else of it is left; one that has a Job stays."""
    await runs.store.push(b'{"job_id": 1}')
    (claim,) = (await runs.claim(cap=10, most=1)).claims
    assert await runs.give_back(claim.run_id)
    assert admin.lrange(runs.keys.queue, 0, -1) == [b'{"job_id": 1}']
    assert await runs.slots() == 0
    assert not admin.exists(runs.keys.run(claim.run_id).record, runs.keys.inflight, runs.keys.dedup)
    (again,) = (await runs.claim(cap=10, most=1)).claims
    await runs.launched(again.run_id, job_id=1, number=1, job_name="j", look_again_sec=9)
    assert not await runs.give_back(again.run_id)
    assert admin.llen(runs.keys.queue) == 0


async def test_a_run_that_another_controller_was_handed_is_not_given_back(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """Its Job may be created at this moment: the message would run twice."""
    await runs.store.push(b'{"job_id": 1}')
    (claim,) = (await runs.claim(cap=10, most=1)).claims
    admin.zadd(runs.keys.due(runs.owner), {claim.run_id: 0})
    assert await runs.due(most=10, put_off_sec=30) == [claim.run_id]
    assert not await runs.give_back(claim.run_id)
    assert admin.llen(runs.keys.queue) == 0


async def test_disowned_runs_are_forgotten(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Only the slot of this owner is freed."""
    run_id = await claimed(runs)
    await runs.disown([run_id])
    assert await runs.slots() == 0
    assert members(admin, runs.keys.inflight) == {run_id}


async def test_a_result_is_announced(runs: OwnedRuns, store: Store) -> None:
    """Who waits for a job hears it, and not the results of others."""
    async with store.announcements(42) as channel:
        await fail_all(runs, [b"not mine"])
        assert json.loads(await channel.next(5) or b"{}")["job_id"] == 42


async def test_nothing_to_do_is_no_call(runs: OwnedRuns) -> None:
    """Empty lists are not sent."""
    await runs.release([])
    await runs.disown([])
    await runs.put_off({})


async def test_which_runs_are_not_in_flight(runs: OwnedRuns) -> None:
    """Those that nobody claimed, and those that have their result."""
    for number in range(3):
        await runs.store.push(b"%d" % number)
    first, second, third = (claim.run_id for claim in (await runs.claim(cap=9, most=9)).claims)
    await runs.settle(broken(second), raw=b"1", holds_slot=True)
    asked = ["unknown", third, second, first]
    assert await runs.store.not_in_flight(asked) == ["unknown", second]
    assert await runs.store.not_in_flight([]) == []
