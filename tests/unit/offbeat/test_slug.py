"""Names and labels hold their guarantees for nasty job_ids."""

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.slug import HELM_TEST_JOB_ID_PREFIX, job_name, label_value

RUN_ID = "0123456789abcdef0123456789abcdef"
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._]*[A-Za-z0-9])?")

job_ids = st.integers() | st.text(min_size=1, max_size=128)


@pytest.mark.parametrize(
    ("job_id", "name"),
    [
        (42, "offbeat-42-0123456789abcdef-1"),
        (-7, "offbeat-7-0123456789abcdef-1"),
        ("Mix 042.mp3", "offbeat-mix-042-mp3-0123456789abcdef-1"),
        ("ÄÖÜ", "offbeat-0123456789abcdef-1"),
        ("--", "offbeat-0123456789abcdef-1"),
        ("x" * 128, f"offbeat-{'x' * 28}-0123456789abcdef-1"),
        (f"{'x' * 27}-y", f"offbeat-{'x' * 27}-0123456789abcdef-1"),
        ("../../etc/passwd", "offbeat-etc-passwd-0123456789abcdef-1"),
        (f"-{'x' * 28}", f"offbeat-{'x' * 28}-0123456789abcdef-1"),
        ("XX mix XX", "offbeat-xx-mix-xx-0123456789abcdef-1"),
    ],
)
def test_job_name(job_id: int | str, name: str) -> None:
    """A Job's name shows what it can of the job_id."""
    assert job_name(job_id, RUN_ID, 1) == name


@pytest.mark.parametrize(
    ("job_id", "value"),
    [
        (42, "42"),
        ("mix_042.mp3", "mix_042.mp3"),
        ("Mix 042", "Mix-042-"),
        ("-42", "42-"),
        ("ÄÖÜ", ""),
    ],
)
def test_label_value(job_id: int | str, value: str) -> None:
    """A label shows a valid job_id as it is, and marks any other with its hash."""
    got = label_value(job_id)
    assert got == value or (got.startswith(value.rstrip("-")) and re.search(r"[0-9a-f]{8}$", got))


@pytest.mark.parametrize(
    ("job_id", "value"),
    [
        ("Mix_042.MP3", "Mix_042.MP3"),
        ("Z" * 63, "Z" * 63),
        ("x" * 64, "x" * 54 + "-"),
        ("X!X", "X-X-"),
        ("!", ""),
    ],
)
def test_label_value_to_the_letter(job_id: str, value: str) -> None:
    """What is kept of a job_id, and how long the hash is."""
    digest = hashlib.sha256(job_id.encode()).hexdigest()[:8]
    assert label_value(job_id) == (value + digest if value.endswith("-") or not value else value)


@given(job_ids, st.integers(1, 999))
def test_every_job_name_is_a_dns_label(job_id: int | str, number: int) -> None:
    """Any job_id gives a name that Kubernetes takes, with room for the suffix of a Pod."""
    name = job_name(job_id, RUN_ID, number)
    assert len(name) <= 57
    assert DNS_LABEL.fullmatch(name)


@given(job_ids)
def test_every_label_value_is_valid(job_id: int | str) -> None:
    """Any job_id gives a value that Kubernetes takes."""
    assert len(label_value(job_id)) <= 63
    assert LABEL_VALUE.fullmatch(label_value(job_id))


@given(st.text(min_size=1, max_size=128), st.text(min_size=1, max_size=128))
def test_different_ids_look_different(one: str, other: str) -> None:
    """Two job_ids share a label only if they are the same."""
    assert (label_value(one) == label_value(other)) == (one == other)


def test_another_attempt_has_another_name() -> None:
    """A name is never used again."""
    names = {job_name(42, run_id, n) for run_id in (RUN_ID, RUN_ID[::-1]) for n in (1, 2, 3)}
    assert len(names) == 6


def test_runs_share_a_name_only_if_60_random_bits_are_the_same() -> None:
    """The name of a run that differs in its sixteenth digit is another one."""
    assert job_name(42, "0123456789abcdef", 1) != job_name(42, "0123456789abcdee", 1)


def test_the_label_of_a_helm_test_shows_that_it_is_one() -> None:
    """The launcher knows the Jobs of `helm test` by their label."""
    job_id = f"{HELM_TEST_JOB_ID_PREFIX}offbeat-x7k2p"
    assert label_value(job_id) == job_id
    assert label_value(job_id * 4).startswith(HELM_TEST_JOB_ID_PREFIX)
