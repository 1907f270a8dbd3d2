"""A launch is tried until the launcher accepts or rejects it, or its run is parked."""

import asyncio
from typing import cast

import pytest

from controller.attempt import LaunchSpec
from controller.errors import (
    LaunchError,
    LauncherUnavailable,
    LaunchRejected,
    PermissionMissing,
    QuotaExceeded,
)
from controller.launching import PendingLaunches
from controller.observer import Observer
from offbeat.runs import OwnedRuns
from tests.support.launcher import MemoryCluster
from tests.support.runs import MemoryRuns

RAW = b'{"job_id": 1, "relative_path": "a.wav"}'


class Parts:
    """Launches on a cluster and a Redis in memory; `pauses` are what was slept."""

    def __init__(self) -> None:
        self.runs = MemoryRuns()
        self.cluster = MemoryCluster(cast("OwnedRuns", self.runs))
        self.cluster.be_healthy()
        self.cluster.room.clear()
        self.observer = Observer()
        self.observer.runs_known.set()
        self.observer.worked("reconcile")
        self.pauses: list[float] = []
        self.launches = PendingLaunches(
            cast("OwnedRuns", self.runs),
            self.cluster,
            self.observer,
            {"default"},
            first_look_sec=7,
            sleep=self._sleep,
        )

    async def launch(self, number: int = 1, parked_since: float | None = None) -> None:
        """Launch an attempt and wait for its end."""
        self.launches.start("r", RAW, number=number, parked_since=parked_since)
        await self.end()

    async def end(self) -> None:
        """Wait until nothing is being launched."""
        while self.launches:
            await asyncio.sleep(0.001)

    async def _sleep(self, pause_sec: float) -> None:
        self.pauses.append(pause_sec)
        await asyncio.sleep(0)


@pytest.fixture
async def parts() -> Parts:
    """Make the parts."""
    return Parts()


NAME = "offbeat-1-r-1"


async def test_a_launch(parts: Parts) -> None:
    """The run has its Job, and is looked at soon."""
    await parts.launch()
    assert parts.cluster.created == [NAME]
    assert parts.runs.said == [("launched", "r", 1, 1, NAME, 7)]
    assert parts.pauses == []


async def test_a_later_attempt_is_announced_first(parts: Parts) -> None:
    """So that no two controllers launch different ones."""
    await parts.launch(2)
    assert parts.runs.said == [
        ("launching", "r", 2),
        ("launched", "r", 1, 2, "offbeat-1-r-2", 7),
    ]


async def test_another_controller_was_faster(parts: Parts) -> None:
    """Then it launches, too."""
    parts.runs.answers["launching"] = False
    await parts.launch(2)
    assert parts.cluster.created == []


async def test_a_run_is_launched_once_at_a_time(parts: Parts) -> None:
    """A second request while the first is under way is none."""
    parts.launches.start("r", RAW, number=1)
    parts.launches.start("r", RAW, number=2)
    assert len(parts.launches) == 1
    assert "r" in parts.launches
    await parts.end()
    assert "r" not in parts.launches
    assert parts.cluster.created == [NAME]


async def test_a_cluster_that_does_not_answer(parts: Parts) -> None:
    """It is asked again, under the same name, with pauses that grow to half a minute or so."""
    parts.cluster.refusals = [LauncherUnavailable("503") for _ in range(20)]
    parts.launches.start("r", RAW, number=1)
    while len(parts.pauses) < 19:
        await asyncio.sleep(0.001)
    parts.cluster.refusals.clear()
    await parts.end()
    assert parts.cluster.created == [NAME]
    assert parts.pauses[0] <= 0.3
    assert all(15 <= pause <= 45 for pause in parts.pauses[10:])
    assert parts.observer.may_claim()


async def test_retry_after_is_obeyed(parts: Parts) -> None:
    """The cluster says how long it wants to be left alone."""
    parts.cluster.refusals = [
        LauncherUnavailable("429", retry_after_sec=77.0),
        LauncherUnavailable("429", retry_after_sec=77.0),
    ]
    parts.launches.start("r", RAW, number=1)
    while not parts.pauses:
        await asyncio.sleep(0.001)
    parts.cluster.refusals.clear()
    await parts.end()
    assert parts.pauses[0] == 77.0
    assert parts.cluster.created == [NAME]


async def test_a_missing_permission(parts: Parts) -> None:
    """Nothing is claimed and no run fails until it is granted."""
    parts.cluster.refusals = [PermissionMissing("cannot create jobs")]
    parts.launches.start("r", RAW, number=1)
    while len(parts.pauses) < 3:
        await asyncio.sleep(0.001)
    assert not parts.observer.may_claim()
    assert parts.observer.last_error() == "cannot create jobs"
    parts.cluster.refusals.clear()
    await parts.end()
    assert parts.observer.may_claim()
    assert parts.observer.last_error() is None
    assert parts.runs.said == [("launched", "r", 1, 1, NAME, 7)]


@pytest.mark.parametrize("refusal", [LaunchRejected("422"), QuotaExceeded("403")])
async def test_a_refusal_proves_the_permission(parts: Parts, refusal: LaunchError) -> None:
    """Else nothing would be claimed any more, once nothing is being launched."""
    parts.cluster.refusals = [PermissionMissing("cannot create jobs"), refusal]
    await parts.launch()
    assert parts.observer.may_claim()


async def test_a_rejected_job(parts: Parts) -> None:
    """Its run is answered with what the cluster said, and frees its slot."""
    parts.cluster.refusals = [LaunchRejected("no such thing as cpu: many")]
    await parts.launch()
    assert parts.runs.said == [("settle", "r", "launch_rejected", False, True, None)]
    assert parts.observer.slot_freed.is_set()


@pytest.mark.parametrize("since", [None, 999_000.0])
async def test_a_quota(parts: Parts, since: float | None) -> None:
    """The run is parked since the first refusal, and its slot is held."""
    parts.cluster.refusals = [QuotaExceeded("exceeded quota: jobs=8")]
    await parts.launch(parked_since=since)
    assert parts.runs.said == [("parked", "r", 1, 1, "exceeded quota: jobs=8", since)]
    assert parts.pauses == []


async def test_a_message_that_is_refused(parts: Parts) -> None:
    """It is answered at once, and no Job is made of it."""
    parts.launches.start("r", b"{", number=1, message_bytes=300_000)
    await parts.end()
    assert parts.runs.said == [("settle", "r", "invalid_job", False, True, 300_000)]
    assert parts.cluster.created == []


@pytest.mark.parametrize("answer", ["unknown", "stale", "foreign"])
async def test_a_run_that_redis_has_lost_meanwhile(parts: Parts, answer: str) -> None:
    """It is entered again, with its Job; one that others have taken over is not."""
    parts.runs.answers["launched"] = answer
    await parts.launch()
    entered = [("register", "r", 1, 1, "launched", NAME)] if answer == "unknown" else []
    assert parts.runs.said[1:] == entered


async def launch_without_redis(parts: Parts) -> None:
    """Create a Job of which Redis cannot be told."""
    parts.runs.fail_next("launched")
    parts.runs.errors["launched"] *= 1000
    parts.launches.start("r", RAW, number=1)
    while parts.observer.last_error() != "no Redis":
        await asyncio.sleep(0.001)


def settle_at_once(parts: Parts) -> None:
    """Let every Job have its result as soon as it is created."""
    create = parts.cluster.create

    async def create_and_settle(spec: LaunchSpec) -> str:
        name = await create(spec)
        parts.cluster.change(name, cleanup_scheduled=True)
        return name

    parts.cluster.create = create_and_settle  # type: ignore[method-assign]


async def test_a_run_that_redis_has_lost_after_its_result(parts: Parts) -> None:
    """Its Job says that it is settled: entered again, it would be done again."""
    settle_at_once(parts)
    parts.runs.answers["launched"] = "unknown"
    await parts.launch()
    assert [said[0] for said in parts.runs.said] == ["launched"]


async def test_a_job_that_cannot_be_read_for_a_moment(parts: Parts) -> None:
    """The probe says so until it can: no later launch has to come first."""
    is_settled, errors = parts.cluster.is_settled, [LauncherUnavailable("502")]
    told: list[str | None] = []

    async def hesitate(spec: LaunchSpec) -> bool:
        if errors:
            raise errors.pop()
        told.append(parts.observer.last_error())
        return await is_settled(spec)

    parts.cluster.is_settled = hesitate  # type: ignore[method-assign]
    settle_at_once(parts)
    parts.runs.answers["launched"] = "unknown"
    await parts.launch()
    assert told == ["502"]
    assert parts.observer.last_error() is None


async def test_a_settled_launch_under_way_is_not_entered_into_an_empty_redis(parts: Parts) -> None:
    """As when Redis did not answer since its Job was created."""
    await launch_without_redis(parts)
    parts.cluster.change(NAME, cleanup_scheduled=True)
    await parts.launches.register_all()
    await parts.launches.drain(0)
    assert parts.runs.said == []


@pytest.mark.parametrize(("number", "state"), [(1, "claimed"), (2, "launching")])
async def test_launches_under_way_are_entered_into_an_empty_redis(
    parts: Parts, number: int, state: str
) -> None:
    """They have no Job yet from which they could be."""
    parts.cluster.refusals = [LauncherUnavailable("503")]
    parts.launches.start("r", RAW, number=number)
    parts.launches.start("refused", b"{", number=1)
    await parts.launches.register_all()
    entered = [said for said in parts.runs.said if said[0] == "register"]
    assert entered == [("register", "r", 1, number, state, "")]
    await parts.launches.drain(0)


async def test_redis_is_away(parts: Parts) -> None:
    """It is told again and again what has happened, and the probe says why nothing goes on."""
    parts.runs.fail_next("launched")
    await parts.launch()
    assert len(parts.pauses) == 1
    assert parts.runs.said == [("launched", "r", 1, 1, NAME, 7)]
    assert parts.observer.last_error() is None


async def test_redis_is_away_for_longer(parts: Parts) -> None:
    """The probe says why nothing goes on."""
    await launch_without_redis(parts)
    await parts.launches.drain(0)


async def test_an_unexpected_error(parts: Parts) -> None:
    """It ends this launch alone; the run is looked at again when it is due."""
    parts.cluster.refusals = [ZeroDivisionError()]
    await parts.launch()
    assert parts.runs.said == []
    assert parts.observer.slot_freed.is_set()


async def test_drain_waits(parts: Parts) -> None:
    """What is under way has its time to end."""
    parts.launches.start("r", RAW, number=1)
    await parts.launches.drain(3600)
    assert parts.runs.said == [("launched", "r", 1, 1, NAME, 7)]


async def test_drain_leaves(parts: Parts) -> None:
    """What does not end in time is left to the next controller."""
    never = asyncio.Event()

    async def create(spec: LaunchSpec) -> str:
        await never.wait()
        return ""

    parts.cluster.create = create  # type: ignore[method-assign]
    parts.launches.start("r", RAW, number=1)
    await parts.launches.drain(0.01)
    await parts.end()
    assert parts.runs.said == []


@pytest.mark.parametrize(
    ("answers", "given_back"),
    [
        ([PermissionMissing("the Role is gone")], True),
        ([LauncherUnavailable("no answer"), PermissionMissing("the Role is gone")], False),
    ],
    ids=["forbidden", "perhaps created before"],
)
async def test_drain_gives_back_what_may_not_be_launched_any_more(
    parts: Parts, answers: list[Exception], given_back: bool
) -> None:
    """`helm uninstall` takes the rights away first; another release may take the message."""
    asked = iter(answers)
    waiting = asyncio.Event()

    async def create(spec: LaunchSpec) -> str:
        raise next(asked)

    async def sleep(pause_sec: float) -> None:
        if next_is_last():
            waiting.set()
            await asyncio.Event().wait()

    def next_is_last() -> bool:
        answers.pop(0)
        return not answers

    asked = iter(list(answers))
    parts.cluster.create = create  # type: ignore[method-assign]
    parts.launches._sleep = sleep
    parts.launches.start("r", RAW, number=1)
    await waiting.wait()
    await parts.launches.drain(0.01)
    await parts.end()
    assert parts.runs.said == ([("give_back", "r")] if given_back else [])


async def test_drain_without_launches(parts: Parts) -> None:
    """There is nothing to wait for."""
    await parts.launches.drain(3600)
