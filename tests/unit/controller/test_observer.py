"""What the loops of a controller tell each other, and what the probes make of it."""

from controller.observer import Observer


class Clock:
    """A monotonic clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_silence() -> None:
    """Only a silence beyond the limit of its loop counts, and a tick ends it."""
    clock = Clock()
    observer = Observer(monotonic=clock)
    observer.expect("dispatch", within_sec=10)
    observer.expect("reconcile", within_sec=60)
    clock.now += 10.0
    assert observer.silent_loops() == {}
    clock.now += 1.04
    assert observer.silent_loops() == {"dispatch": 11.0}
    observer.tick("dispatch")
    assert observer.silent_loops() == {}
    clock.now += 60
    assert observer.silent_loops() == {"dispatch": 60.0, "reconcile": 71.0}
    clock.now += 0.26
    assert observer.silent_loops() == {"dispatch": 60.3, "reconcile": 71.3}


def test_a_tick_of_a_loop_that_nobody_expects() -> None:
    """It is no silence later."""
    clock = Clock()
    observer = Observer(monotonic=clock)
    observer.tick("watch")
    clock.now += 1e6
    assert observer.silent_loops() == {}


def test_it_is_not_ready_before_the_first_reconciliation() -> None:
    """What Redis and the cluster hold is unknown until then."""
    observer = Observer()
    assert observer.last_error() == "the first reconciliation has not ended yet"
    observer.worked("reconcile")
    assert observer.last_error() is None


def test_errors_are_told_until_their_part_works() -> None:
    """One part that works says nothing of another."""
    observer = Observer()
    observer.worked("reconcile")
    observer.failed("dispatch", "no Redis")
    observer.failed("reconcile", "no API")
    observer.worked("reconcile")
    assert observer.last_error() == "no Redis"
    observer.worked("dispatch")
    observer.worked("dispatch")
    assert observer.last_error() is None


def test_nothing_is_claimed_before_redis_knows_the_runs() -> None:
    """And not while it has forgotten them."""
    observer = Observer()
    assert not observer.may_claim()
    observer.runs_known.set()
    assert observer.may_claim()
    observer.runs_known.clear()
    assert not observer.may_claim()


def test_a_missing_permission_of_one_part() -> None:
    """It keeps the controller from claiming until that part has it."""
    observer = Observer()
    observer.worked("reconcile")
    observer.runs_known.set()
    observer.permission_missing("launching", "cannot create jobs")
    observer.permission_missing("reconcile", "cannot list pods")
    observer.failed("dispatch", "no Redis")
    assert observer.last_error() == "cannot create jobs"
    observer.permission_granted("launching")
    assert not observer.may_claim()
    assert observer.last_error() == "cannot list pods"
    observer.permission_granted("reconcile")
    observer.permission_granted("reconcile")
    assert observer.may_claim()
    assert observer.last_error() == "no Redis"


def test_no_slot_is_free_at_first() -> None:
    """Nobody has said so yet."""
    assert not Observer().slot_freed.is_set()
