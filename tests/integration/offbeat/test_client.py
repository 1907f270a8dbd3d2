"""The Python client on a real Redis; a task of the test stands in for the cluster."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import redis
from redis.asyncio.client import PubSub

from offbeat.client import Client, Progress
from offbeat.embedded import EmbeddedRedis
from offbeat.errors import NoResultInTime, RedisUnreachable, ResultTaken, UnreadableResult
from offbeat.failure import FailureReason
from offbeat.job import Job, JobRefused
from offbeat.result import FailedResult, dump_result
from offbeat.runs import Claim, OwnedRuns
from offbeat.settings import Settings

JOB = {"job_id": 42, "relative_path": "a.mp3"}


def answer_to(claim: Claim) -> FailedResult:
    """Build the result of a run."""
    return FailedResult.because(
        FailureReason.FILE_NOT_FOUND,
        "a.mp3: file not found",
        job_id=json.loads(claim.raw)["job_id"],
        run_id=claim.run_id,
        attempt=1,
    )


async def claimed(runs: OwnedRuns) -> Claim:
    """Wait for a message and claim it."""
    while not (claims := (await runs.claim(cap=100, most=1)).claims):
        await runs.wait(1)
    return claims[0]


async def launched(runs: OwnedRuns, claim: Claim) -> None:
    """Note that a run has its Job."""
    await runs.launched(claim.run_id, job_id=42, number=1, job_name="j", look_again_sec=5)


async def deliver(runs: OwnedRuns, claim: Claim) -> None:
    """Settle a run."""
    await runs.settle(answer_to(claim), raw=claim.raw, holds_slot=False)


@asynccontextmanager
async def cluster(runs: OwnedRuns) -> AsyncIterator[None]:
    """Claim and settle whatever is pushed."""

    async def work() -> None:
        while True:
            await deliver(runs, await claimed(runs))

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_what_is_pushed_is_what_is_claimed(client: Client, runs: OwnedRuns) -> None:
    """A job arrives with its own fields and the time of the push."""
    assert await client.push(JOB | {"tenant": 7}) == 42
    message = json.loads((await claimed(runs)).raw)
    assert message.pop("enqueued_at") > 1.7e9
    assert message == JOB | {"tenant": 7}


async def test_a_model_is_pushed_as_briefly_as_a_mapping(client: Client, runs: OwnedRuns) -> None:
    """Defaults are not sent."""
    await client.push(Job(job_id="x", relative_path="a.mp3"))
    message = json.loads((await claimed(runs)).raw)
    assert message.keys() == {"job_id", "relative_path", "enqueued_at"}


async def test_a_bad_job_is_refused_before_it_is_pushed(client: Client, runs: OwnedRuns) -> None:
    """The producer hears at once what is wrong."""
    with pytest.raises(JobRefused, match="must not contain"):
        await client.push({"job_id": 1, "relative_path": "../a"})
    assert not await runs.wait(0.01)


async def test_results_are_popped_in_order(client: Client, runs: OwnedRuns) -> None:
    """The oldest result comes first; then there is none."""
    async with cluster(runs):
        for job_id in (1, 2):
            await client.push(JOB | {"job_id": job_id})
        popped = [await client.pop(5) for _ in range(2)]
    assert [result.job_id for result in popped if result] == [1, 2]
    assert await client.pop(0) is None


async def test_a_strangers_message_is_not_swallowed(
    client: Client, settings: Settings, admin: redis.Redis
) -> None:
    """What is no result is handed over as bytes, for it is gone from Redis."""
    admin.lpush(settings.results_queue, b"hello")
    with pytest.raises(UnreadableResult) as raised:
        await client.pop(1)
    assert raised.value.raw == b"hello"


async def test_submit_returns_its_own_result_only(
    client: Client, runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """Results of other jobs stay where they are, also a namesake's."""
    await client.push(JOB)
    await client.push(JOB | {"job_id": 7})
    async with cluster(runs):
        result = await client.submit(JOB, timeout_sec=120)
    raw = admin.lrange(settings.results_queue, 0, -1)
    left = [json.loads(item) for item in raw]
    assert sorted(item["job_id"] for item in left) == [7, 42]
    assert result.run_id not in {item["run_id"] for item in left}


async def test_submit_may_leave_its_result(
    client: Client, runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """The usual consumer gets it, too."""
    async with cluster(runs):
        result = await client.submit(JOB, timeout_sec=120, keep_result=True)
    assert admin.lrange(settings.results_queue, 0, -1) == [dump_result(result).encode()]


async def test_many_may_submit_at_once(
    client: Client, runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """Everybody gets the answer to the own question."""
    async with cluster(runs):
        results = await asyncio.gather(
            *(client.submit(JOB | {"job_id": n}, timeout_sec=120) for n in range(25))
        )
    assert [result.job_id for result in results] == list(range(25))
    assert admin.llen(settings.results_queue) == 0


async def test_a_number_is_not_its_digits(client: Client, runs: OwnedRuns) -> None:
    """Jobs 42 and "42" share a channel, and not their results."""
    async with cluster(runs):
        results = await asyncio.gather(
            client.submit(JOB, timeout_sec=120),
            client.submit(JOB | {"job_id": "42"}, timeout_sec=120),
        )
    assert [result.job_id for result in results] == [42, "42"]


async def told(seen: list[Progress], state: str) -> None:
    """Wait until the state was told."""
    async with asyncio.timeout(120):
        while state not in {progress.state for progress in seen}:
            await asyncio.sleep(0.01)


async def test_progress_is_told(client: Client, runs: OwnedRuns) -> None:
    """Who waits sees the job queued, claimed and launched."""
    seen: list[Progress] = []
    await runs.store.push(b"another")
    waiting = asyncio.create_task(client.submit(JOB, timeout_sec=120, on_progress=seen.append))
    await told(seen, "queued")
    await claimed(runs)
    claim = await claimed(runs)
    await told(seen, "claimed")
    await launched(runs, claim)
    await told(seen, "launched")
    await deliver(runs, claim)
    await waiting
    assert (seen[0].state, seen[0].ahead) == ("queued", 1)


async def test_a_wait_can_end(client: Client) -> None:
    """The error says where the job is."""
    with pytest.raises(NoResultInTime, match=r"after 0\.2 s: it is queued"):
        await client.submit(JOB, timeout_sec=0.2)


async def test_a_result_that_was_not_heard_is_found(
    client: Client, runs: OwnedRuns, admin: redis.Redis
) -> None:
    """The announcement is lost with the connection, the result is not."""
    waiting = asyncio.create_task(client.submit(JOB, timeout_sec=120))
    claim = await claimed(runs)
    admin.client_kill_filter(_type="pubsub")
    await deliver(runs, claim)
    assert (await waiting).run_id == claim.run_id


async def test_a_result_that_another_took_unheard_is_said_so(
    client: Client, runs: OwnedRuns, settings: Settings, admin: redis.Redis
) -> None:
    """Nobody waits for ever for what is gone."""
    waiting = asyncio.create_task(client.submit(JOB, timeout_sec=120))
    claim = await claimed(runs)
    await launched(runs, claim)
    keys, run = settings.keys, settings.keys.run(claim.run_id)
    with admin.pipeline(transaction=True) as together:
        together.delete(keys.results)
        together.set(run.settled, "failed")
        together.zrem(keys.inflight, claim.run_id)
        together.hset(run.record, "state", "failed")
        together.execute()
    with pytest.raises(ResultTaken, match="another consumer"):
        await waiting


async def test_a_redis_that_comes_back_is_forgiven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart of Redis while a job runs costs nothing."""
    outage = asyncio.Event()
    listen = PubSub.get_message

    async def listen_and_note(channel: PubSub, **options: float) -> object:
        try:
            return await listen(channel, **options)  # type: ignore[arg-type]
        except redis.ConnectionError:
            outage.set()
            raise

    monkeypatch.setattr(PubSub, "get_message", listen_and_note)
    monkeypatch.setattr("offbeat.submission._PATIENCE_SEC", 120)
    folder = tmp_path / "redis"
    server = EmbeddedRedis(folder, port=0)
    server.start()
    try:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
        settings = Settings(_env_file=None, redis_url=server.url)
        async with Client.connect(settings=settings) as client:
            waiting = asyncio.create_task(client.submit(JOB, timeout_sec=120))
            async with OwnedRuns.connect(settings, "here") as runs:
                await runs.join()
                claim = await claimed(runs)
            server.stop()
            await asyncio.wait_for(outage.wait(), 120)
            server = EmbeddedRedis(folder, port=port)
            server.start()
            async with OwnedRuns.connect(settings, "here") as runs:
                await deliver(runs, claim)
            assert (await waiting).run_id == claim.run_id
    finally:
        server.stop()


async def test_no_redis_is_told_at_once() -> None:
    """A wrong URL does not wait for the first push."""
    with pytest.raises(RedisUnreachable):
        async with Client.connect("redis://127.0.0.1:1/0", settings=Settings(_env_file=None)):
            pass


async def test_status_follows_a_job(client: Client, runs: OwnedRuns) -> None:
    """Unknown, queued, claimed, launched, failed; and queued again when it is pushed again."""

    async def state() -> str | None:
        found = await client.status(42)
        return found.state if found else None

    assert await state() is None
    await client.push(JOB | {"job_id": 41})
    await client.push(JOB)
    found = await client.status(42)
    assert found is not None
    assert (found.state, found.ahead) == ("queued", 1)
    await claimed(runs)
    claim = await claimed(runs)
    assert await state() == "claimed"
    await launched(runs, claim)
    assert await state() == "launched"
    await deliver(runs, claim)
    assert await state() == "failed"
    await client.push(JOB)
    assert await state() == "queued"
