"""Real redis-servers for one test or module: alone, failing over behind one address, or a cluster.

Each is a child of the tests, listens on loopback only and is ended by its process id. They keep
nothing on disk unless a test asks for it.
"""

import contextlib
import selectors
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

import redis
from redis.exceptions import RedisError

from offbeat.embedded import find_server
from offbeat.lifeline import die_with_parent

__all__ = ["Cluster", "Proxy", "Server", "until"]

_PATIENCE_SEC = 60.0
_SLOTS = 16_384


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds; a Redis that does not answer yet does not fulfil it."""
    give_up = time.monotonic() + _PATIENCE_SEC
    while time.monotonic() < give_up:
        with contextlib.suppress(RedisError, OSError):
            if condition():
                return
        time.sleep(0.02)
    raise AssertionError(f"this did not come about: {what}")


class Server:
    """A redis-server on a free port; further arguments are its own, without the dashes."""

    def __init__(self, folder: Path, **options: str | int) -> None:
        self.folder = folder
        self.port = _free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it answers, for a user with every right."""
        return f"redis://127.0.0.1:{self.port}/0"

    def url_of(self, user: str, password: str = "secret") -> str:  # noqa: S107 - of tests only
        """Return the URL for a user."""
        return f"redis://{user}:{password}@127.0.0.1:{self.port}/0"

    def client(self) -> redis.Redis:
        """Return a client with every right; close it, or use it as a context."""
        return redis.Redis(port=self.port, socket_timeout=_PATIENCE_SEC)

    def start(self, *, wait: bool = True) -> None:
        """Start it, and wait until it answers unless told otherwise."""
        self.folder.mkdir(parents=True, exist_ok=True)
        defaults: dict[str, str | int] = {
            "save": "",
            "appendonly": "no",
            "bind": "127.0.0.1",
            "repl_diskless_sync_delay": 0,
        }
        options = defaults | {"port": self.port, "dir": str(self.folder)} | self._options
        arguments = [f"--{name.replace('_', '-')} {value}" for name, value in options.items()]
        split = [part for line in arguments for part in (line.split(" ", 1))]
        with (self.folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(find_server()), *split],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - one system call, no locks
            )
        if wait:
            until(self._answers, f"the server on port {self.port} answers")

    def stop(self, *, kill: bool = False) -> None:
        """End it; with `kill` the way a lost machine does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill() if kill else process.terminate()
            process.wait(_PATIENCE_SEC)

    def allow(self, user: str, *rules: str) -> None:
        """Create or change a user; its connections live on, with the new rights."""
        with self.client() as client:
            client.execute_command("ACL", "SETUSER", user, "reset", "on", ">secret", *rules)

    def configure(self, **options: str | int) -> None:
        """Change settings of the running server."""
        with self.client() as client:
            for name, value in options.items():
                client.config_set(name.replace("_", "-"), value)

    def follow(self, master: "Server") -> None:
        """Become a replica, and wait until it has everything."""
        with self.client() as client:
            client.replicaof("127.0.0.1", master.port)
            until(
                lambda: client.info("replication").get("master_link_status") == "up",
                "the replica has caught up",
            )

    def promote(self) -> None:
        """Become a master."""
        with self.client() as client:
            client.replicaof("NO", "ONE")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "redis.log").read_text()[-2000:]
        with self.client() as client:
            return bool(client.ping())


class Proxy:
    """A TCP address in front of servers, as a Kubernetes Service is.

    After a switch new connections go to the new server; those that are open stay where they are.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._peers: dict[socket.socket, socket.socket] = {}
        self._stop_reader, self._stop_writer = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop_writer.send(b"x")
        self._thread.join(_PATIENCE_SEC)
        for each in (self._listener, self._stop_reader, self._stop_writer, *self._peers):
            each.close()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"redis://127.0.0.1:{self.port}/0"

    def switch(self, target: Server) -> None:
        """Lead new connections to another server."""
        self._target = target.port

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stop_reader, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._stop_reader:
                        return
                    if key.fileobj is self._listener:
                        self._accept(selector)
                    elif key.fileobj in self._peers:
                        self._forward(selector, key.fileobj)

    def _accept(self, selector: selectors.BaseSelector) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._target), timeout=_PATIENCE_SEC)
        except OSError:
            client.close()
            return
        for one, other in ((client, server), (server, client)):
            self._peers[one] = other
            selector.register(one, selectors.EVENT_READ)

    def _forward(self, selector: selectors.BaseSelector, source: socket.socket) -> None:
        try:
            data = source.recv(65_536)
            if data:
                self._peers[source].sendall(data)
                return
        except OSError:
            pass
        for end in (source, self._peers[source]):
            selector.unregister(end)
            del self._peers[end]
            end.close()


class Cluster:
    """A Redis Cluster of three masters, and one spare node that can replicate any of them."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [
            Server(
                folder / f"node-{number}",
                cluster_enabled="yes",
                cluster_node_timeout=2_000,
                cluster_require_full_coverage="no",
                cluster_port=_free_port(),
            )
            for number in range(4)
        ]

    def __enter__(self) -> Self:
        for node in self.nodes:
            node.start()
        masters = self.nodes[:3]
        bounds = [index * _SLOTS // 3 for index in range(4)]
        for index, node in enumerate(masters):
            _ask(node, "CLUSTER", "ADDSLOTSRANGE", bounds[index], bounds[index + 1] - 1)
        for node in self.nodes[1:]:
            bus = self.nodes[0]._options["cluster_port"]
            _ask(node, "CLUSTER", "MEET", "127.0.0.1", self.nodes[0].port, bus)
        for node in self.nodes:
            until(partial(self._is_ready, node), f"node {node.port} knows all others")
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.stop(kill=True)

    def owner(self, key: str) -> Server:
        """Return the master that serves a key, as the majority sees it."""
        slot = int(_ask(self._living()[0], "CLUSTER", "KEYSLOT", key))
        for first, last, node, *_ in _ask(self._living()[0], "CLUSTER", "SLOTS"):
            if first <= slot <= last:
                return next(server for server in self.nodes if server.port == node[1])
        raise AssertionError(f"nobody serves {key}")

    def others(self, key: str) -> list[Server]:
        """Return the masters that do not serve a key."""
        owner = self.owner(key)
        ports = {node[1] for _, _, node, *_ in _ask(owner, "CLUSTER", "SLOTS")} - {owner.port}
        return [server for server in self.nodes if server.port in ports]

    def move(self, key: str, to: Server) -> None:
        """Move the slot of a key, with all that is in it, to another master."""
        source, slot = self.owner(key), int(_ask(to, "CLUSTER", "KEYSLOT", key))
        source_id, to_id = _id(source), _id(to)
        _ask(to, "CLUSTER", "SETSLOT", slot, "IMPORTING", source_id)
        _ask(source, "CLUSTER", "SETSLOT", slot, "MIGRATING", to_id)
        while keys := _ask(source, "CLUSTER", "GETKEYSINSLOT", slot, 1000):
            _ask(source, "MIGRATE", "127.0.0.1", to.port, "", 0, 10_000, "KEYS", *keys)
        for node in (to, *(master for master in self.nodes[:3] if master is not to)):
            _ask(node, "CLUSTER", "SETSLOT", slot, "NODE", to_id)

    def fail_over(self, key: str) -> Server:
        """Lose the master of a key; its replica takes over. Return the lost one."""
        lost, spare = self.owner(key), self.nodes[3]
        lost_id = _id(lost)
        until(lambda: _ask(spare, "CLUSTER", "REPLICATE", lost_id), "the spare replicates")
        with spare.client() as client:
            until(
                lambda: client.info("replication").get("master_link_status") == "up",
                "the spare has caught up",
            )
        lost.stop(kill=True)
        _ask(spare, "CLUSTER", "FAILOVER", "TAKEOVER")
        for node in self._living():
            until(
                partial(self._serves, node, spare),
                f"node {node.port} knows who took over",
            )
        return lost

    def _living(self) -> list[Server]:
        return [node for node in self.nodes if node._process is not None]

    def _serves(self, node: Server, server: Server) -> bool:
        """Return whether a node knows another as a master with slots."""
        return any(served[1] == server.port for _, _, served, *_ in _ask(node, "CLUSTER", "SLOTS"))

    def _is_ready(self, node: Server) -> bool:
        info = _ask(node, "CLUSTER", "INFO")
        return b"cluster_state:ok" in info and b"cluster_known_nodes:4" in info


def _id(node: Server) -> str:
    return str(_ask(node, "CLUSTER", "MYID").decode())


def _ask(node: Server, *command: str | int | bytes) -> Any:  # noqa: ANN401 - as Redis gave it
    """Send a command and return its answer as Redis gave it."""
    with node.client() as client:
        client.response_callbacks.clear()
        return client.execute_command(*command)


def _free_port() -> int:
    """Return a port that nobody listens on, and with 10,000 more is still one."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < 55_000:
            return port
