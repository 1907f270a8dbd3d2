"""What is written down while a system is under faults, for the checker to judge afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Counters", "Forgotten", "History", "JobEvent"]


@dataclass(frozen=True, kw_only=True)
class JobEvent:
    """One step in the life of a Job, in the order of the API server."""

    at: float
    """When it was seen, seconds since the start."""
    kind: Literal["ADDED", "MODIFIED", "DELETED", "LOST"]
    """`LOST`: nobody can end its pod any more, so it counts against no cap."""
    name: str
    release: str
    run_id: str
    attempt: str
    job_label: str
    active: bool
    """Neither complete nor failed."""
    settled: bool
    """Labelled for cleanup."""


@dataclass(frozen=True)
class Counters:
    """What Redis counted, if it never lost its history."""

    claimed: int
    coalesced: int


@dataclass(frozen=True)
class Forgotten:
    """What was lost together with a Redis history, and what may therefore be missing or repeated.

    Messages are named as by `checker.message_name`; those without a name count in `nameless`.
    """

    messages: frozenset[str] = frozenset()
    """Need no result."""
    repeatable: frozenset[str] = frozenset()
    """Messages that may be answered once more than they were pushed."""
    runs: tuple[str, ...] = ()
    """May have one result more, for every time that they are here."""
    nameless: int = 0


@dataclass(frozen=True, kw_only=True)
class History:
    """All that is known about one run of the suite."""

    pushed: tuple[bytes, ...]
    results: tuple[bytes, ...]
    """In the order in which a consumer popped them."""
    jobs: tuple[JobEvent, ...]
    caps: Mapping[str, int]
    """Release → the most Jobs that may be active at once."""
    counters: Counters | None = None
    leftovers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Place → what is still there at the end and should not be."""
    forgotten: Forgotten = Forgotten()
    sound: frozenset[str] = frozenset()
    """Messages whose every attempt succeeds unless somebody disturbs it."""
    disturbed: frozenset[str] = frozenset()
    """Labels of the jobs whose Jobs, pods or launches a fault has ended."""
    made_by_hand: frozenset[str] = frozenset()
    """Jobs that are no work of the controller's."""
