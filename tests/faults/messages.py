"""What is pushed, and what the analyzer of each attempt does: pure functions of a seed.

The number of a message decides; so one process can push it and another can play it.
"""

import json
import random
from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Deed", "Message", "deed_for", "messages"]


class Deed(StrEnum):
    """What one pod does."""

    COMPLETE = "complete"
    """Settle, exit 0."""
    LINGER = "linger"
    """Settle, and exit 0 much later."""
    STUMBLE = "stumble"
    """Settle, then crash: the next pod finds the run settled."""
    REFUSE = "refuse"
    """Settle as failed, exit 66."""
    SILENT = "silent"
    """Exit 0 without a result."""
    CRASH = "crash"
    """Exit 70 without a result."""
    KILLED = "killed"
    """Be OOM-killed."""
    EVICTED = "evicted"
    """Be disrupted; another pod follows."""
    NO_IMAGE = "no_image"
    """Wait for an image that does not come."""
    HANG = "hang"
    """Run into the pod's deadline."""
    REFUSE_UNSAID = "refuse_unsaid"
    """Exit 66, but Redis could not be told."""
    GHOST = "ghost"
    """Disappear from the API like the pod of a node that is gone, and settle nevertheless."""
    LOST = "lost"
    """Go on for ever on a node that does not answer."""


_SOUND = (Deed.COMPLETE, Deed.LINGER, Deed.STUMBLE)
_TROUBLED = {
    Deed.COMPLETE: 4,
    Deed.REFUSE: 3,
    Deed.SILENT: 3,
    Deed.CRASH: 3,
    Deed.KILLED: 2,
    Deed.EVICTED: 2,
    Deed.NO_IMAGE: 1,
    Deed.HANG: 1,
    Deed.REFUSE_UNSAID: 1,
    Deed.GHOST: 3,
}
_TROUBLED_SHARE = 0.2
_LOST_SHARE = 0.01


@dataclass(frozen=True)
class Message:
    """One message, and how often it is pushed."""

    raw: bytes
    pushes: int
    job_label: str
    """What its Jobs are labelled with; empty if there will be none."""
    is_sound: bool
    """Whether every attempt at it succeeds."""


def messages(seed: int, count: int) -> list[Message]:
    """Return the messages of a seed, in the order in which they are pushed."""
    return [_message(seed, number) for number in range(count)]


def deed_for(seed: int, job_label: str, attempt: int, pod: int, *, lost: bool = False) -> Deed:
    """Return what a pod does.

    Args:
        seed: Of the whole run.
        job_label: Of its Job.
        attempt: The number of its Job among those of the run.
        pod: How many pods its Job had before.
        lost: Whether some pods are lost on dead nodes, which takes minutes to be noticed.

    """
    choice = random.Random(f"{seed} deed {job_label} {attempt} {pod}")
    if not _is_troubled(seed, job_label):
        return choice.choices(_SOUND, (90, 5, 5))[0] if pod == 0 else Deed.COMPLETE
    if pod > 0 and deed_for(seed, job_label, attempt, 0, lost=lost) is Deed.GHOST:
        return Deed.COMPLETE  # it finds the run settled, unless the ghost is slow
    if lost and choice.random() < _LOST_SHARE / _TROUBLED_SHARE:
        return Deed.LOST
    deed = choice.choices(list(_TROUBLED), list(_TROUBLED.values()))[0]
    if pod > 0 and deed is Deed.NO_IMAGE:
        return Deed.CRASH  # the image of the first pod was there
    return deed


def _is_troubled(seed: int, job_label: str) -> bool:
    return random.Random(f"{seed} troubled {job_label}").random() < _TROUBLED_SHARE


def _message(seed: int, number: int) -> Message:
    choice = random.Random(f"{seed} message {number}")
    kind = choice.random()
    job_id: int | str = number if choice.random() < 0.5 else f"mix-{number}"
    label = str(job_id)
    message = {
        "job_id": job_id,
        "relative_path": "tone.wav",
        "note": "ä" * choice.randrange(30),
        "padding": "x" * choice.choice((0, 0, 0, 1000, 20_000)),
    }
    if kind < 0.02:  # cut off
        return Message(json.dumps(message).encode()[:-1], choice.choice((1, 1, 2)), "", False)
    if kind < 0.025:
        return Message(b"\xff\xfe%d" % number, 1, "", False)
    if kind < 0.03:
        return Message(json.dumps(message | {"more": "y" * 250_000}).encode(), 1, "", False)
    if kind < 0.045:
        message["profile"] = "nobody-has-this"
        return Message(json.dumps(message).encode(), choice.choice((1, 2)), "", False)
    pushes = choice.choice((2, 3)) if kind > 0.95 else 1
    return Message(json.dumps(message).encode(), pushes, label, not _is_troubled(seed, label))
