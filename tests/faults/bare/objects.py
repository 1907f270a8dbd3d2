"""The objects of one namespace and their history: what etcd is to the API server."""

import asyncio
import copy
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["Change", "Item", "Objects", "Taken", "stamp"]

Item = dict[str, Any]

_KEPT = 20_000
"""Changes that a watch can go back to; an older resourceVersion is answered with 410."""


class Taken(Exception):
    """An object of this name exists."""


@dataclass(frozen=True)
class Change:
    """One step of one object's life; `before` is None for a new object, `after` for a deleted one.

    The version of a deletion is that of the deletion, not of the object.
    """

    version: int
    before: Item | None
    after: Item | None


class Objects:
    """Objects of one kind. What is stored is never changed, only replaced."""

    def __init__(self, versions: Callable[[], int]) -> None:
        self.items: dict[str, Item] = {}
        self.changes: deque[Change] = deque(maxlen=_KEPT)
        self.listeners: list[Callable[[Change], None]] = []
        """Called at once with every change, in order."""
        self._versions = versions
        self._changed = asyncio.Event()

    def create(self, item: Item) -> Item:
        """Store a new object.

        Raises:
            Taken: The name is taken.

        """
        item = copy.deepcopy(item)
        metadata = item["metadata"]
        if "name" not in metadata:
            metadata["name"] = f"{metadata.get('generateName', '')}{uuid.uuid4().hex[:5]}"
        if metadata["name"] in self.items:
            raise Taken(metadata["name"])
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": stamp()}
        return self._store(None, item)

    def replace(self, name: str, change: Callable[[Item], None]) -> Item | None:
        """Change a copy of an object and store it; return it, or None if there is none."""
        before = self.items.get(name)
        if before is None:
            return None
        after = copy.deepcopy(before)
        change(after)
        return before if after == before else self._store(before, after)

    def delete(self, name: str) -> Item | None:
        """Remove an object and return it, or None if there is none."""
        before = self.items.pop(name, None)
        if before is not None:
            self._note(Change(self._versions(), before, None))
        return before

    async def changed(self, timeout_sec: float) -> None:
        """Wait for a change, or for the time to be up."""
        waiting = self._changed
        try:
            async with asyncio.timeout(timeout_sec):
                await waiting.wait()
        except TimeoutError:
            return

    def _store(self, before: Item | None, after: Item) -> Item:
        version = self._versions()
        after["metadata"]["resourceVersion"] = str(version)
        self.items[after["metadata"]["name"]] = after
        self._note(Change(version, before, after))
        return after

    def _note(self, change: Change) -> None:
        self.changes.append(change)
        for listener in self.listeners:
            listener(change)
        waiting, self._changed = self._changed, asyncio.Event()
        waiting.set()


def stamp(*, after_sec: float = 0.0) -> str:
    """Return the time as the API server writes it."""
    return (datetime.now(UTC) + timedelta(seconds=after_sec)).strftime("%Y-%m-%dT%H:%M:%SZ")
