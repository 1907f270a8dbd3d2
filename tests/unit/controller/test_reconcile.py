"""What the reconciler looks at, in which order, and what it does when something does not answer."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any, cast

import pytest

from controller import reconcile
from controller.attempt import Attempt, Diagnosis, Phase
from controller.decision import Limits
from controller.errors import LauncherUnavailable, LaunchRejected, PermissionMissing
from controller.launching import PendingLaunches
from controller.observer import Observer
from controller.reconcile import Reconciler
from offbeat.errors import RedisUnreachable
from offbeat.failure import FailureReason
from offbeat.runs import OwnedRuns
from tests.support.launcher import MemoryCluster
from tests.support.runs import MemoryRuns

LIMITS = Limits(max_attempts=3, interval_sec=30, image_grace_sec=10, park_deadline_sec=600)
RAW = b'{"job_id": 1, "relative_path": "a.wav"}'
CRASH = Diagnosis(reason=FailureReason.OUT_OF_MEMORY, summary="needed more memory")


class Parts:
    """A reconciler on a cluster and a Redis in memory, and a clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.runs = MemoryRuns()
        self.cluster = MemoryCluster(cast("OwnedRuns", self.runs))
        self.cluster.be_healthy()
        self.observer = Observer()
        self.launches = PendingLaunches(
            cast("OwnedRuns", self.runs), self.cluster, self.observer, {"default"}
        )
        self.reconciler = Reconciler(
            cast("OwnedRuns", self.runs),
            self.cluster,
            self.launches,
            self.observer,
            LIMITS,
            monotonic=lambda: self.now,
        )
        self.looks: list[list[str]] = []
        self._look_at = self.reconciler.look_at
        self.reconciler.look_at = self._note_look  # type: ignore[method-assign]
        self.during: Callable[[], Awaitable[None]] | None = None
        """What happens while a look is under way."""

    def add_job(self, run_id: str, phase: Phase = Phase.ACTIVE, **more: Any) -> Attempt:  # noqa: ANN401
        """Let a run have a Job."""
        job = Attempt(
            job_name=f"job-{run_id}", uid="u", run_id=run_id, number=1, phase=phase, **more
        )
        self.cluster.jobs[job.job_name] = job
        self.cluster.messages[job.job_name] = RAW
        return job

    def add_run(self, run_id: str, phase: Phase = Phase.ACTIVE, **more: Any) -> Attempt:  # noqa: ANN401
        """Let a run go on: Redis knows it, and it has a Job."""
        self.runs.know(run_id, "running")
        return self.add_job(run_id, phase, **more)

    async def settled_beside(self) -> None:
        """Wait until nothing is being failed or launched."""
        while self.reconciler._actions or self.launches:
            await asyncio.sleep(0.001)

    async def _note_look(self, run_ids: Collection[str]) -> None:
        self.looks.append(list(run_ids))
        await self._look_at(run_ids)
        if self.during is not None:
            await self.during()


@pytest.fixture
async def parts() -> Parts:
    """Make the parts."""
    return Parts()


async def test_what_is_noticed_comes_before_what_is_due(parts: Parts) -> None:
    """And each is looked at once."""
    for run_id in "abc":
        parts.add_run(run_id)
    parts.runs.due_ids = ["a", "b"]
    parts.reconciler.notice("c")
    parts.reconciler.notice("b")
    assert await parts.reconciler.round() is False
    assert parts.looks == [["c", "b", "a"]]
    assert await parts.reconciler.round() is False
    assert parts.looks == [["c", "b", "a"]]
    assert parts.runs.delays == {"a": 60, "b": 60, "c": 60}


async def test_a_notice_for_later(parts: Parts) -> None:
    """It waits for its time, and an earlier one of the same run counts."""
    parts.add_run("a")
    parts.reconciler.notice("a", after_sec=10)
    parts.reconciler.notice("a", after_sec=5)
    parts.reconciler.notice("a", after_sec=20)
    parts.now += 4.9
    await parts.reconciler.round()
    assert parts.looks == []
    parts.now += 0.1
    await parts.reconciler.round()
    parts.now += 100
    await parts.reconciler.round()
    assert parts.looks == [["a"]]


async def test_a_notice_while_the_run_is_looked_at(parts: Parts) -> None:
    """It may tell what was not seen yet, so the run is looked at once more."""
    parts.add_run("a")

    async def notice() -> None:
        parts.reconciler.notice("a")

    parts.reconciler.notice("a")
    parts.during = notice
    await parts.reconciler.round()
    parts.during = None
    await parts.reconciler.round()
    await parts.reconciler.round()
    assert parts.looks == [["a"], ["a"]]


async def test_a_doubtful_notice(parts: Parts) -> None:
    """Its Job is looked at with growing pauses, until it would be looked at anyway."""
    parts.add_run("a")
    parts.reconciler.notice("a", doubtful=True)
    looked_at = []
    for _ in range(2000):
        seen = len(parts.looks)
        await parts.reconciler.round()
        if len(parts.looks) > seen:
            looked_at.append(parts.now - 1000)
        parts.now += 0.25
    assert looked_at == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 63.5]
    assert not parts.reconciler._doubts


async def test_a_doubt_ends_with_its_run(parts: Parts) -> None:
    """What has been done about it is looked at when it is due."""
    parts.add_run("a", Phase.SUCCEEDED)
    parts.runs.settled_ids.add("a")
    parts.reconciler.notice("a", doubtful=True)
    await parts.reconciler.round()
    parts.now += 1000
    await parts.reconciler.round()
    assert parts.looks == [["a"]]
    assert not parts.reconciler._doubts


async def test_a_lot_is_due(parts: Parts) -> None:
    """It is looked at in batches, and the next round comes at once."""
    parts.runs.due_ids = [f"r{number}" for number in range(60)]
    for number in range(40):
        parts.reconciler.notice(f"n{number}")
    assert await parts.reconciler.round() is True
    assert [len(look) for look in parts.looks] == [50, 40]
    assert await parts.reconciler.round() is False
    assert [len(look) for look in parts.looks] == [50, 40, 10]


@pytest.mark.parametrize("error", [RedisUnreachable("away"), LauncherUnavailable("503")])
async def test_what_could_not_be_looked_at_is_looked_at_later(
    parts: Parts, error: Exception
) -> None:
    """Though it is due no more, and though others fail again and again."""
    parts.runs.due_ids = [f"r{number}" for number in range(50)]
    parts.reconciler.notice("bad")
    parts.runs.fail_next("records", error)
    with pytest.raises(type(error)):
        await parts.reconciler.round()
    assert len(parts.looks) == 1
    while await parts.reconciler.round():
        pass
    looked_at = [run_id for look in parts.looks[1:] for run_id in look]
    assert looked_at[0] == "r49"  # what had not been tried comes first
    assert sorted(looked_at) == sorted(["bad", *(f"r{number}" for number in range(50))])


async def test_redis_that_does_not_say_what_is_due(parts: Parts) -> None:
    """No notice is lost."""
    parts.runs.fail_next("due")
    parts.reconciler.notice("a")
    with pytest.raises(RedisUnreachable):
        await parts.reconciler.round()
    await parts.reconciler.round()
    assert parts.looks == [["a"]]


@pytest.mark.parametrize("broken", range(7))
async def test_one_run_that_cannot_be_looked_at(parts: Parts, broken: int) -> None:
    """All the others are."""
    for number in range(7):
        parts.add_run(f"r{number}", Phase.SUCCEEDED)
        parts.runs.settled_ids.add(f"r{number}")
    parts.cluster.unreadable = lambda run_id: KeyError("labels") if run_id == f"r{broken}" else None
    parts.runs.due_ids = [f"r{number}" for number in range(7)]
    await parts.reconciler.round()
    released = {said[1] for said in parts.runs.said if said[0] == "release"}
    assert released == {f"r{number}" for number in range(7)} - {f"r{broken}"}


@pytest.mark.parametrize("error", [KeyError("labels"), LaunchRejected("422")])
async def test_one_thing_that_cannot_be_done(parts: Parts, error: Exception) -> None:
    """It stops no other, and its run is looked at again when it is due."""
    jobs = [parts.add_run(run_id, Phase.SUCCEEDED) for run_id in "abc"]
    parts.runs.settled_ids |= set("abc")
    clean_up = parts.cluster.schedule_cleanup

    async def refuse_one(attempt: Attempt, reason: FailureReason | None) -> None:
        if attempt.run_id == "b":
            raise error
        await clean_up(attempt, reason)

    parts.cluster.schedule_cleanup = refuse_one  # type: ignore[method-assign]
    parts.runs.due_ids = list("abc")
    await parts.reconciler.round()
    cleaned = [parts.cluster.jobs[job.job_name].cleanup_scheduled for job in jobs]
    assert cleaned == [True, False, True]


async def test_a_finished_job_of_a_settled_run(parts: Parts) -> None:
    """Its slot is free at once, without a look at it."""
    job = parts.add_run("a", Phase.SUCCEEDED)
    parts.runs.settled_ids.add("a")
    parts.reconciler.finished(job)
    await parts.reconciler.round()
    assert parts.runs.said == [("release", "a")]
    assert parts.observer.slot_freed.is_set()
    assert parts.cluster.jobs[job.job_name].cleanup_scheduled
    assert parts.looks == []


async def test_a_finished_job_of_an_earlier_attempt(parts: Parts) -> None:
    """It frees no slot: the Job of the attempt that has settled may still run."""
    job = parts.add_run("a", Phase.SUCCEEDED)
    parts.runs.know("a", "completed", attempt=2)
    parts.cluster.jobs["second"] = replace(job, job_name="second", number=2, phase=Phase.ACTIVE)
    parts.runs.settled_ids.add("a")
    parts.reconciler.finished(job)
    await parts.reconciler.round()
    assert ("release", "a") not in parts.runs.said


async def test_a_finished_job_of_a_run_without_a_result(parts: Parts) -> None:
    """It is looked at."""
    parts.reconciler.finished(parts.add_run("a", Phase.SUCCEEDED))
    await parts.reconciler.round()
    assert parts.looks == [["a"]]


async def test_a_finished_job_while_redis_is_away(parts: Parts) -> None:
    """It is not forgotten."""
    parts.reconciler.finished(parts.add_run("a", Phase.SUCCEEDED))
    parts.runs.fail_next("settled")
    with pytest.raises(RedisUnreachable):
        await parts.reconciler.round()
    await parts.reconciler.round()
    assert parts.looks == [["a"]]


async def test_a_run_that_is_being_launched(parts: Parts) -> None:
    """It is left alone."""
    parts.cluster.refusals = [LauncherUnavailable("503")]
    parts.runs.know("a", "claimed", 0)
    parts.launches.start("a", RAW, number=1)
    parts.reconciler.notice("a")
    await parts.reconciler.round()
    assert parts.runs.delays == {}
    assert parts.cluster.inspections == 0
    await parts.launches.drain(0)


async def test_a_failed_attempt(parts: Parts) -> None:
    """Its run is settled, and holds its slot until no Job of it goes on."""
    parts.add_run("a", Phase.FAILED, diagnosis=CRASH)
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    assert parts.runs.said == [("settle", "a", "out_of_memory", True, True, None)]
    assert parts.cluster.stopped == []
    await parts.reconciler.round()
    assert parts.runs.said[1:] == [("release", "a")]


async def test_a_failed_attempt_that_goes_on(parts: Parts) -> None:
    """Its Job is stopped."""
    job = parts.add_run("a", diagnosis=CRASH)
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    assert parts.cluster.stopped == [job.job_name]


async def test_a_run_that_is_being_failed(parts: Parts) -> None:
    """It is failed once."""
    parts.cluster.logs_are_fast.clear()
    parts.add_run("a", Phase.FAILED, diagnosis=CRASH)
    for _ in range(3):
        await parts.reconciler.look_at(["a"])
    parts.cluster.logs_are_fast.set()
    await parts.settled_beside()
    assert [said[0] for said in parts.runs.said] == ["settle"]


@pytest.mark.parametrize("error", [RedisUnreachable("away"), LauncherUnavailable("503")])
async def test_a_failure_that_cannot_be_settled_yet(parts: Parts, error: Exception) -> None:
    """It is tried again soon."""
    parts.add_run("a", Phase.FAILED, diagnosis=CRASH)
    parts.runs.fail_next("settle", error)
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    assert parts.runs.said == []
    parts.now += 2
    await parts.reconciler.round()
    await parts.settled_beside()
    assert [said[0] for said in parts.runs.said] == ["settle"]


async def test_a_failure_that_cannot_be_settled_for_an_unexpected_reason(parts: Parts) -> None:
    """It is tried again when it is due."""
    parts.add_run("a", Phase.FAILED, diagnosis=CRASH)
    parts.runs.fail_next("settle", ZeroDivisionError())
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    parts.runs.due_ids = ["a"]
    await parts.reconciler.round()
    await parts.settled_beside()
    assert [said[0] for said in parts.runs.said] == ["settle"]


async def test_a_failed_run_whose_message_is_lost(parts: Parts) -> None:
    """Its Job still carries it."""
    parts.runs.know("a", "running", job_id="null", raw="")
    parts.runs.records_by_id["a"] = replace(parts.runs.records_by_id["a"], raw=None)
    parts.add_job("a", Phase.FAILED, diagnosis=CRASH)
    results = []
    settle = parts.runs.settle

    async def note(result: Any, **more: Any) -> bool:  # noqa: ANN401
        results.append((result.job_id, result.error, more["raw"]))
        return await settle(result, **more)

    parts.runs.settle = note  # type: ignore[method-assign]
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    assert results == [(1, "a.wav: needed more memory", RAW)]


async def test_a_run_without_a_message_that_must_be_launched(parts: Parts) -> None:
    """It is answered: nobody can launch it."""
    parts.runs.know("a", "claimed", 0)
    parts.runs.records_by_id["a"] = replace(parts.runs.records_by_id["a"], raw=None)
    await parts.reconciler.look_at(["a"])
    await parts.settled_beside()
    assert parts.runs.said == [("settle", "a", "internal_error", True, True, None)]
    assert parts.cluster.created == []


async def test_a_job_that_redis_does_not_know(parts: Parts) -> None:
    """Its run is entered from the message that it carries."""
    parts.add_job("a")
    await parts.reconciler.look_at(["a"])
    assert parts.runs.said == [("register", "a", 1, 1, "launched", "job-a")]


@pytest.mark.parametrize("message", [None, b"{"])
async def test_a_job_that_redis_does_not_know_and_that_carries_nothing(
    parts: Parts, message: bytes | None
) -> None:
    """It is left alone."""
    job = parts.add_job("a")
    parts.cluster.messages[job.job_name] = cast("bytes", message)
    await parts.reconciler.look_at(["a"])
    assert parts.runs.said == []


async def test_the_start(parts: Parts) -> None:
    """Jobs are entered before the controller is, and only then may anything be claimed."""
    parts.runs.history_lost = True
    parts.add_job("unknown")
    parts.add_run("known")
    assert await parts.reconciler._step() == 1.0
    said = [said[0] for said in parts.runs.said]
    assert said == ["register", "join", "heartbeat", "survey"]
    assert parts.looks == [["unknown"], ["known"]]
    assert parts.observer.may_claim()
    assert parts.observer.last_error() is None


@pytest.mark.parametrize("method", ["join", "records"])
async def test_a_start_that_fails(parts: Parts, method: str) -> None:
    """Nothing is claimed, and it is tried again."""
    parts.runs.history_lost = True
    parts.observer.runs_known.set()
    parts.add_job("unknown")
    parts.runs.fail_next(method)
    assert await parts.reconciler._step() == reconcile._AFTER_ERROR_SEC
    assert not parts.observer.may_claim()
    assert parts.observer.last_error() == "no Redis"
    await parts.reconciler._step()
    assert parts.observer.may_claim()
    assert parts.observer.last_error() is None


async def test_launches_under_way_are_entered_first(parts: Parts) -> None:
    """They have no Job from which they could be."""
    parts.cluster.refusals = [LauncherUnavailable("503")]
    parts.launches.start("a", RAW, number=1)
    parts.runs.history_lost = True
    await parts.reconciler._step()
    assert [said[:2] for said in parts.runs.said[:2]] == [("register", "a"), ("join",)]
    await parts.launches.drain(0)


async def test_history_that_is_lost_later(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other controllers of this owner have a moment to notice it, too."""
    slept = []

    async def sleep(pause_sec: float) -> None:
        slept.append((pause_sec, parts.observer.may_claim()))

    monkeypatch.setattr(parts.reconciler, "_sleep", sleep)
    parts.runs.history_lost = True
    await parts.reconciler._step()
    assert slept == []
    parts.runs.history_lost = True
    await parts.reconciler._step()
    assert slept == [(reconcile._HISTORY_PAUSE_SEC, False)]


async def test_the_survey(parts: Parts) -> None:
    """It comes once in an interval, and every tenth one looks for unknown Jobs."""
    for number in range(21):
        parts.add_job(f"a{number}")
        seen = len(parts.looks)
        await parts.reconciler._step()
        surveys = [said for said in parts.runs.said if said == ("survey",)]
        assert len(surveys) == number + 1
        await parts.reconciler._step()
        assert len([said for said in parts.runs.said if said == ("survey",)]) == number + 1
        assert (len(parts.looks) > seen) is (number % 10 == 0)
        parts.now += 30


async def test_a_missing_permission(parts: Parts) -> None:
    """Nothing is claimed until what was refused has been done."""
    parts.observer.runs_known.set()
    job = parts.add_run("a", Phase.SUCCEEDED)
    parts.runs.settled_ids.add("a")
    parts.runs.due_ids = ["a"]
    clean_up = parts.cluster.schedule_cleanup

    async def refuse(attempt: Attempt, reason: FailureReason | None) -> None:
        raise PermissionMissing("cannot patch jobs")

    parts.cluster.schedule_cleanup = refuse  # type: ignore[method-assign]
    await parts.reconciler._step()
    await parts.reconciler._step()
    assert not parts.observer.may_claim()
    assert parts.observer.last_error() == "cannot patch jobs"
    parts.cluster.schedule_cleanup = clean_up  # type: ignore[method-assign]
    await parts.reconciler._step()
    assert parts.observer.may_claim()
    assert parts.observer.last_error() is None
    assert parts.cluster.jobs[job.job_name].cleanup_scheduled


async def test_the_loop_ticks_and_goes_on(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a round raises."""
    ticks: list[str] = []
    monkeypatch.setattr(parts.observer, "tick", ticks.append)
    errors = [RedisUnreachable("away"), LauncherUnavailable("503"), KeyError("bug")]
    parts.runs.errors["due"] = list(errors)
    monkeypatch.setattr(reconcile, "_AFTER_ERROR_SEC", 0.001)
    monkeypatch.setattr(reconcile, "_POLL_SEC", 0.001)
    loop = asyncio.create_task(parts.reconciler.run())
    async with asyncio.timeout(120):
        while len(ticks) < 6:
            await asyncio.sleep(0.001)
    assert not loop.done()
    assert parts.observer.last_error() is None
    loop.cancel()
    await asyncio.wait([loop])
    assert loop.cancelled()


async def test_what_is_being_failed_ends_with_the_loop(parts: Parts) -> None:
    """Nothing is left behind."""
    parts.cluster.logs_are_fast.clear()
    parts.add_run("a", Phase.FAILED, diagnosis=CRASH)
    parts.reconciler.notice("a")
    loop = asyncio.create_task(parts.reconciler.run())
    while not parts.reconciler._actions:
        await asyncio.sleep(0.001)
    loop.cancel()
    await asyncio.wait([loop])
    await parts.settled_beside()
    assert not any(said[0] == "settle" for said in parts.runs.said)
