"""Failovers, and the words for what Redis says no to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest
import redis

from offbeat.client import Client
from offbeat.connection import open_blocking, open_redis, translate_blocking_errors
from offbeat.errors import RedisRefused, RedisUnreachable
from offbeat.run_session import RunSession
from offbeat.runs import OwnedRuns
from offbeat.settings import Settings
from offbeat.store import Store
from tests.support.handoff import broken
from tests.support.passwords import nasty, pieces_in
from tests.support.redis_servers import Proxy, Server, until

MESSAGE = b'{"job_id": 42}'
T = TypeVar("T")


async def insist(call: Callable[[], Awaitable[T]]) -> T:
    """Repeat a call until Redis answers, as controllers do."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call()
            except RedisUnreachable:
                await asyncio.sleep(0.02)


@dataclass
class Pair:
    """A master and its replica behind one address."""

    master: Server
    replica: Server
    proxy: Proxy
    settings: Settings

    def fail_over(self) -> None:
        """Promote the replica and demote the master, which goes on listening."""
        self.replica.promote()
        with self.master.client() as client:
            client.replicaof("127.0.0.1", self.replica.port)
        self.proxy.switch(self.replica)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Start both, the replica with everything that the master has."""
    with (
        Server(tmp_path / "master") as master,
        Server(tmp_path / "replica") as replica,
        Proxy(master.port) as proxy,
    ):
        replica.follow(master)
        yield Pair(master, replica, proxy, Settings(_env_file=None, redis_url=proxy.url))


@asynccontextmanager
async def joined(settings: Settings) -> AsyncIterator[OwnedRuns]:
    """Open the runs of a controller that has joined, with connections that stay open."""
    async with OwnedRuns.connect(settings, "here") as runs:
        await runs.join()
        await asyncio.gather(*(runs.store.depths() for _ in range(8)))
        yield runs


def caught_up(master: Server, replica: Server) -> None:
    """Wait until the replica has every write of the master."""
    with master.client() as one, replica.client() as other:
        until(
            lambda: (
                one.info("replication")["master_repl_offset"]
                == other.info("replication")["slave_repl_offset"]
            ),
            "the replica has caught up",
        )


async def test_a_controller_works_on_after_a_failover(pair: Pair) -> None:
    """Its connections to the demoted master answer READONLY, and are dropped."""
    async with joined(pair.settings) as runs:
        await runs.store.push(MESSAGE)
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        caught_up(pair.master, pair.replica)
        pair.fail_over()
        found = await insist(lambda: runs.claim(cap=10, most=1))
        assert (found.claims, runs.history_lost) == ([], True)
        await insist(runs.join)
        await insist(lambda: runs.store.push(b"next"))
        assert (await runs.claim(cap=10, most=1)).claims[0].raw == b"next"
        assert await runs.settle(broken(claim.run_id), raw=MESSAGE, holds_slot=False)
        with pair.replica.client() as admin:
            assert admin.llen(runs.keys.results) == 1


async def test_a_producer_works_on_after_a_failover(pair: Pair) -> None:
    """What it pushes is not lost in the old master."""
    async with Store.connect(pair.settings) as store:
        await asyncio.gather(*(store.push(b"before") for _ in range(8)))
        caught_up(pair.master, pair.replica)
        pair.fail_over()
        with pytest.raises(RedisUnreachable, match=r"read only"):
            await store.push(b"during")
        for number in range(8):  # not one more is needed, whatever connection is taken
            await store.push(b"%d" % number)
        with pair.replica.client() as admin:
            assert admin.llen(store.keys.queue) == 16


async def test_a_finished_analysis_settles_after_a_failover(pair: Pair) -> None:
    """The analyzer tries again on a new connection."""
    async with joined(pair.settings) as runs:
        await runs.store.push(MESSAGE)
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        session = RunSession(pair.settings, claim.run_id, 1, sleep=lambda _: None)
        try:
            session.progress(0.1, "reading")
            assert not session.is_settled()
            caught_up(pair.master, pair.replica)
            pair.fail_over()
            assert await asyncio.to_thread(
                session.settle, broken(claim.run_id), raw=MESSAGE, patience_sec=60
            )
        finally:
            session.close()
        with pair.replica.client() as admin:
            assert admin.llen(runs.keys.results) == 1


async def test_a_wait_ends_with_the_failover(pair: Pair) -> None:
    """A command that blocks is sent away (UNBLOCKED), and waits at the new master."""
    async with joined(pair.settings) as runs:
        waiting = asyncio.create_task(runs.wait(14))
        with pair.master.client() as admin:
            while not admin.info("clients")["blocked_clients"]:
                await asyncio.sleep(0.01)
        pair.fail_over()
        with pytest.raises(RedisUnreachable) as raised:
            await waiting
        assert not isinstance(raised.value, RedisRefused)
        await insist(lambda: runs.store.push(MESSAGE))
        assert await insist(lambda: runs.wait(5))


async def test_a_replica_without_its_master_is_left(pair: Pair) -> None:
    """MASTERDOWN is no refusal: another server may serve the address soon."""
    with pair.master.client() as admin:
        admin.config_set("replica-serve-stale-data", "no")
    async with Store.connect(pair.settings) as store:
        await store.push(b"before")
        caught_up(pair.master, pair.replica)
        pair.replica.promote()
        with pair.master.client() as admin:
            admin.replicaof("127.0.0.1", 1)
        for call in (store.depths, lambda: store.push(b"during")):
            with pytest.raises(RedisUnreachable) as raised:
                await call()
            assert not isinstance(raised.value, RedisRefused)
        pair.proxy.switch(pair.replica)
        await store.push(b"after")
        assert (await store.depths()).queue == 2


async def test_a_server_that_reads_its_data_is_waited_for(tmp_path: Path) -> None:
    """LOADING is no refusal."""
    server = Server(
        tmp_path / "redis",
        appendonly="yes",
        key_load_delay=2_000,
        loading_process_events_interval_bytes=1_024,
    )
    with server:
        settings = Settings(_env_file=None, redis_url=server.url)
        async with joined(settings) as runs:
            with server.client() as admin:
                admin.mset({f"key-{number}": "x" * 100 for number in range(500)})
                admin.bgrewriteaof()
                until(
                    lambda: not admin.info("persistence")["aof_rewrite_in_progress"],
                    "the file is written",
                )
            server.stop(kill=True)
            server.start(wait=False)
            said = set()

            async def join() -> None:
                try:
                    await runs.join()
                except RedisUnreachable as error:
                    said.add((type(error), "loading" in str(error).lower()))
                    raise

            await insist(join)
            assert (RedisUnreachable, True) in said
            assert RedisRefused not in {kind for kind, _ in said}
            await runs.store.push(MESSAGE)
            assert (await runs.claim(cap=10, most=1)).claims


async def test_a_submit_outlives_a_failover(pair: Pair) -> None:
    """Who waits hears of the result from the new master."""
    async with joined(pair.settings) as runs, Client.connect(settings=pair.settings) as client:
        job = {"job_id": 42, "relative_path": "a.mp3"}
        waiting = asyncio.create_task(client.submit(job, timeout_sec=60))
        await insist(lambda: runs.wait(5))
        (claim,) = (await runs.claim(cap=10, most=1)).claims
        await runs.launched(claim.run_id, job_id=42, number=1, job_name="j", look_again_sec=5)
        caught_up(pair.master, pair.replica)
        pair.fail_over()
        await insist(lambda: runs.settle(broken(claim.run_id), raw=claim.raw, holds_slot=False))
        assert (await waiting).run_id == claim.run_id


async def test_one_error_harms_no_other_call(redis_url: str) -> None:
    """Calls of other tasks on the same store go on while one of them is refused."""
    settings = Settings(_env_file=None, redis_url=redis_url, results_queue="{audio_analysis_queue}")
    async with Store.connect(settings) as store:

        async def refused() -> None:
            for _ in range(30):
                with pytest.raises(RedisRefused):
                    await store.position(b"x")

        async def served() -> int:
            return sum([await store.slots(f"{number}") for number in range(200)])

        with redis.Redis.from_url(redis_url) as admin:
            admin.set(store.keys.queue, "another type")
        try:
            await asyncio.gather(refused(), *(served() for _ in range(5)))
        finally:
            with redis.Redis.from_url(redis_url) as admin:
                admin.delete(store.keys.queue)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a Redis whose users have a password."""
    with Server(tmp_path_factory.mktemp("redis")) as server:
        with server.client() as admin:
            for user, rules in {"all": ["+@all"], "reader": ["+@all", "-lpush"]}.items():
                admin.execute_command(
                    "ACL", "SETUSER", user, "on", f">{nasty('x')}", "~*", "&*", *rules
                )
        yield server


def settings_of(server: Server, user: str, password: str) -> Settings:
    """Return settings with a user's password in the URL."""
    return Settings(_env_file=None, redis_url=server.url_of(user, password))


SETUPS: dict[str, tuple[type[RedisUnreachable], str]] = {
    "no right": (RedisRefused, r"refuses a command: .*Give the user this right"),
    "full": (RedisRefused, r"refuses a command: .*raise maxmemory, or take results out"),
    "another type": (RedisRefused, r"refuses a command: WRONGTYPE .*rename or delete it"),
    "wrong password": (RedisUnreachable, r"Redis at 127.0.0.1:\d+: .*password"),
    "no password": (RedisUnreachable, r"Redis at 127.0.0.1:\d+: .*[Aa]uthentication required"),
    "nobody": (RedisUnreachable, r"Redis at 127.0.0.1:1: "),
}


@pytest.mark.parametrize("case", SETUPS)
@pytest.mark.parametrize("blocking", [True, False])
async def test_an_error_says_what_to_do(guarded: Server, case: str, blocking: bool) -> None:
    """And shows no piece of the password; what may pass is not called a refusal."""
    kind, words = SETUPS[case]
    user = "reader" if case == "no right" else "all"
    password = nasty("y") if case == "wrong password" else nasty("x")
    settings = settings_of(guarded, user, password)
    if case == "nobody":
        settings = Settings(_env_file=None, redis_url=f"redis://all:{password}@127.0.0.1:1/0")
    elif case == "no password":
        settings = Settings(_env_file=None, redis_url=guarded.url)
    with guarded.client() as admin:
        admin.config_set("maxmemory", 1 if case == "full" else 0)
        if case == "another type":
            admin.set("audio_analysis_queue", "x")
        if case == "no password":
            admin.config_set("requirepass", password)
    try:
        with pytest.raises(RedisUnreachable, match=words) as raised:
            await push(settings, blocking=blocking)
        assert type(raised.value) is kind
        assert pieces_in([str(raised.value), repr(raised.value.__cause__)], password) == set()
    finally:
        with redis.Redis(port=guarded.port, username="all", password=nasty("x")) as admin:
            admin.config_set("requirepass", "")
            admin.config_set("maxmemory", 0)
            admin.flushall()


async def push(settings: Settings, *, blocking: bool) -> None:
    """Push a message by either client."""
    if not blocking:
        async with Store.connect(settings) as store:
            await store.push(MESSAGE)
        return
    client = open_blocking(settings)
    try:
        with translate_blocking_errors(client):
            client.lpush(settings.analysis_queue, MESSAGE)
    finally:
        client.close()


async def test_nothing_is_sent_before_the_first_call() -> None:
    """A client on a Redis that is away can be made."""
    settings = Settings(_env_file=None, redis_url="redis://127.0.0.1:1/0")
    await open_redis(settings).aclose()
    open_blocking(settings).close()
