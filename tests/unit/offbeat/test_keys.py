"""Redis keys share a cluster slot and stay apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.keys import QueueKeys


def slot_tag(key: str) -> str:
    """Return the part of a key that Redis Cluster hashes."""
    found = re.search(r"\{([^}]+)\}", key, re.DOTALL)
    return found[1] if found else key


def all_keys(keys: QueueKeys, name: str) -> list[str]:
    """Return a key of every kind."""
    run = keys.run(name)
    return [
        keys.queue,
        keys.schema,
        keys.inflight,
        keys.finishing,
        keys.owners,
        keys.dedup,
        keys.dead,
        keys.dead_bytes,
        keys.stats,
        keys.due(name),
        keys.instances(name),
        run.record,
        run.settled,
        keys.job(name),
        keys.channel(name),
    ]


@pytest.mark.parametrize("queue", ["audio_analysis_queue", "{tenant}:jobs"])
def test_every_key_lies_in_the_slot_of_its_queue(queue: str) -> None:
    """A script may touch the queue and all keys of its runs on a Redis Cluster."""
    assert {slot_tag(key) for key in all_keys(QueueKeys(queue), "x")} == {slot_tag(queue)}


def test_queues_with_one_tag_share_a_slot() -> None:
    """The results can be delivered by the script that settles."""
    keys = QueueKeys("{audio}_jobs", "{audio}_results")
    assert slot_tag(keys.results) == slot_tag(keys.inflight) == "audio"


def test_the_keys_are_these() -> None:
    """Operators type these names."""
    keys = QueueKeys()
    assert keys.queue == "audio_analysis_queue"
    assert keys.results == "audio_results_queue"
    assert keys.inflight == "{audio_analysis_queue}:inflight"
    assert keys.due("a/b/c") == "{audio_analysis_queue}:due:a/b/c"
    assert keys.run("9f").record == "{audio_analysis_queue}:run:9f"
    assert keys.run("9f").settled == "{audio_analysis_queue}:settled:9f"
    assert keys.job("a") == "{audio_analysis_queue}:job:a"


@given(st.text(st.characters(exclude_characters="{}"), min_size=1), st.text(min_size=1))
def test_keys_of_different_kinds_never_meet(queue: str, name: str) -> None:
    """No run, job, owner or channel is named like another kind of key."""
    own = all_keys(QueueKeys(queue), name)
    assert len(set(own)) == len(own)


@given(st.text(min_size=1), st.text(min_size=1))
def test_records_of_runs_begin_with_their_prefix(queue: str, run_id: str) -> None:
    """The scripts build the key of a record from the prefix that they are given."""
    keys = QueueKeys(queue)
    assert keys.run(run_id).record == f"{keys.run_prefix}{run_id}"
    assert keys.due(run_id) == f"{keys.prefix}due:{run_id}"
