"""Redis keys share a cluster slot and stay apart."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.keys import Keys


def slot_tag(key: str) -> str:
    """Return the part of a key that Redis Cluster hashes."""
    found = re.search(r"\{([^}]+)\}", key, re.DOTALL)
    return found[1] if found else key


@pytest.mark.parametrize("queue", ["audio_analysis_queue", "{tenant}:jobs"])
def test_every_key_lies_in_the_slot_of_its_queue(queue: str) -> None:
    """A script may touch the queue and all keys of its runs on a Redis Cluster."""
    keys = Keys(queue)
    own = [
        keys.inflight,
        keys.finishing,
        keys.dedup,
        keys.dead,
        keys.stats,
        keys.run("r"),
        keys.settled("r"),
        keys.job(1),
        keys.channel(1),
    ]
    assert {slot_tag(key) for key in own} == {slot_tag(queue)}


def test_the_keys_are_these() -> None:
    """Operators type these names."""
    keys = Keys()
    assert keys.queue == "audio_analysis_queue"
    assert keys.results == "audio_results_queue"
    assert keys.inflight == "{audio_analysis_queue}:inflight"
    assert keys.run("9f") == "{audio_analysis_queue}:run:9f"
    assert keys.job("a") == "{audio_analysis_queue}:job:a"


@given(st.text(st.characters(exclude_characters="{}"), min_size=1), st.text(min_size=1))
def test_keys_of_different_kinds_never_meet(queue: str, name: str) -> None:
    """No run, job or channel is named like another kind of key."""
    keys = Keys(queue)
    own = [
        keys.run(name),
        keys.settled(name),
        keys.job(name),
        keys.channel(name),
        keys.inflight,
        keys.finishing,
        keys.dedup,
        keys.dead,
        keys.stats,
        queue,
    ]
    assert len(set(own)) == len(own)
