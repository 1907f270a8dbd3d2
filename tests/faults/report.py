"""What is told and kept of one run of the suite, beside the verdict."""

import json
import statistics
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from tests.faults.controllers import ControllerProcess
from tests.faults.history import History

__all__ = ["figures_of", "keep", "log_notes"]


def keep(history: History, folder: Path) -> None:
    """Write down what the checker judges, for whoever looks for the reason."""
    with (folder / "jobs.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(event)) + "\n" for event in history.jobs)
    (folder / "results.jsonl").write_bytes(b"\n".join(history.results))
    (folder / "pushed.jsonl").write_bytes(b"\n".join(history.pushed))


def log_notes(controllers: list[ControllerProcess]) -> list[str]:
    """Return what the controllers logged as errors, how often, and how they ended."""
    notes: list[str] = []
    for controller in controllers:
        notes += controller.ended_by_itself
        errors: Counter[str] = Counter()
        for line in controller.log.read_bytes().splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                if b"Traceback" in line:
                    errors["Traceback"] += 1
                continue
            if isinstance(entry, dict) and entry.get("level", "").upper() in {"ERROR", "CRITICAL"}:
                errors[str(entry.get("message", entry))[:120]] += 1
        notes += [f"{controller.name} logged {n}×: {text}" for text, n in errors.most_common(5)]
    return notes


def figures_of(history: History, took_sec: float) -> str:
    """Say in one line what was done, and how it ended."""
    created = sum(event.kind == "ADDED" for event in history.jobs)
    statuses = Counter(
        f"{result['status']} {result.get('reason', '')}".strip()
        for result in map(json.loads, history.results)
    )
    told = ", ".join(f"{number} {status}" for status, number in statuses.most_common())
    ended: dict[str, float] = {}
    waits: list[float] = []
    for event in history.jobs:
        if not event.active and event.name not in ended:
            ended[event.name] = event.at
        if event.settled and event.kind == "MODIFIED":
            waits.append(event.at - ended[event.name])
    median = statistics.median(waits) if waits else 0.0
    return (
        f"{len(history.pushed)} pushes, {created} Jobs, {len(history.results)} results in "
        f"{took_sec:.0f} s: {told}; "
        f"from the end of a Job to its label {median:.2f} s (median)"
    )
