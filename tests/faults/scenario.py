"""What is started: which controllers, with which settings."""

import json
import math
import struct
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.controllers import ControllerProcess, inherited

__all__ = ["NODE_LABEL", "SCENARIOS", "Pace", "Scenario", "make_controllers", "write_kubeconfig"]

NODE_LABEL = "offbeat-faults"
"""Label and taint of the node that is played."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Which installations share the queue."""

    name: str
    releases: Mapping[str, int]
    """Release → replicas of its controller."""
    local_cap: int = 0
    """Slots of a local mode beside them; 0 for none."""


SCENARIOS = {
    found.name: found
    for found in (
        Scenario(name="cluster", releases={"blue": 3}),
        Scenario(name="two-releases", releases={"blue": 2, "green": 2}),
        Scenario(name="local-beside", releases={"blue": 2}, local_cap=2),
    )
}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast everything goes."""

    cap: int
    """Of each release."""
    longest_sec: float
    """An analysis takes at most that."""
    job_ttl_sec: int
    with_lost_nodes: bool = False
    """Whether some pods are lost on dead nodes, which takes a minute or two to be noticed."""


def write_kubeconfig(path: Path, url: str) -> Path:
    """Write a kubeconfig for a server that asks for no credentials."""
    named = {"cluster": "faults", "user": "faults", "namespace": "faults"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "faults",
        "clusters": [{"name": "faults", "cluster": {"server": url}}],
        "users": [{"name": "faults", "user": {"token": "none"}}],
        "contexts": [{"name": "faults", "context": named}],
    }
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def make_controllers(
    scenario: Scenario,
    pace: Pace,
    folder: Path,
    *,
    environment: Mapping[str, str],
    health_ports: list[int],
) -> list[ControllerProcess]:
    """Prepare the controllers of a scenario; none is started.

    Args:
        scenario: Which there are.
        pace: How fast everything goes.
        folder: Where they run and log.
        environment: Settings of all: where Redis, the queues and the cluster are.
        health_ports: A free port for each.

    """
    if scenario.local_cap:
        _write_tone(folder / "audio" / "tone.wav")
    jobs_file = folder / "jobs.json"
    jobs_file.write_text(json.dumps(_jobs()), encoding="utf-8")
    common = inherited() | {
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "OFFBEAT_MAX_CONCURRENT_JOBS": str(pace.cap),
        "OFFBEAT_JOB_TTL_SEC": str(pace.job_ttl_sec),
        "OFFBEAT_RECONCILE_INTERVAL_SEC": "2",
        "OFFBEAT_IMAGE_GRACE_SEC": "2",
        "OFFBEAT_PENDING_TIMEOUT_SEC": "120",
        "OFFBEAT_PARK_DEADLINE_SEC": "600",
        "OFFBEAT_SHARED_MOUNT_PATH": str(folder / "audio"),
    }
    common |= environment
    ports = iter(health_ports)
    found: list[ControllerProcess] = []
    for release, replicas in scenario.releases.items():
        for number in range(replicas):
            settings = common | {
                "OFFBEAT_RELEASE": release,
                "OFFBEAT_JOBS_FILE": str(jobs_file),
                "OFFBEAT_HEALTH_PORT": str(next(ports)),
            }
            found.append(ControllerProcess(f"{release}-{number}", settings, folder))
    if scenario.local_cap:
        settings = common | {
            "OFFBEAT_MAX_CONCURRENT_JOBS": str(scenario.local_cap),
            "OFFBEAT_HEALTH_PORT": str(next(ports)),
        }
        found.append(ControllerProcess("local", settings, folder, program="local"))
    return found


def _write_tone(path: Path) -> None:
    """Write the file that every message names: half a second of 440 Hz."""
    path.parent.mkdir()
    frames = (round(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(4000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", frame) for frame in frames))


def _jobs() -> dict[str, Any]:
    profile = {
        "image": "example.org/played:1",
        "backoffLimit": 2,
        "runDeadlineSec": 600,
        "totalDeadlineSec": 3600,
        "nodeSelector": {NODE_LABEL: "played"},
        "tolerations": [{"key": NODE_LABEL, "operator": "Exists"}],
    }
    return {"profiles": {"default": profile}}
