"""The Redis under test: a server that can be killed, wiped and replaced by its replica."""

import asyncio
import contextlib
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from offbeat.embedded import find_server
from offbeat.lifeline import die_with_parent

__all__ = ["RedisServer", "Redises", "Snapshot"]

_START_SEC = 20.0
_PAUSE_SEC = 0.05

_SNAPSHOT = """
local function list(key) return redis.call('LRANGE', key, 0, -1) end
local prefix = ARGV[1]
local runs = {}
for _, run_id in ipairs(redis.call('ZRANGE', prefix .. 'inflight', 0, -1)) do
  runs[#runs + 1] = run_id
  runs[#runs + 1] = redis.call('HGET', prefix .. 'run:' .. run_id, 'raw') or ''
end
local settled = redis.call('KEYS', '*:settled:*')
local finishing = redis.call('ZRANGE', prefix .. 'finishing', 0, -1)
local answer = {list(KEYS[1]), list(KEYS[2]), list(KEYS[3]), runs, settled, finishing}
if ARGV[2] == '1' then redis.call('FLUSHALL') end
return answer
"""


@dataclass(frozen=True)
class Snapshot:
    """What matters of one Redis history at one moment."""

    queue: list[bytes]
    results: list[bytes]
    taken: list[bytes]
    """Results that the consumer has moved away."""
    runs: dict[str, bytes]
    """Run without a result → its message."""
    settled: frozenset[str]
    finishing: frozenset[str] = frozenset()
    """Settled runs whose controller still holds their slot, and so whatever did them."""


class RedisServer:
    """One redis-server with everything on disk, and one user for the controllers."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.port = _free_port()
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        # Without repeats: a command that was cut off may have been carried out.
        self.client = redis.Redis(port=self.port, socket_timeout=20.0, retry=Retry(NoBackoff(), 0))

    async def start(self) -> None:
        """Start it on what its folder holds, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "redis.conf"
        config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {self.folder}\nsave ''\n"
            "appendonly yes\nappendfsync always\nmaxmemory-policy noeviction\n"
            f"user controller on >{self._password} ~* &* +@all\n"
            "repl-diskless-sync-delay 0\nenable-debug-command yes\n",
            encoding="utf-8",
        )
        self._spawn(config)
        async with asyncio.timeout(_START_SEC):
            while True:
                with contextlib.suppress(RedisError, OSError):
                    await self.client.ping()
                    return
                await asyncio.sleep(_PAUSE_SEC)

    def _spawn(self, config: Path) -> None:
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [find_server(), config],
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - it only calls prctl
            )

    def kill(self) -> None:
        """End it by SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def snapshot(self, queue: str, results: str, taken: str, *, wipe: bool) -> Snapshot:
        """Read what matters, and forget everything in the same moment if asked to."""
        prefix = f"{queue}:" if "{" in queue else f"{{{queue}}}:"
        found = await self.client.eval(_SNAPSHOT, 3, queue, results, taken, prefix, int(wipe))
        waiting, answered, moved, runs, settled, finishing = found
        return Snapshot(
            queue=waiting,
            results=answered,
            taken=moved,
            runs={key.decode(): raw for key, raw in zip(runs[::2], runs[1::2], strict=True)},
            settled=frozenset(key.decode().rpartition(":")[2] for key in settled),
            finishing=frozenset(run_id.decode() for run_id in finishing),
        )


class Redises:
    """The server that serves, and how another takes its place."""

    def __init__(self, folder: Path) -> None:
        self.password = secrets.token_hex(12)
        self._folder = folder
        self._made = 0
        self.master = self._make()
        self._demoted: list[RedisServer] = []

    async def start(self) -> None:
        """Start the first master."""
        await self.master.start()

    async def close(self) -> None:
        """End all servers."""
        for server in (self.master, *self._demoted):
            server.kill()
            await server.client.aclose()

    async def standby(self) -> RedisServer:
        """Start a replica of the master, and return it when it has all data."""
        replica = self._make()
        await replica.start()
        await replica.client.replicaof("127.0.0.1", self.master.port)
        async with asyncio.timeout(_START_SEC):
            while (await replica.client.info("replication"))["master_link_status"] != "up":
                await asyncio.sleep(_PAUSE_SEC)
        return replica

    async def promote(self, replica: RedisServer) -> None:
        """Let a replica take over without losing a write; the old master becomes its replica."""
        old = self.master
        await old.client.execute_command("CLIENT", "PAUSE", 10_000, "WRITE")  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(_START_SEC):
                while await _offset(replica, "slave_repl_offset") < await _offset(
                    old, "master_repl_offset"
                ):
                    await asyncio.sleep(0.01)
            await replica.client.replicaof("NO", "ONE")
            self.master = replica
            await old.client.replicaof("127.0.0.1", replica.port)
        finally:
            await old.client.execute_command("CLIENT", "UNPAUSE")  # type: ignore[no-untyped-call]
        self._demoted.append(old)

    async def replace(self, replica: RedisServer) -> None:
        """Let a replica that was promoted some time ago take over; the old master is gone."""
        old, self.master = self.master, replica
        old.kill()
        await old.client.aclose()
        shutil.rmtree(old.folder, ignore_errors=True)

    def _make(self) -> RedisServer:
        self._made += 1
        return RedisServer(self._folder / f"redis-{self._made}", self.password)


async def _offset(server: RedisServer, field: str) -> int:
    return int((await server.client.info("replication"))[field])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
