"""The users of docs/redis.acl: they can do their part, no more, and a right too few costs nothing.

Redis rolls nothing back: a script whose command is refused half way leaves what ran before.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
import redis
from redis.exceptions import NoPermissionError

from offbeat.connection import open_blocking
from offbeat.doctor import COMMANDS, examine
from offbeat.embedded import EmbeddedRedis
from offbeat.errors import EmbeddedRedisFailed, RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.keys import QueueKeys
from offbeat.logs import logger
from offbeat.result import FailedResult, parse_result
from offbeat.run_session import RunSession
from offbeat.runs import OwnedRuns, RunState
from offbeat.settings import Settings
from offbeat.smoke import roundtrip
from offbeat.store import Store

T = TypeVar("T")

ACL_FILE = Path(__file__).parents[3] / "docs" / "redis.acl"
RULES = {line.split()[1]: line.split()[2:] for line in ACL_FILE.read_text().splitlines()}
KEYS = QueueKeys()
OWNER = "cluster/namespace/release"
PASSWORD = "hunter2"  # noqa: S105

EXTRA = {
    "offbeat-controller": {"PING", "INFO", "SUBSCRIBE", "LREM"},  # helm test uses the last two
    "offbeat-analyzer": {"PING"},
    "offbeat-producer": {"PING"},
    "offbeat-consumer": {"PING", "RPUSH"},  # offbeat pop gives back what it could not write
}
"""What they have beyond what their work needs."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a Redis of our own, whose users and keys these tests may change."""
    embedded = EmbeddedRedis(tmp_path_factory.mktemp("acl"), port=0)
    try:
        embedded.start()
    except EmbeddedRedisFailed as error:
        pytest.skip(str(error))
    try:
        yield embedded.url
    finally:
        embedded.stop()


def command(client: "redis.Redis", *words: str | int) -> None:
    """Send a command as it is written."""
    client.execute_command(*words)  # type: ignore[no-untyped-call]


@pytest.fixture
def admin(server: str) -> Iterator["redis.Redis"]:
    """Empty the Redis, and give the users the rights of the file."""
    with redis.Redis.from_url(server, decode_responses=True) as client:
        client.flushall()
        client.script_flush()
        for user, rules in RULES.items():
            command(client, "ACL", "SETUSER", user, "reset", *rules, f">{PASSWORD}")
        yield client


def as_user(server: str, user: str) -> Settings:
    """Return settings with which a user logs in."""
    url = server.replace("redis://", f"redis://{user}:{PASSWORD}@")
    return Settings(_env_file=None, redis_url=url)


@pytest.mark.parametrize("user", RULES)
def test_the_file_allows_what_the_code_uses(user: str) -> None:
    """And nothing else: a command that is not used any more goes from the file too."""
    allowed = {rule[1:].upper().replace("|", " ") for rule in RULES[user] if rule[0] == "+"}
    assert allowed == set(COMMANDS[user.removeprefix("offbeat-")]) | EXTRA[user]


def test_the_keys_are_those_of_the_default_queues() -> None:
    """Each user reaches what it works on."""
    reached = {user: [rule for rule in rules if rule[0] in "~&"] for user, rules in RULES.items()}
    queue, results, others = f"~{KEYS.queue}", f"~{KEYS.results}", f"~{KEYS.prefix}*"
    channels = f"&{KEYS.prefix}*"
    assert reached == {
        "offbeat-controller": [queue, results, others, channels],
        "offbeat-analyzer": [results, others, channels],
        "offbeat-producer": [queue],
        "offbeat-consumer": [results],
    }


def test_no_user_can_log_in_before_it_has_a_password() -> None:
    """A file that is loaded as it is opens nothing."""
    for rules in RULES.values():
        assert rules[:5] == ["on", "resetpass", "resetkeys", "resetchannels", "-@all"]
        assert not [rule for rule in rules if rule[0] in ">#" or rule == "nopass"]


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("offbeat-analyzer", ("LPUSH", KEYS.queue, "{}")),
        ("offbeat-analyzer", ("BRPOP", KEYS.results, 1)),
        ("offbeat-producer", ("RPOP", KEYS.queue)),
        ("offbeat-producer", ("LPUSH", KEYS.results, "{}")),
        ("offbeat-producer", ("LPUSH", KEYS.dead, "{}")),
        ("offbeat-consumer", ("LPUSH", KEYS.queue, "{}")),
        ("offbeat-consumer", ("GET", KEYS.schema)),
        ("offbeat-controller", ("SET", "somebody-else", "x")),
        ("offbeat-controller", ("FLUSHALL",)),
        ("offbeat-controller", ("CONFIG", "GET", "*")),
        ("offbeat-controller", ("PUBLISH", "somebody-else", "x")),
    ],
)
@pytest.mark.usefixtures("admin")
def test_what_a_user_must_not_do_is_refused(
    server: str, user: str, words: tuple[str | int, ...]
) -> None:
    """Redis says no."""
    settings = as_user(server, user)
    assert settings.redis_url is not None
    client = redis.Redis.from_url(settings.redis_url.get_secret_value())
    with client, pytest.raises(NoPermissionError):
        command(client, *words)


LOST_RUN = "feedfacefeedface"
"""Redis has lost it; its Job is still there."""
HALF_LOST_RUN = "0badcafe0badcafe"
"""Redis has its message, and not whose it is."""
MESSAGES = {
    name: json.dumps({"job_id": name, "relative_path": f"{name}.wav"}).encode()
    for name in ("analysed", "failed", "lost", "half lost")
}


@dataclass
class Installation:
    """One controller and its analyzers, who go on to the next step when one is refused."""

    server: str
    set_dead_letters: Callable[[], object]
    """Called before each result is settled: what it finds there decides what it does with it."""
    errors: list[str] = field(default_factory=list)

    async def go_round(self) -> None:
        """Claim, launch, analyse, settle and release what there is, as the programs do."""
        controller = as_user(self.server, "offbeat-controller")
        heard = logger.add(self.errors.append, level="WARNING", format="{message}")
        try:
            async with OwnedRuns.connect(controller, OWNER) as runs:
                await self._go_round(runs)
        finally:
            logger.remove(heard)

    async def _go_round(self, runs: OwnedRuns) -> None:
        await self._try(runs.join)
        await self._try(runs.survey)
        await self._try(lambda: runs.wait(0.01))
        await self._try(runs.heartbeat)
        await self._try(
            lambda: runs.register(
                LOST_RUN,
                raw=MESSAGES["lost"],
                job_id="lost",
                number=1,
                state=RunState.LAUNCHED,
                job_name="offbeat-lost",
            )
        )
        await self._try(lambda: runs.claim(cap=10, most=10))
        await self._try(lambda: runs.due(most=10, put_off_sec=1))
        for run_id in await self._slots(runs):
            await self._see_through(runs, run_id)
        slots = await self._slots(runs)
        settled = await self._try(lambda: runs.store.settled(slots)) or set()
        await self._try(lambda: runs.release(settled))

    async def _slots(self, runs: OwnedRuns) -> list[str]:
        async def collect() -> list[str]:
            return [run_id async for page in runs.pages() for run_id in page]

        await self._try(runs.slots)
        return await self._try(collect) or []

    async def _see_through(self, runs: OwnedRuns, run_id: str) -> None:
        records = await self._try(lambda: runs.store.records([run_id], with_message=True)) or {}
        raw = await self._try(lambda: runs.store.message(run_id))
        if raw is None or run_id not in records:
            return
        job_id = json.loads(raw)["job_id"]
        self.set_dead_letters()
        await self._try(lambda: runs.launching(run_id, number=1))
        await self._try(
            lambda: runs.launched(
                run_id, job_id=job_id, number=1, job_name="offbeat-1", look_again_sec=1
            )
        )
        await self._try(lambda: runs.put_off({run_id: 1.0}))
        result = FailedResult.because(
            FailureReason.FILE_NOT_FOUND, "not found", job_id=job_id, run_id=run_id, attempt=1
        )
        if job_id == "failed":
            await self._try(lambda: runs.settle(result, raw=raw, holds_slot=False))
            return
        await self._try(lambda: asyncio.to_thread(self._analyse, run_id, result, raw))

    def _analyse(self, run_id: str, result: FailedResult, raw: bytes) -> None:
        session = RunSession(as_user(self.server, "offbeat-analyzer"), run_id, 1)
        try:
            if not session.is_settled(patience_sec=0):
                session.progress(0.5, "analyse")
                session.settle(result, raw=raw, patience_sec=0)
        finally:
            session.close()

    async def _try(self, call: Callable[[], Awaitable[T]]) -> T | None:
        try:
            return await call()
        except RedisUnreachable as error:
            self.errors.append(str(error))
            return None


def push(server: str, admin: "redis.Redis") -> None:
    """Push messages as a producer, and leave what a loss in Redis leaves of another."""
    admin.zadd(KEYS.inflight, {HALF_LOST_RUN: 1.0})
    admin.hset(KEYS.run(HALF_LOST_RUN).record, "raw", MESSAGES["half lost"])
    settings = as_user(server, "offbeat-producer")
    assert settings.redis_url is not None
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        for name in ("analysed", "failed"):
            client.lpush(KEYS.queue, MESSAGES[name])


def pop_all(server: str) -> Counter[object]:
    """Take all results as a consumer; return how many each job_id has."""
    settings = as_user(server, "offbeat-consumer")
    assert settings.redis_url is not None
    found: Counter[object] = Counter()
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        while (item := client.brpop([KEYS.results], timeout=0.05)) is not None:
            found[parse_result(item[1]).job_id] += 1
    return found


def bury_long_ago(admin: "redis.Redis") -> None:
    """Leave a dead letter that is so old that the next one makes it go."""
    letter = '{"failed_at": 1.000, "job_id": 0}'
    admin.rpush(KEYS.dead, letter)
    admin.incrby(KEYS.dead_bytes, len(letter))


def left_over(admin: "redis.Redis") -> set[str]:
    """Return which of the keys are still there that hold a message or a slot."""
    keys = (KEYS.queue, KEYS.inflight, KEYS.finishing, KEYS.due(OWNER))
    return {key for key in keys if admin.exists(key)}


async def test_their_rights_are_enough(server: str, admin: "redis.Redis") -> None:
    """From the push to the pop, without a refusal."""
    push(server, admin)
    installation = Installation(server, lambda: bury_long_ago(admin))
    await installation.go_round()
    assert installation.errors == []
    assert pop_all(server) == dict.fromkeys(MESSAGES, 1)
    assert left_over(admin) == set()
    assert admin.llen(KEYS.dead) == len(MESSAGES)


async def test_helm_test_works_with_the_rights_of_the_controller(
    server: str, admin: "redis.Redis"
) -> None:
    """Its pod has the controller's URL; it leaves nothing of its own in the results queue."""
    installation = Installation(server, lambda: None)
    with open_blocking(as_user(server, "offbeat-controller")) as client:
        sent = asyncio.create_task(
            asyncio.to_thread(
                roundtrip,
                client,
                KEYS,
                job_id="helm-test-1",
                relative_path="none.wav",
                timeout_sec=20,
            )
        )
        while not sent.done():
            await installation.go_round()
        result = parse_result(await sent or b"")
    assert result.job_id == "helm-test-1"
    assert pop_all(server) == {"lost": 1}
    assert left_over(admin) == set()


NEEDED = [
    (user, command)
    for user in ("offbeat-controller", "offbeat-analyzer")
    for command in COMMANDS[user.removeprefix("offbeat-")]
]


@pytest.mark.parametrize(("user", "needed"), NEEDED, ids=lambda item: item)
async def test_a_right_too_few_loses_nothing_and_doubles_nothing(
    server: str, admin: "redis.Redis", user: str, needed: str
) -> None:
    """It is told; and once the right is given, every message has its one result."""
    push(server, admin)
    right = needed.lower().replace(" ", "|")
    command(admin, "ACL", "SETUSER", user, f"-{right}")
    installation = Installation(
        server, lambda: admin.delete(KEYS.dead) if needed == "DEL" else bury_long_ago(admin)
    )
    await installation.go_round()
    await installation.go_round()
    said = "\n".join(installation.errors)
    command(admin, "ACL", "SETUSER", user, f"+{right}")
    assert right in said or "can't run this command" in said, said
    for _ in range(3):
        installation.errors.clear()
        await installation.go_round()
    assert installation.errors == []
    assert pop_all(server) == dict.fromkeys(MESSAGES, 1)
    assert left_over(admin) == set()


@pytest.mark.parametrize("needed", COMMANDS["controller"])
async def test_the_doctor_names_the_right_that_is_missing(
    server: str, admin: "redis.Redis", needed: str
) -> None:
    """Redis 7.0 does not, when it refuses a command within a script."""
    right = needed.lower().replace(" ", "|")
    command(admin, "ACL", "SETUSER", "offbeat-controller", f"-{right}")
    async with Store.connect(as_user(server, "offbeat-controller")) as store:
        findings = await store.inspected(examine)
    (said,) = [f.text for f in findings if "not enough for a controller" in f.text]
    assert said.endswith(f"these commands are missing: {needed}")
