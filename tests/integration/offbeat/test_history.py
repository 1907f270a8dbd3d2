"""A Redis that has lost what it knew is noticed, and nothing is claimed until the runs are back."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest
import redis

from offbeat.errors import RedisRefused, RedisUnreachable
from offbeat.keys import QueueKeys
from offbeat.runs import OwnedRuns, RunState
from offbeat.settings import Settings
from tests.support.handoff import broken, members
from tests.support.redis_servers import Proxy, Server

MESSAGE = b'{"job_id": 42}'


async def claims_nothing(runs: OwnedRuns, admin: redis.Redis) -> bool:
    """Push a message and try to claim it; return whether it still waits."""
    await runs.store.push(b"fresh")
    waiting = admin.llen(runs.keys.queue)
    found = await runs.claim(cap=10, most=10)
    return not found.claims and not found.more and admin.llen(runs.keys.queue) == waiting


async def until_it_answers(call: Callable[[], object]) -> None:
    """Repeat a call until Redis answers."""
    async with asyncio.timeout(60):
        while True:
            try:
                await call()  # type: ignore[misc]
            except RedisUnreachable:
                await asyncio.sleep(0.02)
            else:
                return


def flush_all(admin: redis.Redis, keys: QueueKeys) -> None:
    """Delete every key of the queue, as FLUSHALL does."""
    admin.delete(keys.queue, keys.results, *admin.keys(f"{keys.prefix}*"))


def lose_schema(admin: redis.Redis, keys: QueueKeys) -> None:
    """Delete the version of the layout."""
    admin.delete(keys.schema)


def lose_instances(admin: redis.Redis, keys: QueueKeys) -> None:
    """Delete what the controllers have left."""
    admin.delete(keys.instances("here"))


def lose_this_instance(admin: redis.Redis, keys: QueueKeys) -> None:
    """Forget one controller, as a rollback to a time before its start does."""
    for instance in admin.hkeys(keys.instances("here")):
        admin.hdel(keys.instances("here"), instance)
    admin.hset(keys.instances("here"), "another", "nonce 1")


LOSSES = {
    "flushed": flush_all,
    "schema deleted": lose_schema,
    "instances deleted": lose_instances,
    "instance unknown": lose_this_instance,
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_a_claim_notices_lost_keys(runs: OwnedRuns, admin: redis.Redis, loss: str) -> None:
    """Nothing is claimed before the controller has joined again, and then it is."""
    assert not runs.history_lost
    LOSSES[loss](admin, runs.keys)
    assert await claims_nothing(runs, admin)
    assert runs.history_lost
    assert await claims_nothing(runs, admin)
    await runs.join()
    assert not runs.history_lost
    assert len((await runs.claim(cap=10, most=10)).claims) == 1  # the other one is a duplicate


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss != "schema deleted"])
async def test_a_look_at_due_runs_notices_lost_keys(
    runs: OwnedRuns, admin: redis.Redis, loss: str
) -> None:
    """A queue in which nothing waits is no reason not to."""
    LOSSES[loss](admin, runs.keys)
    await runs.due(most=1, put_off_sec=1)
    assert runs.history_lost


@pytest.mark.parametrize("by", ["claim", "due"])
async def test_a_nonce_that_was_rolled_back_is_noticed(
    runs: OwnedRuns, admin: redis.Redis, by: str
) -> None:
    """Redis may hold what this controller wrote a moment ago, and not what it wrote last."""
    await runs.claim(cap=10, most=1)
    key = runs.keys.instances("here")
    before = admin.hget(key, runs._history.instance)
    await runs.store.push(MESSAGE)
    assert (await runs.claim(cap=10, most=1)).claims
    admin.hset(key, runs._history.instance, cast("bytes", before))
    if by == "due":
        await runs.due(most=1, put_off_sec=1)
    else:
        assert await claims_nothing(runs, admin)
    assert runs.history_lost


async def test_nothing_is_claimed_before_the_first_join(
    settings: Settings, admin: redis.Redis
) -> None:
    """A controller that has just started knows of no Job yet."""
    async with OwnedRuns.connect(settings, "here") as runs:
        assert runs.history_lost
        assert await claims_nothing(runs, admin)


async def test_a_message_whose_claim_was_undone_joins_its_run(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """The Job of the claim is at work: its run is entered, and the message is its duplicate."""
    keys = runs.keys
    await runs.store.push(MESSAGE)
    dumps = {key: admin.dump(key) for key in [*admin.keys(f"{keys.prefix}*"), keys.queue.encode()]}
    (claim,) = (await runs.claim(cap=10, most=1)).claims
    flush_all(admin, keys)
    for key, dump in dumps.items():
        admin.restore(key, 0, dump or b"")
    assert (await runs.claim(cap=10, most=10)).claims == []
    assert runs.history_lost
    await runs.register(claim.run_id, raw=MESSAGE, job_id=42, number=1, state=RunState.LAUNCHED)
    await runs.join()
    assert (await runs.claim(cap=10, most=10)).claims == []
    assert (admin.llen(keys.queue), members(admin, keys.inflight)) == (0, {claim.run_id})


async def test_claims_beside_other_calls_are_no_loss(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Claims, looks at due runs and other claims may overlap as they like."""
    for number in range(300):
        admin.lpush(runs.keys.queue, b"%d" % number)

    async def claim_all() -> int:
        found = 0
        while admin.llen(runs.keys.queue):
            found += len((await runs.claim(cap=1_000, most=1)).claims)
            assert not runs.history_lost
        return found

    async def look() -> None:
        while admin.llen(runs.keys.queue):
            await runs.due(most=5, put_off_sec=30)
            assert not runs.history_lost

    claimed = await asyncio.gather(claim_all(), claim_all(), look(), look(), look())
    assert sum(count or 0 for count in claimed[:2]) == 300


async def test_calls_that_were_cut_off_are_no_loss(runs: OwnedRuns, admin: redis.Redis) -> None:
    """Whether Redis has heard of a claim is not known then, and either is right."""
    admin.lpush(runs.keys.queue, *[b"%d" % number for number in range(200)])
    for step in range(100):
        task = asyncio.create_task(runs.claim(cap=1_000, most=1))
        await asyncio.sleep(step * 2e-5)
        task.cancel()
        await asyncio.wait([task])
        await runs.due(most=1, put_off_sec=30)
        assert not runs.history_lost
    assert (await runs.claim(cap=1_000, most=1)).claims


@pytest.mark.parametrize("refused", ["before it is noted", "after"])
async def test_refused_claims_are_no_loss(
    runs: OwnedRuns, admin: redis.Redis, refused: str
) -> None:
    """However many there are in a row."""
    key = runs.keys.dedup if refused == "after" else runs.keys.due("here")
    admin.set(key, "another type")
    await runs.store.push(MESSAGE)
    for _ in range(70):
        with pytest.raises(RedisRefused):
            await runs.claim(cap=10, most=1)
    admin.delete(key)
    await runs.due(most=1, put_off_sec=30)
    assert (await runs.claim(cap=10, most=1)).claims
    assert not runs.history_lost


@pytest.mark.parametrize("may_ask", [True, False])
async def test_another_server_is_noticed(tmp_path: Path, may_ask: bool) -> None:
    """Its keys may be the same: who answers is compared where INFO is permitted."""
    with Server(tmp_path / "a") as first, Server(tmp_path / "b") as second:
        for server in (first, second):
            server.allow("me", "~*", "&*", "+@all", *([] if may_ask else ["-info"]))
        with Proxy(first.port) as proxy:
            settings = Settings(
                _env_file=None, redis_url=f"redis://me:secret@127.0.0.1:{proxy.port}/0"
            )
            async with OwnedRuns.connect(settings, "here") as runs:
                await runs.join()
                await runs.store.push(MESSAGE)
                assert (await runs.claim(cap=10, most=1)).claims
                second.follow(first)
                second.promote()
                proxy.switch(second)
                first.stop(kill=True)
                await until_it_answers(lambda: runs.due(most=1, put_off_sec=1))
                assert runs.history_lost == may_ask
                await until_it_answers(runs.join)
                await runs.store.push(b"next")
                assert (await runs.claim(cap=10, most=1)).claims
                assert not runs.history_lost


async def test_the_call_that_meets_another_server_does_not_go_on(tmp_path: Path) -> None:
    """A claim would take what an undone claim has put back."""
    with (
        Server(tmp_path / "a") as first,
        Server(tmp_path / "b") as second,
        Proxy(first.port) as proxy,
    ):
        settings = Settings(_env_file=None, redis_url=proxy.url)
        async with OwnedRuns.connect(settings, "here") as runs:
            await runs.join()
            await runs.store.push(MESSAGE)
            second.follow(first)
            second.promote()
            proxy.switch(second)
            await runs._client.connection_pool.disconnect()
            with pytest.raises(RedisUnreachable, match="another server"):
                await runs.claim(cap=10, most=1)
            with second.client() as admin:
                assert admin.llen(runs.keys.queue) == 1


async def test_a_restart_is_noticed(tmp_path: Path) -> None:
    """What was not on disk is gone."""
    with Server(tmp_path / "a", appendonly="yes") as server:
        settings = Settings(_env_file=None, redis_url=server.url)
        async with OwnedRuns.connect(settings, "here") as runs:
            await runs.join()
            server.stop()
            server.start()
            await until_it_answers(lambda: runs.due(most=1, put_off_sec=1))
            assert runs.history_lost
            await runs.join()
            assert not runs.history_lost


@pytest.mark.parametrize("version", ["0", "2", "x"])
async def test_another_layout_is_left_alone(
    settings: Settings, runs: OwnedRuns, admin: redis.Redis, version: str
) -> None:
    """Nothing is claimed and nothing written, by a controller that starts and by one at work."""
    keys = runs.keys
    await runs.store.push(MESSAGE)
    admin.set(keys.schema, version)
    before = {key: admin.dump(key) for key in admin.keys(f"{keys.prefix}*")}
    with pytest.raises(RedisRefused, match=f"layout {version}.*nothing is claimed"):
        await runs.claim(cap=10, most=10)
    assert runs.history_lost
    async with OwnedRuns.connect(settings, "here") as late:
        for each in (runs, late):
            with pytest.raises(RedisRefused, match=keys.schema.replace("{", r"\{")):
                await each.join()
            assert each.history_lost
    assert {key: admin.dump(key) for key in admin.keys(f"{keys.prefix}*")} == before
    assert admin.llen(keys.queue) == 1


async def test_instances_that_are_long_gone_are_forgotten(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """After a week; the others stay."""
    key = runs.keys.instances("here")
    now = admin.time()[0]
    admin.hset(key, mapping={"old": f"n {now - 700_000}", "recent": f"n {now - 600_000}"})
    await runs.join()
    assert b"old" not in admin.hkeys(key)
    assert {b"recent", runs._history.instance.encode()} == set(admin.hkeys(key))


async def test_a_result_can_be_delivered_before_the_runs_are_back(
    runs: OwnedRuns, admin: redis.Redis
) -> None:
    """An analyzer that has finished does not wait for a controller."""
    flush_all(admin, runs.keys)
    assert await runs.settle(broken("9f"), raw=MESSAGE, holds_slot=True)
    assert admin.llen(runs.keys.results) == 1
