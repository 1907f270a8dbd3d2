"""What breaks, and when: a pure function of a seed, printed so that it can be read and repeated."""

import random
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["API_FAULTS", "Fault", "FaultKind", "Plan", "make_plan"]


class FaultKind(StrEnum):
    """One way in which the surroundings of Offbeat misbehave."""

    KILL_CONTROLLER = "kill_controller"
    STOP_CONTROLLER = "stop_controller"
    FREEZE_CONTROLLER = "freeze_controller"
    CLOCK = "clock"
    REDIS_KILL = "redis_kill"
    REDIS_FLUSH = "redis_flush"
    REDIS_FAILOVER = "redis_failover"
    REDIS_LOSSY_FAILOVER = "redis_lossy_failover"
    REDIS_CUT = "redis_cut"
    REDIS_DELAY = "redis_delay"
    REDIS_MUTE = "redis_mute"
    REDIS_FULL = "redis_full"
    REDIS_ACL = "redis_acl"
    API_QUOTA = "api_quota"
    API_RBAC = "api_rbac"
    API_ADMISSION = "api_admission"
    API_INVALID = "api_invalid"
    API_NOT_FOUND = "api_not_found"
    API_CONFLICT = "api_conflict"
    API_THROTTLED = "api_throttled"
    API_ERROR = "api_error"
    API_HANG = "api_hang"
    API_HALF = "api_half"
    API_RESET = "api_reset"
    API_RESET_AFTER = "api_reset_after"
    WATCH_CUT = "watch_cut"
    WATCH_SILENT = "watch_silent"
    WATCH_LYING = "watch_lying"
    DELETE_JOBS = "delete_jobs"
    DELETE_PODS = "delete_pods"
    BROKEN_LABELS = "broken_labels"


API_FAULTS = frozenset(
    kind for kind in FaultKind if kind.startswith(("api_", "watch_")) and kind != "watch_cut"
)
"""Those that the proxy before the API server plays by itself while they last."""

_WEIGHTS = dict.fromkeys(FaultKind, 2.0) | {
    FaultKind.KILL_CONTROLLER: 6.0,
    FaultKind.STOP_CONTROLLER: 1.0,
    FaultKind.REDIS_KILL: 3.0,
    FaultKind.REDIS_FLUSH: 0.7,
    FaultKind.REDIS_LOSSY_FAILOVER: 0.7,
    FaultKind.REDIS_FAILOVER: 1.5,
    FaultKind.API_RESET_AFTER: 4.0,
    FaultKind.BROKEN_LABELS: 1.0,
}

ACL_COMMANDS = (
    *("hincrby", "lpush", "rpop", "hset", "hget", "hdel", "zadd", "zrem", "zcard", "lindex"),
    *("set", "get", "expire", "hsetnx", "zscore", "blmove", "evalsha", "zrangebyscore", "info"),
)
"""Commands that the user of the controllers may lose for a while."""


@dataclass(frozen=True)
class Fault:
    """One fault."""

    at: float
    """Seconds after the start."""
    kind: FaultKind
    lasts: float
    """Seconds."""
    share: float
    """Of the requests, events, Jobs or pods that it concerns."""
    target: int
    """Which controller, command or variation: taken modulo how many there are."""

    def __str__(self) -> str:
        """Return a line for a person."""
        return (
            f"{self.at:7.1f} s  {self.kind:20}  lasts {self.lasts:4.1f} s  "
            f"share {self.share:.2f}  target {self.target}"
        )


@dataclass(frozen=True)
class Plan:
    """All faults of one run of the suite, in time."""

    seed: int
    duration_sec: float
    """How long messages are pushed and things break; calm follows."""
    faults: tuple[Fault, ...]

    def __str__(self) -> str:
        """Return the plan as text."""
        head = f"seed {self.seed}: {len(self.faults)} faults in {self.duration_sec:.0f} s"
        return "\n".join([head, *map(str, self.faults)])


def make_plan(
    seed: int,
    *,
    duration_sec: float,
    every_sec: float,
    longest_sec: float,
    only: Collection[FaultKind] | None = None,
    without: Collection[FaultKind] = (),
) -> Plan:
    """Draw a plan.

    Args:
        seed: Decides everything.
        duration_sec: How long things break.
        every_sec: Mean time between two faults.
        longest_sec: The longest that one lasts.
        only: The kinds to draw from; all if `None`.
        without: Kinds to leave out.

    """
    choice = random.Random(f"{seed} plan")
    wanted = FaultKind if only is None else only
    kinds = [kind for kind in wanted if kind not in without]
    weights = [_WEIGHTS[kind] for kind in kinds]
    faults: list[Fault] = []
    at = 2.0
    while kinds and at < duration_sec:
        at += choice.expovariate(1 / every_sec)
        faults.append(
            Fault(
                at=round(at, 2),
                kind=choice.choices(kinds, weights)[0],
                lasts=round(choice.uniform(0.2, longest_sec), 2),
                share=round(choice.choice((0.1, 0.3, 0.5, 1.0)), 2),
                target=choice.randrange(1000),
            )
        )
    return Plan(seed, duration_sec, tuple(fault for fault in faults if fault.at < duration_sec))
