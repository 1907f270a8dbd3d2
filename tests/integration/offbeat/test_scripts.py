"""The Lua scripts, in any order that a cluster may bring, on a real Redis."""

import asyncio
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import cast

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from offbeat import runs as runs_module
from offbeat.result import parse_result
from offbeat.run_session import RunSession
from offbeat.runs import OwnedRuns, RunState
from offbeat.scripts import message_sha
from offbeat.settings import Settings
from tests.support.handoff import broken_message, finish, members

CAP = 3
MAX_BYTES = 40
HEAD_BYTES = 10
OWNERS = ["here", "there"]
CONTROLLERS = ["here", "here", "there"]
"""The owner of each controller: one has two."""

MESSAGES = [
    *(b'{"job_id": 1}', b'{"job_id": 2}', b'{"job_id": 3}', b"not JSON", b"\xff\x00"),
    *(b"x" * MAX_BYTES, b"x" * (MAX_BYTES + 1), b"x" * 1_000),
]


@dataclass
class Run:
    """A run as its Job knows it: this is what a controller can enter again."""

    run_id: str
    sha: str
    kept: bytes
    owner: str
    number: int = 1
    settled: bool = False
    """Whether the history that Redis has now holds its result."""
    holds_slot: bool = True


@dataclass
class Past:
    """A copy of all keys, and what was true then."""

    keys: dict[bytes, bytes]
    pushed: Counter[str]
    settled: dict[str, tuple[bool, bool]] = field(default_factory=dict)


class Handoff(RuleBasedStateMachine):
    """Producers, the controllers of two owners, and analyzers that act in any order.

    The model is what must be true whatever happens: which messages the history of Redis holds,
    which runs have their result, and which hold a slot. Redis may lose everything, or fall back to
    an earlier moment; the Jobs live on, and their controllers enter them again.
    """

    redis_url: str

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        name = uuid.uuid4().hex[:12]
        self.settings = Settings(
            _env_file=None,
            redis_url=self.redis_url,
            analysis_queue=f"{name}-jobs",
            results_queue=f"{name}-results",
        )
        self.keys = self.settings.keys
        self.admin = redis.Redis.from_url(self.redis_url)
        self.stack = AsyncExitStack()
        self.controllers: list[OwnedRuns] = []
        self.pushed: Counter[str] = Counter()
        self.runs: dict[str, Run] = {}
        self.lost: dict[str, Run] = {}
        self.past: Past | None = None
        self.excess = False
        self.runner.run(self._open())

    async def _open(self) -> None:
        for owner in CONTROLLERS:
            connection = OwnedRuns.connect(self.settings, owner)
            self.controllers.append(await self.stack.enter_async_context(connection))
        for controller in self.controllers:
            await controller.join()

    def teardown(self) -> None:
        """See everything to its end, check it, and delete this machine's keys."""
        try:
            self.runner.run(self._end())
            self._check_the_end()
        finally:
            self.admin.delete(self.keys.queue, self.keys.results, *self._own_keys(), b"none")
            self.admin.close()
            self.runner.run(self.stack.aclose())
            self.runner.close()

    async def _end(self) -> None:
        await self._recover()
        await finish(self.admin, *self.controllers, cap=100)

    def _check_the_end(self) -> None:
        """Each message that Redis still knows of ended as a result, and nothing is left."""
        raws = self.admin.lrange(self.keys.results, 0, -1)
        results = Counter(parse_result(raw).run_id for raw in raws)
        assert max(results.values(), default=1) == 1
        answered = {parse_result(raw).error for raw in raws}  # type: ignore[union-attr]
        for raw in MESSAGES:
            if self.pushed[message_sha(raw)]:
                kept = raw[:HEAD_BYTES] if len(raw) > MAX_BYTES else raw
                assert message_sha(kept) in answered, f"{raw!r} has no result"
        for run in self.runs.values():
            assert results[run.run_id] == 1, "a run has no result"
        assert not self.admin.hlen(self.keys.dedup)
        assert not self.admin.keys(f"{self.keys.prefix}due:*")
        for record in self.admin.keys(f"{self.keys.run_prefix}*"):
            assert self.admin.ttl(record) > 0

    @rule(raw=st.sampled_from(MESSAGES))
    def push(self, raw: bytes) -> None:
        """Push, perhaps the very same bytes again."""
        self.admin.lpush(self.keys.queue, raw)
        self.pushed[message_sha(raw)] += 1

    @rule(index=st.sampled_from(range(len(CONTROLLERS))), most=st.integers(0, 5))
    def claim(self, index: int, most: int) -> None:
        """Claim, perhaps just after another controller."""
        controller = self.controllers[index]
        waiting = cast("list[bytes]", self.admin.lrange(self.keys.queue, 0, -1))
        held = self._held(controller.owner)
        found = self.runner.run(controller.claim(cap=CAP, most=most))
        assert len(found.claims) <= most
        assert not found.claims or held + len(found.claims) <= CAP, "the cap is exceeded"
        assert found.full == (held >= CAP or most == 0) or controller.history_lost
        if self.lost:
            assert not found.claims, "claimed while Redis does not know all runs"
        shas = {message_sha(raw): raw for raw in waiting}
        for claim in found.claims:
            assert claim.run_id not in self.runs, "a run is named twice"
            sha = self._field(claim.run_id, "sha")
            raw = shas[sha]
            if len(raw) > MAX_BYTES:
                assert (claim.raw, claim.message_bytes) == (raw[:HEAD_BYTES], len(raw))
            else:
                assert (claim.raw, claim.message_bytes) == (raw, None)
            assert sha not in self._busy() or self.excess, "a duplicate became a run of its own"
            self.runs[claim.run_id] = Run(claim.run_id, sha, claim.raw, controller.owner)

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), number=st.integers(1, 3))
    def launched(self, data: st.DataObject, number: int) -> None:
        """Note a Job, perhaps too late, perhaps of another owner's run."""
        run = self._draw(data)
        controller = data.draw(st.sampled_from(self.controllers))
        answer = self.runner.run(
            controller.launched(
                run.run_id, job_id=1, number=number, job_name=f"j-{number}", look_again_sec=5
            )
        )
        if run.run_id in self.lost or run.settled:
            assert answer == "unknown"
        elif controller.owner != run.owner:
            assert answer == "foreign"
        else:
            assert answer == ("stale" if number < self._number(run) else "ok")
            run.number = max(run.number, number)

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def progress(self, data: st.DataObject) -> None:
        """Say how far an analyzer is, which may have been settled for."""
        run = self._draw(data)
        session = RunSession(self.settings, run.run_id, run.number)
        try:
            session.progress(0.5, "measuring")
        finally:
            session.close()

    @precondition(lambda self: self.runs)
    @rule(data=st.data(), by=st.sampled_from(["analyzer", "controller", "refusal"]))
    def settle(self, data: st.DataObject, by: str) -> None:
        """Deliver as whoever it is; only the first one does."""
        run = self._draw(data)
        if run.run_id in self.lost:
            return  # its controller enters it first
        result = broken_message(run.run_id, run.kept)
        oversized = self.admin.hget(self.keys.run(run.run_id).record, "message_bytes")
        if by == "analyzer" and not oversized:
            session = RunSession(self.settings, run.run_id, run.number)
            try:
                won = session.settle(result, raw=run.kept)
            finally:
                session.close()
        else:
            won = self.runner.run(
                data.draw(st.sampled_from(self.controllers)).settle(
                    result,
                    raw=run.kept,
                    holds_slot=by != "refusal",
                    message_bytes=int(oversized) if oversized else None,
                )
            )
        assert won is not run.settled, "settled twice, or never"
        if won:
            run.settled = True
            run.holds_slot = by != "refusal"

    @precondition(lambda self: self.runs)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """Free the slot of a run whose Job has ended; without a result it is kept."""
        run = self._draw(data)
        owned = [each for each in self.controllers if each.owner == run.owner]
        self.runner.run(owned[0].release([run.run_id]))
        if run.settled:
            run.holds_slot = False

    @rule(owner=st.sampled_from(OWNERS))
    def adopt(self, owner: str) -> None:
        """Give all runs of an owner to the other."""
        heir = next(other for other in OWNERS if other != owner)
        self.runner.run(self.controllers[0].store.adopt(owner, heir))
        for run in self.runs.values():
            if run.owner == owner and run.run_id not in self.lost:
                run.owner = heir

    @rule(index=st.sampled_from(range(len(CONTROLLERS))))
    def survey(self, index: int) -> None:
        """Compare Redis with itself: there is nothing to find."""
        self.runner.run(self.controllers[index].survey())

    @rule()
    def remember(self) -> None:
        """Let a replica fall behind from here on."""
        dumps = {key: self.admin.dump(key) for key in self._all_keys()}
        self.past = Past(
            {key: dump for key, dump in dumps.items() if dump is not None},
            Counter(self.pushed),
            {run.run_id: (run.settled, run.holds_slot) for run in self.runs.values()},
        )

    @precondition(lambda self: self.past is not None and not self.lost)
    @rule()
    def fail_over(self) -> None:
        """Promote the replica: what happened since is gone, and the Jobs live on."""
        assert self.past is not None
        self.admin.delete(*self._all_keys(), b"none")
        for key, dump in self.past.keys.items():
            self.admin.restore(key, 0, dump, replace=True)
        self.pushed = Counter(self.past.pushed)
        self._forget(self.past.settled)
        for controller in self.controllers:
            controller.history_lost = True  # a new connection notices who answers

    @precondition(lambda self: not self.lost)
    @rule()
    def flush(self) -> None:
        """Delete every key; messages and results that nobody has taken are gone for ever.

        Nobody says so: a controller notices it by what it has left there itself.
        """
        self.admin.delete(*self._all_keys(), b"none")
        self.pushed = Counter()
        self._forget({})

    def _forget(self, settled: dict[str, tuple[bool, bool]]) -> None:
        """Compare the runs with what Redis knows now."""
        self.excess = True  # runs of one message, and more than the cap, may be at work now
        for run in list(self.runs.values()):
            if run.run_id in settled:
                run.settled, run.holds_slot = settled[run.run_id]
                run.owner = self._owner_now(run)
                run.number = max(1, self._number(run))
            elif run.settled:
                del self.runs[run.run_id]  # its Job has ended, and Redis knows nothing of it
            else:
                self.lost[run.run_id] = run
        self.past = None

    @precondition(lambda self: self.lost or any(c.history_lost for c in self.controllers))
    @rule()
    def recover(self) -> None:
        """Enter the runs again from their Jobs, then join."""
        self.runner.run(self._recover())

    async def _recover(self) -> None:
        for run in self.lost.values():
            controller = next(each for each in self.controllers if each.owner == run.owner)
            state = await controller.register(
                run.run_id, raw=run.kept, job_id=1, number=run.number, state=RunState.LAUNCHED
            )
            assert state == "registered"
            run.sha = message_sha(run.kept)
        self.lost.clear()
        for controller in self.controllers:
            await controller.join()

    @precondition(lambda self: not self.lost)
    @rule(data=st.data())
    def register_in_vain(self, data: st.DataObject) -> None:
        """Find the Job of a run that Redis knows."""
        if not self.runs:
            return
        run = self._draw(data)
        controller = next(each for each in self.controllers if each.owner == run.owner)
        state = self.runner.run(
            controller.register(
                run.run_id, raw=run.kept, job_id=1, number=1, state=RunState.LAUNCHED
            )
        )
        assert state == ("settled" if run.settled else "known")

    @invariant()
    def every_run_is_where_it_belongs(self) -> None:
        """In flight, settled, with a slot or without: Redis and the model agree."""
        known = [run for run in self.runs.values() if run.run_id not in self.lost]
        assert members(self.admin, self.keys.inflight) == {
            run.run_id for run in known if not run.settled
        }
        for owner in OWNERS:
            assert members(self.admin, self.keys.due(owner)) == {
                run.run_id
                for run in known
                if run.owner == owner and (run.holds_slot or not run.settled)
            }

    @invariant()
    def no_run_has_two_results(self) -> None:
        """Find one entry in the results queue for each settled run."""
        raws = self.admin.lrange(self.keys.results, 0, -1)
        results = Counter(parse_result(raw).run_id for raw in raws)
        assert results == Counter(run.run_id for run in self.runs.values() if run.settled)

    @invariant()
    def no_message_is_lost(self) -> None:
        """Each one waits, became a run, or joined its duplicate."""
        counted = self.admin.hmget(self.keys.stats, ["claimed", "coalesced"])
        waiting = self.admin.llen(self.keys.queue)
        assert waiting + sum(int(count or 0) for count in counted) == self.pushed.total()

    def _draw(self, data: st.DataObject) -> Run:
        return list(self.runs.values())[data.draw(st.integers(0, len(self.runs) - 1))]

    def _busy(self) -> set[str]:
        """Return the messages that the runs without a result were made of."""
        return {run.sha for run in list(self.runs.values())[:-1] if not run.settled}

    def _held(self, owner: str) -> int:
        return int(self.admin.zcard(self.keys.due(owner)))

    def _number(self, run: Run) -> int:
        return int(self.admin.hget(self.keys.run(run.run_id).record, "attempt") or 0)

    def _owner_now(self, run: Run) -> str:
        return self._field(run.run_id, "owner") or run.owner

    def _field(self, run_id: str, name: str) -> str:
        found = cast("bytes | None", self.admin.hget(self.keys.run(run_id).record, name))
        return (found or b"").decode()

    def _own_keys(self) -> list[bytes]:
        return list(self.admin.scan_iter(match=f"{self.keys.prefix}*", count=10_000))

    def _all_keys(self) -> list[bytes]:
        return [*self._own_keys(), self.keys.queue.encode(), self.keys.results.encode()]


def test_the_scripts_keep_their_promises(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No order of events loses a message, doubles a result or exceeds the cap."""
    Handoff.redis_url = redis_url
    monkeypatch.setattr(runs_module, "MAX_MESSAGE_BYTES", MAX_BYTES)
    monkeypatch.setattr(runs_module, "HEAD_BYTES", HEAD_BYTES)
    run_state_machine_as_test(
        Handoff, settings=hypothesis_settings(max_examples=50, stateful_step_count=40)
    )
