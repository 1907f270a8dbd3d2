"""A command that Redis refuses at any place of any script loses nothing and doubles nothing.

Redis rolls nothing back. Each script is run with one right taken away, one key out of reach, one
key of another type, or a full memory; then all is allowed again, and every message must end as one
result. The cases are made from the scripts' own text.
"""

import hashlib
import re
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import cast

import pytest
import redis

from offbeat import scripts
from offbeat.errors import RedisRefused
from offbeat.keys import QueueKeys
from offbeat.runs import OwnedRuns, RunState
from offbeat.settings import Settings
from tests.support.handoff import assert_all_ended, broken_message, finish, make_due
from tests.support.redis_servers import Server

TWIN, FIRST, SECOND = b'{"job_id": 1}', b'{"job_id": 2}', b'{"job_id": 3}'
EVERYTHING = ("~*", "&*", "+@all")
OWNER, GONE = "here", "gone"
NONCE = "0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a Redis whose users and memory these tests may change."""
    with Server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def admin(server: Server) -> Iterator[redis.Redis]:
    """Connect with every right, to an empty Redis with enough memory."""
    with server.client() as client:
        client.config_set("maxmemory", 0)
        client.flushall()
        client.acl_log_reset()
        yield client
        client.config_set("maxmemory", 0)


@dataclass
class Scene:
    """A queue, the controller whose rights are taken away, and one of an owner that is gone."""

    server: Server
    admin: redis.Redis
    runs: OwnedRuns
    gone: OwnedRuns
    messages: list[bytes]
    run_id: str = ""

    @property
    def keys(self) -> QueueKeys:
        """The keys of the queue."""
        return self.runs.keys

    def allow(self, *rules: str) -> None:
        """Change what the controller may do."""
        self.server.allow("controller", *rules)

    def was_refused(self) -> bool:
        """Return whether Redis has refused a right since the start."""
        return bool(self.admin.acl_log(1))

    def push(self, *messages: bytes) -> None:
        """Put messages into the queue."""
        for raw in messages:
            self.admin.lpush(self.keys.queue, raw)

    async def claim_one(self, raw: bytes = FIRST, *, by: OwnedRuns | None = None) -> str:
        """Push a message that ends as a result, and claim it."""
        self.push(raw)
        self.messages.append(raw)
        (claim,) = (await (by or self.runs).claim(cap=10, most=1)).claims
        return claim.run_id


@pytest.fixture
async def scene(server: Server, admin: redis.Redis) -> AsyncIterator[Scene]:
    """Start both controllers, with every right."""
    server.allow("controller", *EVERYTHING)
    name = uuid.uuid4().hex[:8]
    settings = Settings(
        _env_file=None,
        redis_url=server.url_of("controller"),
        analysis_queue=f"{name}-jobs",
        results_queue=f"{name}-results",
    )
    async with (
        OwnedRuns.connect(settings, OWNER) as runs,
        OwnedRuns.connect(settings, GONE) as gone,
    ):
        await runs.join()
        await gone.join()
        yield Scene(server, admin, runs, gone, [])


Step = Callable[[Scene], Awaitable[object]]


async def before_claim(scene: Scene) -> None:
    """Let a duplicate of a run wait, then two other messages."""
    scene.run_id = await scene.claim_one(TWIN)
    scene.push(TWIN, FIRST, SECOND)
    scene.messages += [FIRST, SECOND]


async def claim(scene: Scene) -> object:
    """Claim what waits."""
    return await scene.runs.claim(cap=10, most=10, max_results=1000)


async def before_settle(scene: Scene) -> None:
    """Leave a dead letter, of which only one is kept."""
    other = await scene.claim_one(SECOND)
    await scene.runs.settle(broken_message(other, SECOND), raw=SECOND, holds_slot=False)
    scene.run_id = await scene.claim_one()
    assert await scene.runs.launched(
        scene.run_id, job_id=1, number=1, job_name="j", look_again_sec=10
    )


async def settle(scene: Scene) -> object:
    """Deliver, and free the slot."""
    return await scene.runs.settle(broken_message(scene.run_id, FIRST), raw=FIRST, holds_slot=False)


async def settle_and_hold(scene: Scene) -> object:
    """Deliver, and keep the slot."""
    return await scene.runs.settle(broken_message(scene.run_id, FIRST), raw=FIRST, holds_slot=True)


async def settle_as_last(scene: Scene) -> object:
    """Deliver where no dead letter is left, so that the sum of their lengths starts anew."""
    scene.admin.delete(scene.keys.dead)
    return await settle(scene)


async def settle_again(scene: Scene) -> object:
    """Deliver what has its result."""
    scene.server.allow("other", *EVERYTHING)
    assert await scene.gone.settle(broken_message(scene.run_id, FIRST), raw=FIRST, holds_slot=False)
    return await settle(scene)


async def before_transition(scene: Scene) -> None:
    """Claim a run."""
    scene.run_id = await scene.claim_one()


async def transition(scene: Scene) -> object:
    """Note its Job."""
    return await scene.runs.launched(
        scene.run_id, job_id=1, number=1, job_name="j", look_again_sec=10
    )


async def before_register(scene: Scene) -> None:
    """Lose a run whose Job lives, and put its message back into the queue."""
    scene.run_id = await scene.claim_one()
    keys = scene.keys
    scene.admin.delete(keys.dedup, keys.inflight, keys.due(OWNER), keys.run(scene.run_id).record)
    scene.push(FIRST)


async def register(scene: Scene) -> object:
    """Enter it again."""
    return await scene.runs.register(
        scene.run_id, raw=FIRST, job_id=1, number=1, state=RunState.LAUNCHED, job_name="j"
    )


async def before_due(scene: Scene) -> None:
    """Let the time of a run come."""
    await scene.claim_one()
    make_due(scene.admin, scene.keys, [OWNER])


async def due(scene: Scene) -> object:
    """Look at what is due."""
    return await scene.runs.due(most=10, put_off_sec=60)


async def before_join(scene: Scene) -> None:
    """Leave what a controller that died a month ago has left."""
    await scene.claim_one()
    scene.admin.hset(scene.keys.instances(OWNER), "dead", "nonce 1")
    scene.admin.delete(scene.keys.schema)
    scene.runs.history_lost = True


async def join(scene: Scene) -> object:
    """Join again."""
    await scene.runs.join()
    return None


async def before_survey(scene: Scene) -> None:
    """Make a run due nowhere, and leave of another only its message."""
    await scene.claim_one()
    half = await scene.claim_one(SECOND)
    scene.admin.delete(scene.keys.due(OWNER))
    scene.admin.hdel(scene.keys.run(half).record, "owner", "state")


async def survey(scene: Scene) -> object:
    """Compare Redis with itself."""
    await scene.runs.survey()
    return None


async def before_adopt(scene: Scene) -> None:
    """Leave two runs of an owner that is gone."""
    await scene.claim_one(by=scene.gone)
    await scene.claim_one(SECOND, by=scene.gone)


async def adopt(scene: Scene) -> object:
    """Take them over."""
    return await scene.runs.store.adopt(GONE, OWNER)


async def before_release(scene: Scene) -> None:
    """Settle as an analyzer that may not tidy up."""
    await before_settle(scene)
    scene.server.allow("controller", *EVERYTHING, "-hdel", "-expire", "-hset")
    await settle_and_hold(scene)
    scene.server.allow("controller", *EVERYTHING)
    scene.admin.acl_log_reset()


async def release(scene: Scene) -> object:
    """Free the slot."""
    await scene.runs.release([scene.run_id])
    return None


STEPS: dict[str, tuple[str, Step, Step]] = {
    "claim": ("claim", before_claim, claim),
    "settle": ("settle", before_settle, settle),
    "settle and hold the slot": ("settle", before_settle, settle_and_hold),
    "settle as the last": ("settle", before_settle, settle_as_last),
    "settle again": ("settle", before_settle, settle_again),
    "transition": ("transition", before_transition, transition),
    "register": ("register", before_register, register),
    "due": ("due", before_due, due),
    "join": ("join", before_join, join),
    "survey": ("survey", before_survey, survey),
    "adopt": ("adopt", before_adopt, adopt),
    "release": ("release", before_release, release),
}

WITH_ALL_KEYS = [name for name in STEPS if name not in {"settle as the last", "settle again"}]

NOT_MET = {
    # It takes back what went before a refusal, which needs two of them.
    *(("claim", command) for command in ("HDEL", "ZREM", "DEL")),
}
"""Commands of a script that a step does not come to."""

KEY_NAMES = [
    *("queue", "results", "inflight", "finishing", "due:here", "due:gone", "instances:here"),
    *("dedup", "dead", "dead:bytes", "stats", "schema", "owners", "run:*", "settled:*", "job:*"),
]


def commands_of(script: str) -> list[str]:
    """Return the distinct commands in the text of a script."""
    found = re.findall(r"(?:redis\.p?call|note)\('([A-Z]+)'|\{'([A-Z]+)', ", scripts.source(script))
    return sorted({first or second for first, second in found})


def key_of(keys: QueueKeys, name: str) -> str:
    """Return the key, or the pattern of the keys, that a short name stands for."""
    return {"queue": keys.queue, "results": keys.results}.get(name, f"{keys.prefix}{name}")


async def attempt(scene: Scene, step: Step) -> bool:
    """Take a step; return whether it was refused. What was settled must have been delivered."""
    try:
        await step(scene)
        refused = False
    except RedisRefused:
        refused = True
    lists = [key for key in (scene.keys.results, "aside") if scene.admin.type(key) == b"list"]
    delivered = str([scene.admin.lrange(key, 0, -1) for key in lists])
    for found in scene.admin.keys(f"{scene.keys.prefix}settled:*"):
        key = cast("bytes", found).decode()
        if scene.admin.type(key) == b"string" and scene.admin.get(key) != b"delivering":
            assert key.rpartition(":")[2] in delivered, "settled, and not delivered"
    return refused


async def end_well(scene: Scene, before: Step, step: Step) -> None:
    """Take the step again with every right, see all runs to their ends, and check them."""
    if before is before_register:
        await step(scene)
    await scene.runs.store.adopt(GONE, OWNER)
    await finish(scene.admin, scene.runs)
    assert_all_ended(scene.admin, scene.keys, scene.messages)


@pytest.fixture(autouse=True)
def one_dead_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep one dead letter, so that every failure drops another."""
    monkeypatch.setattr(scripts, "MAX_DEAD_LETTERS", 1)


@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for name, (script, *_) in STEPS.items() for command in commands_of(script)],
)
async def test_a_command_that_is_not_permitted(scene: Scene, name: str, command: str) -> None:
    """Each command of each script is refused once."""
    _, before, step = STEPS[name]
    await before(scene)
    scene.allow(*EVERYTHING, f"-{command.lower()}")
    await attempt(scene, step)
    MET.setdefault(STEPS[name][0], set()).update({command} if scene.was_refused() else set())
    scene.allow(*EVERYTHING)
    await end_well(scene, before, step)


MET: dict[str, set[str]] = {}


def test_every_command_was_refused_somewhere() -> None:
    """The cases above come to every command of every script."""
    if len(MET) < len({script for script, *_ in STEPS.values()}):
        pytest.xfail("only some of the cases above have run")
    missed = {
        (script, command)
        for script, *_ in STEPS.values()
        for command in commands_of(script)
        if command not in MET[script]
    }
    assert missed == NOT_MET


@pytest.mark.parametrize("access", ["none", "read"])
@pytest.mark.parametrize("key", KEY_NAMES)
@pytest.mark.parametrize("name", WITH_ALL_KEYS)
async def test_a_key_out_of_reach(scene: Scene, name: str, key: str, access: str) -> None:
    """Each key may not be used at all, or not be written."""
    _, before, step = STEPS[name]
    await before(scene)
    reachable = [f"~{key_of(scene.keys, other)}" for other in KEY_NAMES if other != key]
    if access == "read":
        reachable.append(f"%R~{key_of(scene.keys, key)}")
    scene.allow("&*", "+@all", *reachable)
    await attempt(scene, step)
    scene.allow(*EVERYTHING)
    await end_well(scene, before, step)


@pytest.mark.parametrize("key", [*KEY_NAMES, "run of the first message"])
@pytest.mark.parametrize("name", WITH_ALL_KEYS)
async def test_a_key_of_another_type(
    scene: Scene, name: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key holds what is not Offbeat's."""
    _, before, step = STEPS[name]
    await before(scene)
    monkeypatch.setattr(scene.runs._history, "new_nonce", lambda: NONCE)
    sha = scripts.message_sha(FIRST)
    first = hashlib.sha1(f"{NONCE}:0:{sha}".encode(), usedforsecurity=False).hexdigest()[:16]
    where = {
        "run:*": scene.keys.run(scene.run_id).record,
        "settled:*": scene.keys.run(scene.run_id).settled,
        "job:*": scene.keys.job(1),
        "run of the first message": scene.keys.run(first).record,
    }.get(key, key_of(scene.keys, key))
    existed = scene.admin.exists(where)
    if existed:
        scene.admin.rename(where, "aside")
    if key in {"run:*", "schema", "settled:*", "job:*", "dead:bytes"}:
        scene.admin.lpush(where, "not ours")
    else:
        scene.admin.set(where, "not ours")
    await attempt(scene, step)
    scene.admin.delete(where)
    if existed:
        scene.admin.rename("aside", where)
    monkeypatch.undo()
    monkeypatch.setattr(scripts, "MAX_DEAD_LETTERS", 1)
    await end_well(scene, before, step)


@pytest.mark.parametrize("name", STEPS)
async def test_a_full_memory(scene: Scene, name: str) -> None:
    """Nothing is claimed and nothing settled that could not be written down."""
    _, before, step = STEPS[name]
    await before(scene)
    scene.admin.config_set("maxmemory", 1)
    refused = await attempt(scene, step)
    assert refused or name in {"settle again", "release"}
    scene.admin.config_set("maxmemory", 0)
    await end_well(scene, before, step)


@pytest.mark.parametrize("command", ["hdel", "zrem", "del", "hset"])
async def test_a_claim_that_cannot_be_taken_back(scene: Scene, command: str) -> None:
    """The message may not be popped, and the run not be withdrawn: they become one again."""
    await before_claim(scene)
    scene.allow(*EVERYTHING, "-rpop", f"-{command}")
    assert await attempt(scene, claim)
    scene.admin.lrem(scene.keys.queue, 1, TWIN.decode())  # so that a new run is claimed
    assert await attempt(scene, claim)
    scene.allow(*EVERYTHING)
    await finish(scene.admin, scene.runs)
    results = scene.admin.lrange(scene.keys.results, 0, -1)
    assert len(results) == len(scene.messages)
