"""Plans and messages of the fault suite: a seed decides all of them."""

from tests.faults.checker import message_name
from tests.faults.messages import Deed, deed_for, messages
from tests.faults.plan import FaultKind, make_plan


def test_the_same_seed_gives_the_same_plan() -> None:
    """A failure can be repeated."""
    plans = [make_plan(7, duration_sec=60, every_sec=1, longest_sec=2) for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0] != make_plan(8, duration_sec=60, every_sec=1, longest_sec=2)


def test_a_plan_holds_what_is_asked_for() -> None:
    """Kinds can be chosen and left out, and no fault begins after the end."""
    kinds = [FaultKind.REDIS_KILL, FaultKind.CLOCK]
    plan = make_plan(
        1, duration_sec=60, every_sec=0.5, longest_sec=2, only=kinds, without=[FaultKind.CLOCK]
    )
    assert {fault.kind for fault in plan.faults} == {FaultKind.REDIS_KILL}
    assert max(fault.at for fault in plan.faults) < 60


def test_no_kinds_give_no_faults() -> None:
    """A quiet run has an empty plan."""
    assert make_plan(1, duration_sec=60, every_sec=0.5, longest_sec=2, only=[]).faults == ()


def test_every_kind_is_drawn() -> None:
    """A long plan holds every kind of fault."""
    plan = make_plan(1, duration_sec=2000, every_sec=1, longest_sec=2)
    assert {fault.kind for fault in plan.faults} == set(FaultKind)


def test_names_of_messages_are_unique() -> None:
    """No two messages of a seed have the same job_id."""
    names = [name for found in messages(3, 500) if (name := message_name(found.raw)) is not None]
    assert len(names) == len(set(names))


def test_the_analyzers_of_sound_messages_succeed() -> None:
    """What a sound message's pods do always ends with a result."""
    good = {Deed.COMPLETE, Deed.LINGER, Deed.STUMBLE}
    sound = [found.job_label for found in messages(3, 500) if found.is_sound]
    assert sound
    assert {deed_for(3, label, 1, 0) for label in sound} == good
    assert {deed_for(3, label, 1, 1) for label in sound} == {Deed.COMPLETE}
