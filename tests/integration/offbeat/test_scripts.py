"""The Lua scripts, in any order that a cluster may bring, on a real Redis."""

import asyncio
import uuid
from collections import Counter

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from offbeat.failure import FailureReason
from offbeat.keys import Keys
from offbeat.result import FailedResult, parse_result
from offbeat.scripts import message_sha
from offbeat.settings import Settings
from offbeat.store import Store

CAP = 3
MESSAGES = [b'{"job_id": 1}', b'{"job_id": 2}', b"not JSON", b"\xff\x00"]


class Handoff(RuleBasedStateMachine):
    """Producers, controllers and analyzers that act in any order.

    The model is what must be true whatever happens: where each message went, which runs have their
    result, and which hold a place.
    """

    redis_url: str
    claimed = Bundle("claimed")
    lost = Bundle("lost")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        name = uuid.uuid4().hex[:12]
        settings = Settings(
            _env_file=None,
            redis_url=self.redis_url,
            analysis_queue=f"{name}-jobs",
            results_queue=f"{name}-results",
        )
        self.keys: Keys = settings.keys
        self.connection = Store.connect(settings)
        self.store = self.runner.run(self.connection.__aenter__())
        self.pushed = 0
        self.raw: dict[str, bytes] = {}
        self.open: set[str] = set()
        self.holding: set[str] = set()
        self.delivered: list[str] = []
        self.blurred: set[bytes] = set()

    def teardown(self) -> None:
        """Delete this machine's keys, and close its connection."""

        async def clean() -> None:
            client = self.store.client
            own = [key async for key in client.scan_iter(match=f"{self.keys.prefix}*")]
            await client.delete(self.keys.queue, self.keys.results, *own)
            await self.connection.__aexit__(None, None, None)

        self.runner.run(clean())
        self.runner.close()

    @rule(raw=st.sampled_from(MESSAGES))
    def push(self, raw: bytes) -> None:
        """Push, perhaps the very same bytes again."""
        self.runner.run(self.store.push(raw))
        self.pushed += 1

    @rule(target=claimed, most=st.integers(0, 5))
    def claim(self, most: int) -> object:
        """Claim, perhaps just after another controller."""
        taken = self.runner.run(self.store.claim(cap=CAP, most=most))
        assert len(taken) <= most
        busy = {self.raw[run] for run in self.open}
        for claim in taken:
            assert claim.run not in self.raw, "a run has been named twice"
            twin_known = claim.raw in busy - self.blurred
            assert not twin_known, "a twin of a run in flight became a run of its own"
            busy.add(claim.raw)
            self.raw[claim.run] = claim.raw
            self.open.add(claim.run)
        if taken:
            assert len(self.open) + len(self.holding) <= CAP
        return multiple(*(claim.run for claim in taken))

    @rule(run=claimed, attempt=st.integers(1, 3))
    def launched(self, run: str, attempt: int) -> None:
        """Note a Job, perhaps too late."""
        self.runner.run(self.store.launched(run, job_id=1, attempt=attempt, job=f"j-{attempt}"))

    @rule(run=claimed, holds_place=st.booleans())
    def settle(self, run: str, holds_place: bool) -> None:
        """Deliver as analyzer or controller; only the first one does."""
        result = FailedResult.because(
            FailureReason.CORRUPT_AUDIO, "broken", job_id=1, run_id=run, attempt=1
        )
        won = self.runner.run(self.store.settle(result, raw=self.raw[run], holds_place=holds_place))
        assert won is (run not in self.delivered)
        if won:
            self.delivered.append(run)
            self.open.discard(run)
            if holds_place:
                self.holding.add(run)

    @rule(run=claimed)
    def release(self, run: str) -> None:
        """Free the place of a run whose Job has gone."""
        self.runner.run(self.store.release([run]))
        self.holding.discard(run)

    @rule(target=lost, run=consumes(claimed))
    def forget(self, run: str) -> object:
        """Lose what Redis knew of a run in flight."""
        if run not in self.open:
            return multiple()

        async def wipe() -> None:
            client = self.store.client
            await client.zrem(self.keys.inflight, run)
            await client.delete(self.keys.run(run))
            await client.hdel(self.keys.dedup, message_sha(self.raw[run]))

        self.runner.run(wipe())
        self.open.discard(run)
        self.blurred.add(self.raw[run])
        return run

    @rule(target=claimed, run=consumes(lost))
    def register_again(self, run: str) -> str:
        """Find the Job of a run that Redis has lost."""
        state = self.runner.run(self.store.register(run, raw=self.raw[run], job_id=1, attempt=1))
        assert state == "registered"
        self.open.add(run)
        return run

    @rule(run=claimed)
    def register_in_vain(self, run: str) -> None:
        """Find the Job of a run that Redis knows."""
        state = self.runner.run(self.store.register(run, raw=self.raw[run], job_id=1, attempt=1))
        assert state == ("settled" if run in self.delivered else "inflight")

    @invariant()
    def every_run_is_where_it_belongs(self) -> None:
        """In flight or delivered, with a place or without: Redis and the model agree."""
        assert set(self.runner.run(self.store.inflight())) == self.open
        assert set(self.runner.run(self.store.finishing())) == self.holding
        assert self.runner.run(self.store.settled(self.raw)) == set(self.delivered)

    @invariant()
    def no_run_has_two_results(self) -> None:
        """Results queue and dead letters hold one entry for each delivered run."""

        async def read() -> tuple[Counter[str], int]:
            client = self.store.client
            results = await client.lrange(self.keys.results, 0, -1)
            names = Counter(parse_result(raw).run_id for raw in results)
            return names, await client.llen(self.keys.dead)

        names, dead = self.runner.run(read())
        assert names == Counter(self.delivered)
        assert dead == len(self.delivered)

    @invariant()
    def no_message_is_lost(self) -> None:
        """Each one waits, became a run, or joined its twin."""

        async def read() -> tuple[int, int, int]:
            client = self.store.client
            claimed, coalesced = await client.hmget(self.keys.stats, ["claimed", "coalesced"])
            return await client.llen(self.keys.queue), int(claimed or 0), int(coalesced or 0)

        waiting, claimed, coalesced = self.runner.run(read())
        assert claimed == len(self.raw)
        assert waiting + claimed + coalesced == self.pushed


def test_the_scripts_keep_their_promises(redis_url: str) -> None:
    """No order of events loses a message, doubles a result or exceeds the cap."""
    Handoff.redis_url = redis_url
    run_state_machine_as_test(
        Handoff,
        settings=hypothesis_settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
