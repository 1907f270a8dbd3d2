"""What a Redis history that ended took with it: a pure comparison of two snapshots."""

import json
from collections import Counter
from collections.abc import Collection, Iterable

from tests.faults.checker import message_name
from tests.faults.history import Forgotten
from tests.faults.redis_server import Snapshot

__all__ = ["forgotten", "merged"]


def forgotten(
    old: Snapshot,
    new: Snapshot | None,
    *,
    live: Collection[str],
    perhaps_live: Collection[str],
    popped: Iterable[bytes] = (),
) -> Forgotten:
    """Return what may be missing or repeated after `old` was replaced by `new`.

    Args:
        old: The history that ended, at its last moment.
        new: The history that goes on, at its first; None if everything was wiped.
        live: Runs with a Job that is not yet labelled as settled: a controller enters these again.
        perhaps_live: Runs that may have one, or an analyzer that may still settle.
        popped: All results that the consumer has had, of this history and of those before.

    """
    new = new or Snapshot([], [], [], {}, frozenset())
    missing: set[str] = set()
    repeatable: set[str] = set()
    runs: set[str] = set()
    nameless = 0

    waiting = Counter(old.queue) - Counter(new.queue) - Counter(new.runs.values())
    unknown = [raw for run_id, raw in old.runs.items() if run_id not in new.runs]
    unknown_without_job = [
        raw
        for run_id, raw in old.runs.items()
        if run_id not in new.runs and run_id not in live and raw not in new.queue
    ]
    for raw in (*waiting, *unknown_without_job):
        name = message_name(raw)
        if name is None:
            nameless += 1
        else:
            missing.add(name)
    # A run that ends before its message is claimed again is one that nobody remembers.
    repeatable |= {name for raw in unknown if (name := message_name(raw)) and raw in new.queue}
    # Claimed and settled in the history that ended, and waiting again in the one that goes on.
    back = Counter(new.queue) - Counter(old.queue)
    answered = {_name(raw) for raw in (*old.results, *old.taken)}
    repeatable |= {name for raw in back if (name := message_name(raw)) and name in answered}

    delivered = Counter(new.results) + Counter(new.taken)
    for raw in (Counter(old.results) - delivered).elements():  # nobody had read it yet
        if _name(raw) == "null":
            nameless += 1
        missing.add(_name(raw))
    taken_before = set(old.taken)
    runs |= {_run(raw) for raw in new.results if raw in taken_before}
    # Whoever still works on what had its result enters it again or settles it once more.
    open_runs = {*perhaps_live, *old.finishing, *new.runs}
    runs |= {run_id for run_id in old.settled - new.settled if run_id in open_runs}
    # Back from a history before `old`: a replica that was promoted had not seen a wipe.
    runs |= {_run(raw) for raw in popped} & (new.runs.keys() - new.settled)
    return Forgotten(frozenset(missing), frozenset(repeatable), tuple(sorted(runs)), nameless)


def merged(parts: Iterable[Forgotten]) -> Forgotten:
    """Return all of several losses as one."""
    found = list(parts)
    return Forgotten(
        frozenset().union(*(part.messages for part in found)),
        frozenset().union(*(part.repeatable for part in found)),
        tuple(run_id for part in found for run_id in part.runs),
        sum(part.nameless for part in found),
    )


def _name(result: bytes) -> str:
    return json.dumps(json.loads(result).get("job_id"))


def _run(result: bytes) -> str:
    return str(json.loads(result).get("run_id"))
