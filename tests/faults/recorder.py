"""What became of every Job, as the API server itself tells it: the witness of the checker."""

import asyncio
import time
from collections import Counter
from typing import Literal

from tests.faults.history import JobEvent
from tests.faults.kube import Api, Item

__all__ = ["Recorder"]

_MANAGED = "offbeat.io/release"


class Recorder:
    """Follows all Jobs of all releases by a watch that no fault touches."""

    def __init__(self, api: Api) -> None:
        self.events: list[JobEvent] = []
        self._api = api
        self._latest: dict[str, JobEvent] = {}
        self._lost: set[str] = set()
        self._began = time.monotonic()

    async def run(self) -> None:
        """Follow until cancelled."""
        await self._api.follow("jobs", _MANAGED, self._on_event)

    async def catch_up(self) -> None:
        """Wait until what has happened so far has been seen."""
        listed = await self._api.call(
            "GET", self._api.path("jobs"), query={"labelSelector": _MANAGED}
        )
        there = {item["metadata"]["name"] for item in listed["items"]}
        for _ in range(100):
            if there <= self._latest.keys():
                return
            await asyncio.sleep(0.02)

    def lose(self, job_name: str) -> None:
        """Note that nobody can end the pod of a Job any more."""
        event = self._latest.get(job_name)
        if event is not None:
            self._lost.add(job_name)
            self._note("LOST", event)

    def live(self) -> list[JobEvent]:
        """Return the latest step of every Job that exists and is not labelled as settled."""
        return [event for event in self._latest.values() if not event.settled]

    def unfinished_work(self) -> list[JobEvent]:
        """Return those of them that must come to an end by themselves."""
        return [
            event
            for event in self.live()
            if event.name not in self._lost and not event.name.startswith("handmade-")
        ]

    def active(self) -> Counter[str]:
        """Count the active Jobs of each release."""
        return Counter(event.release for event in self._latest.values() if event.active)

    def _on_event(self, kind: str, item: Item) -> None:
        metadata = item["metadata"]
        labels = metadata.get("labels", {})
        ended = {
            condition["type"]
            for condition in item.get("status", {}).get("conditions") or ()
            if condition["status"] == "True"
        }
        event = JobEvent(
            at=time.monotonic() - self._began,
            kind="MODIFIED",
            name=metadata["name"],
            release=labels.get("offbeat.io/release", ""),
            run_id=labels.get("offbeat.io/run", ""),
            attempt=labels.get("offbeat.io/attempt", ""),
            job_label=labels.get("offbeat.io/job-id", ""),
            active=not ended & {"Complete", "Failed"},
            settled=labels.get("offbeat.io/settled") == "true",
        )
        if kind == "DELETED":
            self._note("DELETED", event)
            self._latest.pop(event.name, None)
            return
        before = self._latest.get(event.name)
        self._latest[event.name] = event
        if before is None:
            self._note("ADDED", event)
        elif (before.active, before.settled) != (event.active, event.settled):
            self._note("MODIFIED", event)

    def _note(self, kind: Literal["ADDED", "MODIFIED", "DELETED", "LOST"], event: JobEvent) -> None:
        at = time.monotonic() - self._began
        self.events.append(
            JobEvent(
                at=at,
                kind=kind,
                name=event.name,
                release=event.release,
                run_id=event.run_id,
                attempt=event.attempt,
                job_label=event.job_label,
                active=event.active,
                settled=event.settled,
            )
        )
