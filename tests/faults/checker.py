"""Whether every message got exactly one result: a pure function of what was seen from outside.

It imports nothing of what it judges, and believes neither the controller's log nor the analyzer's.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass

from tests.faults.history import History

__all__ = ["Verdict", "check", "message_name"]

_LARGEST_MESSAGE = 200 * 1024
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong, each with its id; all are empty if nothing is."""

    lost: tuple[str, ...]
    """Messages without a result."""
    answered_twice: tuple[str, ...]
    """Messages with more results than pushes, runs with two results or two Jobs at work."""
    above_cap: tuple[str, ...]
    """Moments at which a release had more active Jobs than it may."""
    stuck: tuple[str, ...]
    """What is still there at the end."""
    needless: tuple[str, ...]
    """Failures and further attempts of messages that nothing has disturbed."""

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not any(found for _, found in self._lines())

    def report(self) -> str:
        """Return one line a kind, and the ids below it."""
        lines: list[str] = []
        for title, found in self._lines():
            lines.append(f"{title} {len(found)}")
            lines += [f"    {entry}" for entry in found[:_SHOWN]]
            if len(found) > _SHOWN:
                lines.append(f"    … and {len(found) - _SHOWN} more")
        return "\n".join(lines)

    def _lines(self) -> list[tuple[str, tuple[str, ...]]]:
        return [
            ("lost", self.lost),
            ("answered twice", self.answered_twice),
            ("above cap", self.above_cap),
            ("stuck", self.stuck),
            ("needless", self.needless),
        ]


@dataclass(frozen=True)
class _Answer:
    name: str
    run_id: str
    status: str
    reason: str
    text: str


def check(history: History) -> Verdict:
    """Judge a history."""
    answers = [_read(raw) for raw in history.results]
    return Verdict(
        lost=tuple(_lost(history, answers)),
        answered_twice=(*_repeated(history, answers), *_doubled(history)),
        above_cap=tuple(_above_cap(history)),
        stuck=tuple(_stuck(history)),
        needless=(*_needless_failures(history, answers), *_needless_attempts(history)),
    )


def message_name(raw: bytes) -> str | None:
    """Name a message by its job_id as JSON; None for one that need not be understood."""
    if len(raw) > _LARGEST_MESSAGE:
        return None
    try:
        message = json.loads(raw.decode("utf-8"))
    except ValueError:
        return None
    job_id = message.get("job_id") if isinstance(message, dict) else None
    if isinstance(job_id, bool) or not isinstance(job_id, int | str):
        return None
    return json.dumps(job_id)


def _read(raw: bytes) -> _Answer:
    result = json.loads(raw)
    return _Answer(
        name=json.dumps(result.get("job_id")),
        run_id=str(result.get("run_id")),
        status=str(result.get("status")),
        reason=str(result.get("reason", "")),
        text=str(result.get("error", "")),
    )


def _pushes(history: History) -> tuple[Counter[str], Counter[bytes]]:
    named: Counter[str] = Counter()
    nameless: Counter[bytes] = Counter()
    for raw in history.pushed:
        name = message_name(raw)
        if name is None:
            nameless[raw] += 1
        else:
            named[name] += 1
    return named, nameless


def _lost(history: History, answers: list[_Answer]) -> list[str]:
    named, nameless = _pushes(history)
    answered = {answer.name for answer in answers}
    found = [
        f"job {name} has no result"
        for name in named
        if name not in answered and name not in history.forgotten.messages
    ]
    others = sum(answer.name not in named for answer in answers)
    missing = len(nameless) - history.forgotten.nameless - others
    if missing > 0:
        found.append(f"{missing} of {len(nameless)} messages without a job_id have no result")
    counters = history.counters
    if counters is not None:
        if counters.claimed + counters.coalesced < len(history.pushed):
            found.append(
                f"{len(history.pushed)} messages were pushed, but {counters.claimed} were claimed "
                f"and {counters.coalesced} coalesced"
            )
        if len(answers) < counters.claimed:
            found.append(f"{counters.claimed} runs were claimed, {len(answers)} have a result")
    return found


def _repeated(history: History, answers: list[_Answer]) -> list[str]:
    named, nameless = _pushes(history)
    forgotten = history.forgotten
    found: list[str] = []
    again = Counter(forgotten.runs)
    for run_id, results in Counter(answer.run_id for answer in answers).items():
        if results > 1 + again[run_id]:
            found.append(f"run {run_id} has {results} results")
    names = {answer.run_id: answer.name for answer in answers}
    excused = Counter(names[run_id] for run_id in forgotten.runs if run_id in names)
    excused.update(forgotten.repeatable)
    for name, results in Counter(answer.name for answer in answers).items():
        if name in named and results > named[name] + excused[name]:
            found.append(f"job {name} was pushed {named[name]} times and has {results} results")
    others = sum(answer.name not in named for answer in answers)
    if others > nameless.total() + forgotten.nameless:
        found.append(f"{others} results answer {nameless.total()} messages without a job_id")
    counters = history.counters
    if counters is not None and len(answers) > counters.claimed:
        found.append(f"{counters.claimed} runs were claimed, {len(answers)} results came")
    return found


def _doubled(history: History) -> list[str]:
    """Find runs with two Jobs at work at once, or with Jobs of two releases."""
    found: dict[str, None] = {}
    releases: defaultdict[str, set[str]] = defaultdict(set)
    active: defaultdict[str, set[str]] = defaultdict(set)
    for event in history.jobs:
        if event.name in history.made_by_hand:
            continue
        if event.kind == "ADDED":
            releases[event.run_id].add(event.release)
        jobs = active[event.run_id]
        if event.active and event.kind not in {"DELETED", "LOST"}:
            if event.kind == "ADDED" or event.name in jobs:
                jobs.add(event.name)
        else:
            jobs.discard(event.name)
        if len(jobs) > 1:
            found[f"run {event.run_id} has two Jobs at work: {', '.join(sorted(jobs))}"] = None
    for run_id, of in releases.items():
        if len(of) > 1:
            found[f"run {run_id} has Jobs of {' and '.join(sorted(of))}"] = None
    return list(found)


def _above_cap(history: History) -> list[str]:
    found: list[str] = []
    active: defaultdict[str, set[str]] = defaultdict(set)
    worst: dict[str, int] = {}
    for event in history.jobs:
        if event.name in history.made_by_hand:
            continue
        jobs = active[event.release]
        if not event.active or event.kind in {"DELETED", "LOST"}:
            jobs.discard(event.name)
        elif event.kind == "ADDED":
            jobs.add(event.name)
        cap = history.caps.get(event.release, 0)
        if len(jobs) > max(cap, worst.get(event.release, 0)):
            worst[event.release] = len(jobs)
            found.append(
                f"{event.at:.1f} s: {event.release} has {len(jobs)} active Jobs, its cap is {cap}: "
                f"{event.name} is the newest"
            )
    return found


def _stuck(history: History) -> list[str]:
    found = [f"{place}: {entry}" for place, rest in history.leftovers.items() for entry in rest]
    latest = {event.name: event for event in history.jobs if event.kind != "LOST"}
    lost = {event.name for event in history.jobs if event.kind == "LOST"}
    for name, event in latest.items():
        if event.kind == "DELETED" or name in history.made_by_hand | lost:
            continue
        if event.active:
            found.append(f"Job {name} of run {event.run_id} is still active")
        elif not event.settled:
            found.append(f"Job {name} of run {event.run_id} has ended and is not cleaned up")
    return found


def _needless_failures(history: History, answers: list[_Answer]) -> list[str]:
    excused = {json.dumps(label) for label in history.disturbed} | history.disturbed
    return [
        f"job {answer.name} has {answer.status} {answer.reason} in run {answer.run_id}: "
        f"{answer.text[:150]}"
        for answer in answers
        if answer.name in history.sound
        and answer.status != "completed"
        and answer.name not in excused
    ]


def _needless_attempts(history: History) -> list[str]:
    sound = {str(json.loads(name)) for name in history.sound} - history.disturbed
    return [
        f"job {event.job_label} was given attempt {event.attempt} in run {event.run_id}"
        for event in history.jobs
        if event.kind == "ADDED"
        and event.job_label in sound
        and event.attempt != "1"
        and event.name not in history.made_by_hand
        and event.run_id not in history.forgotten.runs
    ]
