"""Two hundred messages at once: one result for each, also when the controller is killed twice."""

import json
import threading
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from offbeat.keys import LABEL_ATTEMPT, LABEL_RUN
from offbeat.result import CompletedResult, FailedResult
from tests.e2e.installation import AnyResult, Installation, eventually, run
from tests.e2e.watch import ActiveJobs

pytestmark = pytest.mark.e2e

CAP = 6  # controller.maxConcurrentJobs in cluster/values.yaml
MESSAGES, MALFORMED, TWINS = 200, 20, 20


@dataclass(frozen=True)
class Burst:
    """What is pushed: `valid` and `malformed` are distinct, `messages` holds the twins too."""

    messages: list[bytes]
    valid: dict[str, bytes]
    malformed: list[bytes]


def burst(name: str, music: list[str]) -> Burst:
    """Make 200 messages: 160 valid ones, 20 of them a second time byte for byte, and 20 malformed.

    Half of the twins stand beside each other, half at both ends of the queue.
    """

    def valid(number: int) -> bytes:
        path = music[number % len(music)] if number % 10 == 0 else "tone-2s.wav"
        return json.dumps({"job_id": f"{name}-{number}", "relative_path": path}).encode()

    def malformed(number: int) -> bytes:
        kinds = [b'{"job_id": "%s-%d"', b'{"job_id": "bad-%s-%d"}', b"%s %d is not JSON"]
        return kinds[number % 3] % (name.encode(), number)

    good = [valid(number) for number in range(MESSAGES - MALFORMED - TWINS)]
    bad = [malformed(number) for number in range(MALFORMED)]
    messages: list[bytes] = []
    for number, raw in enumerate(good):
        messages += [raw, raw] if 50 <= number < 50 + TWINS // 2 else [raw]
        messages += [bad[number // 8]] if number % 8 == 0 else []
    messages += good[: TWINS // 2]
    assert len(messages) == MESSAGES
    return Burst(messages, {json.loads(raw)["job_id"]: raw for raw in good}, bad)


def settle_all(installation: Installation, *, timeout_sec: float) -> list[AnyResult]:
    """Consume results until nothing is under way."""
    results: list[AnyResult] = []

    def done() -> bool:
        results.extend(installation.pop_all())
        return installation.under_way() == 0

    eventually(done, timeout_sec=timeout_sec, what="the end of the burst", every_sec=0.5)
    return results + installation.pop_all()


def check(
    installation: Installation,
    sent: Burst,
    results: list[AnyResult],
    *,
    before: dict[str, int],
) -> None:
    """One result for every run, one run for every message or its twin."""
    after = installation.counters()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    tally = f"{grown}, {Counter(type(r).__name__ for r in results)}"
    assert grown["claimed"] + grown.get("coalesced", 0) == MESSAGES, tally
    assert len(results) == grown["claimed"] == grown["settled"], tally
    assert len({result.run_id for result in results}) == len(results), "a run was answered twice"

    completed = [result for result in results if isinstance(result, CompletedResult)]
    failed = [result for result in results if isinstance(result, FailedResult)]
    assert {result.job_id for result in completed} == set(sent.valid)
    assert len(failed) == MALFORMED, [result.error for result in failed]
    assert all(result.reason == "invalid_job" for result in failed)

    runs = {result.run_id for result in completed}
    jobs = [job["metadata"]["labels"] for job in installation.objects("jobs")]
    attempts = Counter(labels[LABEL_RUN] for labels in jobs if labels[LABEL_RUN] in runs)
    assert set(attempts) == runs, "a result without a Job"
    assert {labels[LABEL_ATTEMPT] for labels in jobs if labels[LABEL_RUN] in runs} == {"1"}

    for key in (installation.keys.inflight, installation.keys.finishing, installation.keys.dedup):
        assert installation.redis.exists(key) == 0, f"{key} is not empty"
    assert installation.redis.llen(installation.keys.queue) == 0


def controller_pod(installation: Installation) -> dict[str, Any]:
    """Return the newest pod of the controller."""
    pods = installation.objects("pods", "app.kubernetes.io/component=controller")
    return max(pods, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))


def kill_process(installation: Installation) -> None:
    """Send SIGKILL to the controller's process, from the node."""
    find_and_kill = (
        "for p in /proc/[0-9]*; do if tr '\\0' ' ' <$p/cmdline 2>/dev/null |"
        " grep -q -- '^/opt/venv/bin/python -m controller'; then"
        " kill -9 ${p#/proc/} && echo killed; fi; done"
    )
    said = run("docker", "exec", installation.settings.node, "sh", "-c", find_and_kill)
    assert "killed" in said


def kill_pod(installation: Installation) -> None:
    """Take the controller's pod away without grace."""
    name = controller_pod(installation)["metadata"]["name"]
    installation.kubectl("delete", "pod", name, "--force", "--grace-period=0")


@pytest.mark.usefixtures("audio")
def test_a_burst_gets_one_result_for_every_message(
    installation: Installation, music: list[str]
) -> None:
    """And the cap is never exceeded."""
    sent = burst("calm", music)
    before = installation.counters()
    with ActiveJobs(installation) as active:
        installation.push(*sent.messages)
        results = settle_all(installation, timeout_sec=420)
    check(installation, sent, results, before=before)
    assert 1 < active.peak <= CAP


@pytest.mark.usefixtures("audio")
def test_nothing_is_lost_or_doubled_when_the_controller_is_killed(
    installation: Installation, music: list[str]
) -> None:
    """Once its process, with `kill -9`; once its pod, without grace."""
    sent = burst("killed", music)
    before = installation.counters()

    def settled() -> int:
        return installation.counters().get("settled", 0) - before.get("settled", 0)

    def kill() -> None:
        eventually(lambda: settled() >= 50, timeout_sec=240, what="50 results")
        kill_process(installation)
        eventually(lambda: settled() >= 110, timeout_sec=240, what="110 results")
        kill_pod(installation)
        killed.set()

    killed = threading.Event()
    killer = threading.Thread(target=kill, daemon=True)
    with ActiveJobs(installation) as active:
        installation.push(*sent.messages)
        killer.start()
        results = settle_all(installation, timeout_sec=540)
    killer.join(timeout=10)
    assert killed.is_set(), "the burst was over before the second kill"
    check(installation, sent, results, before=before)
    assert 1 < active.peak <= CAP
