"""What the fault suite excuses after Redis has lost a history, and nothing more."""

import json
from dataclasses import replace

from tests.faults.forgotten import forgotten, merged
from tests.faults.history import Forgotten
from tests.faults.redis_server import Snapshot

ONE, TWO = (json.dumps({"job_id": number}).encode() for number in (1, 2))
EMPTY = Snapshot(queue=[], results=[], taken=[], runs={}, settled=frozenset())


def answer(job_id: int | None, run_id: str) -> bytes:
    """Return a result."""
    return json.dumps({"job_id": job_id, "run_id": run_id}).encode()


def wiped(old: Snapshot, *live: str) -> Forgotten:
    """Return what a wipe excuses."""
    return forgotten(old, None, live=live, perhaps_live=live)


def test_waiting_messages_are_lost_with_the_queue() -> None:
    """A wipe takes what waits, with and without a job_id."""
    assert wiped(replace(EMPTY, queue=[ONE, b"{"])) == Forgotten(frozenset({"1"}), nameless=1)


def test_a_run_with_a_job_is_not_excused() -> None:
    """A run whose Job lives must be answered after a wipe; one without may be missing."""
    old = replace(EMPTY, runs={"a": ONE, "b": TWO})
    assert wiped(old, "a").messages == {"2"}


def test_results_that_nobody_read_are_lost() -> None:
    """A wipe takes results that wait."""
    old = replace(EMPTY, results=[answer(1, "a"), answer(None, "b")])
    assert wiped(old).messages == {"1", "null"}
    assert wiped(old).nameless == 1


def test_a_settled_run_whose_job_lives_may_be_answered_again() -> None:
    """Redis has forgotten that it was settled, and the Job says only that it exists."""
    old = replace(EMPTY, settled=frozenset({"a", "b"}))
    assert wiped(old, "a").runs == ("a",)


def test_a_settled_run_that_holds_its_slot_may_be_answered_again() -> None:
    """Its controller has not let go of what did it: a child of local mode has no label."""
    old = replace(EMPTY, settled=frozenset({"a", "b"}), finishing=frozenset({"b", "c"}))
    assert wiped(old).runs == ("b",)


def test_a_failover_without_loss_excuses_nothing() -> None:
    """Two equal histories differ in nothing."""
    old = Snapshot(
        queue=[ONE], results=[answer(2, "b")], taken=[], runs={"c": TWO}, settled=frozenset("b")
    )
    assert forgotten(old, old, live=["b", "c"], perhaps_live=["b", "c"]) == Forgotten()


def test_a_run_from_before_a_wipe_may_be_answered_again() -> None:
    """The promoted replica had not seen the wipe, nor what was settled before it."""
    new = replace(EMPTY, runs={"a": ONE, "b": TWO, "c": b"{"}, settled=frozenset({"c"}))
    popped = [answer(1, "a"), answer(None, "c"), answer(4, "d")]
    assert forgotten(EMPTY, new, live=[], perhaps_live=[], popped=popped).runs == ("a",)


def test_a_result_that_comes_back_may_be_read_twice() -> None:
    """The consumer had taken it, which the promoted replica does not know."""
    old = replace(EMPTY, taken=[answer(1, "a")])
    new = replace(EMPTY, results=[answer(1, "a")])
    assert forgotten(old, new, live=[], perhaps_live=[]).runs == ("a",)


def test_a_claim_that_was_undone_may_be_answered_twice() -> None:
    """Its run may end before the message is claimed again, and then nobody knows of it."""
    old = replace(EMPTY, runs={"a": ONE})
    new = replace(EMPTY, queue=[ONE])
    found = forgotten(old, new, live=["a"], perhaps_live=["a"])
    assert found == Forgotten(repeatable=frozenset({"1"}))


def test_losses_add_up() -> None:
    """A run that was forgotten twice may be answered twice more."""
    part = Forgotten(frozenset({"1"}), frozenset(), ("a",), 1)
    assert merged([part, part]) == Forgotten(frozenset({"1"}), frozenset(), ("a", "a"), 2)
