"""What the client sends is what it was given, and what it finds is what was asked for."""

import json
import os
import re
from typing import cast

import pytest

from offbeat.client import Client, _names
from offbeat.job import Job, JobRefused
from offbeat.store import Store


def encoded(job: Job | dict[str, object]) -> dict[str, object]:
    """Encode a job at 7 s past the epoch, without a Redis."""
    client = Client(cast("Store", None), clock=lambda: 7.0)
    fields: dict[str, object] = json.loads(client._encode(job).raw)
    return fields


@pytest.mark.parametrize("enqueued", [{}, {"enqueued_at": None}])
def test_a_message_says_when_it_was_pushed(enqueued: dict[str, object]) -> None:
    """Two messages of one job differ in it."""
    job: dict[str, object] = {"job_id": 1, "relative_path": "a"}
    assert encoded(job | enqueued) == job | {"enqueued_at": 7.0}


def test_a_model_is_sent_as_the_fields_that_were_set() -> None:
    """Defaults are for the controller to fill in."""
    job = Job(job_id="x", relative_path="é\u00a0.mp3", enqueued_at=1.5)
    assert encoded(job) == {"job_id": "x", "relative_path": "é\u00a0.mp3", "enqueued_at": 1.5}


@pytest.mark.parametrize("name", ["job_id", "relative_path", "own"])
def test_text_that_json_cannot_carry_is_refused(name: str) -> None:
    """No character is replaced by another in silence."""
    job: dict[str, object] = {"job_id": 1, "relative_path": "a", name: os.fsdecode(b"\xe9")}
    said = f'{name} "\\xe9" contains bytes that are not UTF-8'
    with pytest.raises(JobRefused, match=re.escape(said)):
        encoded(job)


def test_a_model_made_of_such_text_is_refused() -> None:
    """Also a model can hold what JSON cannot."""
    job = Job.model_validate({"job_id": 1, "relative_path": "a", "own": "\ud83d"})
    with pytest.raises(JobRefused, match="own"):
        encoded(job)


@pytest.mark.parametrize(
    ("raw", "job_id", "named"),
    [
        (b'{"job_id": 42}', 42, True),
        (b'{"job_id": 42}', "42", True),
        (b'{"job_id": "42"}', 42, True),
        (b'{"job_id": 43}', 42, False),
        (rb'{"job_id": 42, "title": "\ud83d"}', 42, True),
        (b"{}", "None", False),
        (b'{"job_id": true}', "True", False),
        (b"[" * 100_000, 42, False),
        (b"\xff", 42, False),
    ],
)
def test_a_message_names_its_job(raw: bytes, job_id: int | str, named: bool) -> None:
    """Whatever else waits in the queue is passed over."""
    assert _names(raw, job_id) is named
