"""Whether Redis still holds what this controller wrote, or has lost its history.

It loses it when it is flushed, restored from an old snapshot, or failed over to a replica that
lagged. Each claim leaves a nonce, so a controller that does not find its last one knows; and a
server that is another than before is taken for one that may not know all runs.
"""

import contextlib
import secrets
from collections import deque
from collections.abc import Collection
from typing import cast

import redis.asyncio as redis
from redis.exceptions import AskError, MovedError, ResponseError

__all__ = ["History"]

_MOST_NONCES = 60
_MOST_SUPERSEDED = 1000


class History:
    """The nonces of one controller and the server that it spoke to."""

    def __init__(self) -> None:
        self.lost = True
        """Whether Redis may not know all runs of the owner: so it is at the start."""
        self.instance = secrets.token_hex(6)
        """Name of this controller among those of its owner."""
        self.expected: list[str] = []
        """Nonces of which Redis holds one: the last that was confirmed, and all sent since."""
        self._superseded: deque[str] = deque(maxlen=_MOST_SUPERSEDED)
        self._server: tuple[str | None, ...] | None = None

    @property
    def superseded(self) -> frozenset[str]:
        """Nonces that Redis held once and never holds again."""
        return frozenset(self._superseded)

    def new_nonce(self) -> str:
        """Make a nonce that nobody has used."""
        return secrets.token_hex(8)

    def sent(self, nonce: str) -> None:
        """Note that a nonce is on its way: until an answer comes, Redis may hold it or not."""
        self.expected = [*self.expected[:1], *self.expected[1:][-_MOST_NONCES:], nonce]

    def confirm(self, nonce: str) -> None:
        """Note which nonce Redis holds now."""
        self._superseded.extend(each for each in self.expected if each != nonce)
        self.expected = [nonce]

    def compare(self, found: str, superseded: Collection[str]) -> None:
        """Compare the nonce that Redis holds with those that were sent.

        Args:
            found: What Redis answered; empty if it holds none.
            superseded: `superseded` before Redis was asked: what a claim beside that question has
                replaced meanwhile is no sign of a loss.

        """
        if found in superseded or found not in {*self.expected, *self._superseded}:
            self.lost = True

    async def note_server(self, connection: redis.Connection, *, ask_first: str) -> None:
        """Compare who answers on a new connection with who answered before.

        Args:
            connection: It has just been opened.
            ask_first: A key of the queue. A node of a Redis Cluster that does not serve it says so.

        Raises:
            redis.ConnectionError: Another server answers; the call that needed the connection must
                not go on before the runs are entered again.

        """
        await connection.on_connect()
        await connection.send_command("GET", ask_first)
        try:
            await connection.read_response()
        except (AskError, MovedError):
            raise
        except ResponseError:  # whatever is wrong, the command that follows says it
            pass
        found = [
            await _info(connection, "server", "run_id"),
            await _info(connection, "replication", "master_replid"),
        ]
        server, self._server = self._server, tuple(found)
        if server is not None and server != self._server:
            self.lost = True
            raise redis.ConnectionError("another server answers, which may not know all runs")


async def _info(connection: redis.Connection, section: str, name: str) -> str | None:
    """Ask a connection for one field of INFO; None where the user may not ask."""
    await connection.send_command("INFO", section)
    with contextlib.suppress(ResponseError):
        text = cast("bytes", await connection.read_response()).decode("utf-8", "replace")
        for line in text.splitlines():
            field, _, value = line.partition(":")
            if field == name:
                return value
    return None
