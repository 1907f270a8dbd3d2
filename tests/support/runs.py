"""The runs of one owner without Redis: what a loop asks for, and what it says."""

from collections.abc import AsyncIterator, Collection, Mapping

from offbeat.errors import RedisUnreachable
from offbeat.result import CancelledResult, CompletedResult, FailedResult
from offbeat.runs import Claim, Claims, RunState
from offbeat.store import RunRecord

__all__ = ["MemoryRuns"]

Result = CompletedResult | FailedResult | CancelledResult


class MemoryRuns:
    """A Redis that always answers, unless `errors` holds something to raise for the next call."""

    def __init__(self) -> None:
        self.owner = "us"
        self.history_lost = False
        self.records_by_id: dict[str, RunRecord] = {}
        self.settled_ids: set[str] = set()
        self.due_ids: list[str] = []
        self.messages: list[bytes] = []
        self.cap_is_reached = False
        self.errors: dict[str, list[Exception]] = {}
        """What the next calls of a method raise."""
        self.said: list[tuple[object, ...]] = []
        """Every call that changes something."""
        self.delays: dict[str, float] = {}
        self.answers: dict[str, object] = {}
        """What `launching` and `launched` answer."""

    @property
    def store(self) -> "MemoryRuns":
        """The view that everybody has."""
        return self

    def know(self, run_id: str, state: str = "launched", attempt: int = 1, **more: str) -> None:
        """Enter a run."""
        fields = {"owner": "us", "state": state, "attempt": str(attempt), "job_id": "1"}
        fields |= {"raw": '{"job_id": 1, "relative_path": "a.wav"}'} | more
        self.records_by_id[run_id] = RunRecord.from_hash(
            run_id, {name.encode(): text.encode() for name, text in fields.items()}
        )

    def fail_next(self, method: str, *errors: Exception) -> None:
        """Let the next calls of a method fail; by default as if Redis were away."""
        self.errors[method] = list(errors) or [RedisUnreachable("no Redis")]

    def now(self) -> float:
        """Return a time."""
        return 1_000_000.0

    async def wait(self, timeout_sec: float) -> bool:
        """Say whether a message waits."""
        self._fail("wait")
        return bool(self.messages)

    async def claim(self, *, cap: int, most: int, max_results: int | None = None) -> Claims:
        """Claim what waits."""
        self._fail("claim")
        self.said.append(("claim", cap, most, max_results))
        if self.cap_is_reached:
            return Claims([], more=False, full=True)
        taken, self.messages = self.messages[:most], self.messages[most:]
        claims = [Claim(f"run-{raw.decode()}", raw) for raw in taken]
        return Claims(claims, more=bool(self.messages), full=False)

    async def due(self, *, most: int, put_off_sec: float) -> list[str]:
        """Return what is due."""
        self._fail("due")
        taken, self.due_ids = self.due_ids[:most], self.due_ids[most:]
        return taken

    async def records(
        self, run_ids: Collection[str], *, with_message: bool = False
    ) -> dict[str, RunRecord]:
        """Return what is known."""
        self._fail("records")
        return {
            run_id: self.records_by_id[run_id] for run_id in run_ids if run_id in self.records_by_id
        }

    async def not_in_flight(self, run_ids: Collection[str]) -> list[str]:
        """Return those that are unknown or have ended."""
        self._fail("not_in_flight")
        known = self.records_by_id
        return [
            run_id
            for run_id in run_ids
            if run_id not in known or known[run_id].state not in set(RunState)
        ]

    async def settled(self, run_ids: Collection[str]) -> set[str]:
        """Return those with a result."""
        self._fail("settled")
        return self.settled_ids & set(run_ids)

    async def put_off(self, delays: Mapping[str, float]) -> None:
        """Note when to look again."""
        self._fail("put_off")
        self.delays |= delays

    async def launching(self, run_id: str, *, number: int) -> bool:
        """Note it."""
        self._fail("launching")
        self.said.append(("launching", run_id, number))
        return bool(self.answers.get("launching", True))

    async def launched(
        self, run_id: str, *, job_id: int | str, number: int, job_name: str, look_again_sec: float
    ) -> str:
        """Note it."""
        self._fail("launched")
        self.said.append(("launched", run_id, job_id, number, job_name, look_again_sec))
        return str(self.answers.get("launched", "ok"))

    async def parked(
        self, run_id: str, *, job_id: int | str, number: int, why: str, since: float | None
    ) -> float:
        """Note it."""
        self._fail("parked")
        self.said.append(("parked", run_id, job_id, number, why, since))
        return since or self.now()

    async def settle(
        self,
        result: Result,
        *,
        raw: bytes | None,
        holds_slot: bool,
        message_bytes: int | None = None,
    ) -> bool:
        """Deliver a result."""
        self._fail("settle")
        won = result.run_id not in self.settled_ids
        self.settled_ids.add(result.run_id)
        reason = result.reason.value if isinstance(result, FailedResult) else None
        self.said.append(("settle", result.run_id, reason, holds_slot, won, message_bytes))
        return won

    async def register(
        self,
        run_id: str,
        *,
        raw: bytes,
        job_id: int | str,
        number: int,
        state: RunState,
        job_name: str = "",
    ) -> str:
        """Enter a run again."""
        self._fail("register")
        self.said.append(("register", run_id, job_id, number, state.value, job_name))
        return "registered"

    async def give_back(self, run_id: str) -> bool:
        """Put a message back into the queue."""
        self.said.append(("give_back", run_id))
        return True

    async def release(self, run_ids: Collection[str]) -> None:
        """Free slots."""
        self._fail("release")
        self.said += [("release", run_id) for run_id in run_ids]

    async def disown(self, run_ids: Collection[str]) -> None:
        """Forget runs."""
        self._fail("disown")
        self.said += [("disown", run_id) for run_id in run_ids]

    async def join(self) -> None:
        """Enter a controller."""
        self._fail("join")
        self.said.append(("join",))
        self.history_lost = False

    async def heartbeat(self) -> None:
        """Say that a controller is alive."""
        self._fail("heartbeat")
        self.said.append(("heartbeat",))

    async def survey(self) -> None:
        """Compare Redis with itself."""
        self._fail("survey")
        self.said.append(("survey",))

    async def pages(self) -> AsyncIterator[list[str]]:
        """Yield all runs of this owner."""
        self._fail("pages")
        yield list(self.records_by_id)

    def _fail(self, method: str) -> None:
        if self.errors.get(method):
            raise self.errors[method].pop(0)
