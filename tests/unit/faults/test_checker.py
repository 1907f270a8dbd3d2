"""The checker of the fault suite: every kind of damage is seen, and only damage."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.checker import check, message_name
from tests.faults.history import Counters, Forgotten, History, JobEvent


def message(job_id: int | str) -> bytes:
    """Return a message."""
    return json.dumps({"job_id": job_id, "relative_path": "a.wav"}).encode()


def result(job_id: int | str | None, run_id: str, status: str = "completed") -> bytes:
    """Return a result."""
    return json.dumps({"job_id": job_id, "run_id": run_id, "status": status}).encode()


def step(name: str, kind: str = "ADDED", **changes: object) -> JobEvent:
    """Return one step of a Job; `active` unless said otherwise."""
    values: dict[str, Any] = {
        "at": 0.0,
        "kind": kind,
        "name": name,
        "release": "blue",
        "run_id": f"run-{name}",
        "attempt": "1",
        "job_label": name,
        "active": True,
        "settled": False,
    }
    return JobEvent(**values | changes)


def life(name: str, **changes: object) -> list[JobEvent]:
    """Return the steps of a Job that ends well."""
    begun = step(name, "ADDED", **changes)
    ended = replace(begun, kind="MODIFIED", active=False)
    return [begun, ended, replace(ended, settled=True)]


GOOD = History(
    pushed=(message(1), message("2"), b"{"),
    results=(result(1, "a"), result("2", "b"), result(None, "c", "failed")),
    jobs=(*life("1"), *life("2")),
    caps={"blue": 1},
    counters=Counters(claimed=3, coalesced=0),
    sound=frozenset({"1", '"2"'}),
)


def test_nothing_wrong() -> None:
    """A history in which every message has one result is good."""
    verdict = check(GOOD)
    assert verdict.is_good
    assert verdict.report() == "lost 0\nanswered twice 0\nabove cap 0\nstuck 0\nneedless 0"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b'{"job_id": 1}', "1"),
        (b'{"job_id": "1"}', '"1"'),
        (b'{"job_id": true}', None),
        (b'{"job_id": 1', None),
        (b"\xff", None),
        (b"[]", None),
        (b'{"job_id": 1, "x": "%s"}' % (b"x" * 210_000), None),
    ],
)
def test_names(raw: bytes, name: str | None) -> None:
    """A message is named by its job_id, type included."""
    assert message_name(raw) == name


def test_a_missing_result_is_lost() -> None:
    """A message without a result is named."""
    verdict = check(replace(GOOD, results=GOOD.results[1:], counters=None))
    assert verdict.lost == ("job 1 has no result",)


def test_a_result_for_the_other_type_is_lost() -> None:
    """A result for "1" does not answer 1."""
    results = (result("1", "a"), *GOOD.results[1:])
    assert check(replace(GOOD, results=results, counters=None)).lost == ("job 1 has no result",)


def test_a_missing_result_of_a_nameless_message_is_lost() -> None:
    """Messages without a job_id are counted."""
    verdict = check(replace(GOOD, results=GOOD.results[:2], counters=None))
    assert verdict.lost == ("1 of 1 messages without a job_id have no result",)


def test_a_message_that_nobody_claimed_is_lost() -> None:
    """What is pushed is claimed or coalesced."""
    verdict = check(replace(GOOD, counters=Counters(claimed=2, coalesced=0)))
    assert len(verdict.lost) == 1
    assert len(verdict.answered_twice) == 1


def test_a_duplicate_that_was_coalesced_is_not_lost() -> None:
    """Of two equal messages in flight one result comes."""
    counters = Counters(claimed=3, coalesced=1)
    assert check(replace(GOOD, pushed=(*GOOD.pushed, message(1)), counters=counters)).is_good


def test_a_claim_without_a_result_is_lost() -> None:
    """A duplicate that was claimed must be answered, too."""
    counters = Counters(claimed=4, coalesced=0)
    verdict = check(replace(GOOD, pushed=(*GOOD.pushed, message(1)), counters=counters))
    assert verdict.lost == ("4 runs were claimed, 3 have a result",)


def test_two_results_of_a_run() -> None:
    """A run with two results is named, and so is its message."""
    verdict = check(replace(GOOD, results=(*GOOD.results, result(1, "a")), counters=None))
    assert verdict.answered_twice == (
        "run a has 2 results",
        "job 1 was pushed 1 times and has 2 results",
    )


def test_two_runs_of_a_message() -> None:
    """A message that was pushed once has one result, whatever its run is called."""
    verdict = check(replace(GOOD, results=(*GOOD.results, result(1, "z")), counters=None))
    assert verdict.answered_twice == ("job 1 was pushed 1 times and has 2 results",)


def test_results_that_answer_nothing() -> None:
    """Results without a message are seen."""
    verdict = check(replace(GOOD, results=(*GOOD.results, result(None, "z")), counters=None))
    assert verdict.answered_twice == ("2 results answer 1 messages without a job_id",)


def test_a_run_with_two_jobs_at_work() -> None:
    """Two attempts of one run do not overlap."""
    jobs = (step("1", run_id="a"), step("1-2", run_id="a", attempt="2", job_label="9"))
    verdict = check(replace(GOOD, jobs=jobs, caps={"blue": 2}))
    assert verdict.answered_twice == ("run a has two Jobs at work: 1, 1-2",)


def test_a_run_of_two_releases() -> None:
    """No release takes the run of another."""
    jobs = (*life("1", run_id="a"), *life("1-2", run_id="a", release="green", job_label="9"))
    verdict = check(replace(GOOD, jobs=jobs, caps={"blue": 1, "green": 1}))
    assert verdict.answered_twice == ("run a has Jobs of blue and green",)


def test_more_jobs_than_the_cap() -> None:
    """One active Job too many is seen, however short."""
    jobs = (step("1", at=1.0), step("2", at=2.0), *life("1")[1:], *life("2")[1:])
    verdict = check(replace(GOOD, jobs=jobs))
    assert verdict.above_cap == ("2.0 s: blue has 2 active Jobs, its cap is 1: 2 is the newest",)


def test_caps_are_of_each_release() -> None:
    """Jobs of another release do not count."""
    jobs = (step("1"), step("2", release="green"), *life("1")[1:], *life("2", release="green")[1:])
    assert check(replace(GOOD, jobs=jobs, caps={"blue": 1, "green": 1})).is_good


def test_a_job_on_a_dead_node_holds_no_slot() -> None:
    """A Job that nobody can end is not counted."""
    jobs = (step("1"), step("1", "LOST"), *life("2"))
    assert check(replace(GOOD, jobs=jobs)).is_good


def test_an_active_job_is_stuck() -> None:
    """A Job that is active at the end is named."""
    verdict = check(replace(GOOD, jobs=(step("1"),)))
    assert verdict.stuck == ("Job 1 of run run-1 is still active",)


def test_a_job_without_cleanup_is_stuck() -> None:
    """A Job that has ended must be labelled; one that was deleted need not."""
    verdict = check(replace(GOOD, jobs=tuple(life("1")[:2])))
    assert verdict.stuck == ("Job 1 of run run-1 has ended and is not cleaned up",)
    deleted = replace(GOOD, jobs=(*life("1")[:2], step("1", "DELETED", active=False)))
    assert check(deleted).is_good


def test_what_redis_still_holds_is_stuck() -> None:
    """Members that should be gone are named with their place."""
    verdict = check(replace(GOOD, leftovers={"inflight": ("a",), "dedup": ()}))
    assert verdict.stuck == ("inflight: a",)


def test_a_sound_message_that_failed() -> None:
    """A message whose analyzer succeeds is completed, unless its Jobs were disturbed."""
    history = replace(GOOD, results=(result(1, "a", "failed"), *GOOD.results[1:]))
    assert len(check(history).needless) == 1
    assert check(replace(history, disturbed=frozenset({"1"}))).is_good


def test_a_sound_message_that_was_given_a_second_attempt() -> None:
    """A message whose analyzer succeeds needs one attempt, unless its Jobs were disturbed."""
    history = replace(GOOD, jobs=(*life("1"), *life("1-2", job_label="1", attempt="2")))
    assert check(history).needless == ("job 1 was given attempt 2 in run run-1-2",)
    assert check(replace(history, disturbed=frozenset({"1"}))).is_good


def test_jobs_made_by_hand_do_not_count() -> None:
    """A Job with labels of ours that somebody made is nobody's fault."""
    history = replace(GOOD, jobs=(*GOOD.jobs, step("x"), step("y")))
    assert not check(history).is_good
    assert check(replace(history, made_by_hand=frozenset({"x", "y"}))).is_good


def test_what_redis_forgot_is_excused() -> None:
    """Messages and runs that were lost with a history of Redis may be missing or repeated."""
    lost = replace(GOOD, results=GOOD.results[1:2], counters=None)
    assert check(replace(lost, forgotten=Forgotten(frozenset({"1"}), nameless=1))).is_good
    twice = replace(GOOD, results=(*GOOD.results, result(1, "a")), counters=None)
    assert check(replace(twice, forgotten=Forgotten(runs=("a",)))).is_good
    again = replace(GOOD, results=(*GOOD.results, result(1, "z")), counters=None)
    assert check(replace(again, forgotten=Forgotten(repeatable=frozenset({"1"})))).is_good


def test_every_loss_excuses_one_result() -> None:
    """A run that was forgotten once has at most two results, one forgotten twice three."""
    results = (*GOOD.results, result(1, "a"), result(1, "a"))
    history = replace(GOOD, results=results, counters=None)
    assert not check(replace(history, forgotten=Forgotten(runs=("a",)))).is_good
    assert check(replace(history, forgotten=Forgotten(runs=("a", "a")))).is_good
