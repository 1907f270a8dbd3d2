"""Messages become jobs, or a sentence that their producer understands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.failure import FailureReason
from offbeat.job import MAX_MESSAGE_BYTES, CueTrack, Job, JobRefused, parse_job


def message(**fields: object) -> bytes:
    """Write a good job with some fields changed."""
    return json.dumps({"job_id": 42, "relative_path": "mixes/042.mp3"} | fields).encode()


def cues(*starts: object) -> list[dict[str, object]]:
    """Write cue tracks that start at these times."""
    return [{"title": "x", "start_time_sec": start} for start in starts]


def test_the_example_of_the_contract_is_a_job() -> None:
    """The message that the documentation shows is read in full."""
    job = parse_job(
        b'{"job_id": 42, "relative_path": "mixes/042.mp3",'
        b'"cue_tracks": [{"title": "Intro", "start_time_sec": 0.0},'
        b'{"title": "Second", "start_time_sec": 312.5}],'
        b'"profile": "default", "options": {"stems": false, "bpm_min": 70, "bpm_max": 180},'
        b'"enqueued_at": 1732400000.1, "traceparent": "00-ab-cd-01"}'
    )
    assert job.job_id == 42
    assert job.path == "mixes/042.mp3"
    assert job.options.bpm_max == 180
    assert [cue.title for cue in job.sorted_cues()] == ["Intro", "Second"]


@pytest.mark.parametrize("job_id", [0, -1, 2**63, 10**30, "a", "42", "ü" * 128, "a b/c:d"])
def test_a_job_id_comes_back_unchanged(job_id: int | str) -> None:
    """Numbers beyond 64 bits and strings of digits keep value and type."""
    parsed = parse_job(message(job_id=job_id)).job_id
    assert (parsed, type(parsed)) == (job_id, type(job_id))


def test_unknown_fields_are_kept() -> None:
    """A producer may carry its own data."""
    job = parse_job(message(tenant={"id": 7}))
    assert job.model_dump()["tenant"] == {"id": 7}


def test_unsorted_cues_are_sorted() -> None:
    """The order of cue tracks is by time, whatever the message says."""
    job = parse_job(message(cue_tracks=cues(30, 10.5, 20)))
    assert [cue.start_time_sec for cue in job.sorted_cues()] == [10.5, 20, 30]


@pytest.mark.parametrize(
    ("raw", "reason", "said"),
    [
        (b"", "invalid_job", "not JSON"),
        (b"\xff\xfe", "invalid_job", "not JSON"),
        (b'{"job_id": NaN}', "invalid_job", "not JSON"),
        (b"[1]", "invalid_job", "must be a JSON object, not an array"),
        (b"null", "invalid_job", "not null"),
        (b'{"relative_path": "a"}', "invalid_job", "job_id is missing"),
        (message(job_id=True), "invalid_job", "job_id must be an integer or a string"),
        (message(job_id=1.0), "invalid_job", "job_id must be an integer or a string"),
        (message(job_id=""), "invalid_job", "job_id must be an integer or a string"),
        (message(job_id=" "), "invalid_job", "job_id must be an integer or a string"),
        (message(job_id="a\nb"), "invalid_job", "job_id must be an integer or a string"),
        (message(job_id="x" * 129), "invalid_job", "job_id must be an integer or a string"),
        (message(relative_path=None), "invalid_job", "needs relative_path"),
        (message(file_path="/a"), "invalid_job", "both relative_path and file_path"),
        (message(relative_path=7), "invalid_job", "relative_path must be a valid string (got 7)"),
        (message(relative_path="a\0b"), "path_not_allowed", "a\\0b: a path must not contain NUL"),
        (message(relative_path="../a"), "path_not_allowed", "must not contain '..'"),
        (message(relative_path="a/../../b"), "path_not_allowed", "must not contain '..'"),
        (message(relative_path="/a"), "path_not_allowed", "send file_path"),
        (message(relative_path=None, file_path="a"), "path_not_allowed", "must be absolute"),
        (message(cue_tracks={}), "invalid_job", "cue_tracks must be a JSON array"),
        (message(cue_tracks=cues(-1)), "invalid_job", "cue_tracks[0].start_time_sec"),
        (message(cue_tracks=cues("1:00")), "invalid_job", "must be a valid number (got '1:00')"),
        (message(cue_tracks=cues(5, 5)), "invalid_job", "two cue_tracks that start at 5 s"),
        (message(cue_tracks=[{"title": "x"}]), "invalid_job", "start_time_sec is missing"),
        (message(cue_tracks=[{}]), "invalid_job", "(and 1 more: cue_tracks[0].start_time_sec)"),
        (
            message(cue_tracks=[{"title": "x", "start_time_sec": 5, "end_time_sec": 5}]),
            "invalid_job",
            "end_time_sec must be greater than start_time_sec",
        ),
        (message(profile="No Such"), "invalid_job", "profile must match pattern"),
        (message(options={"stems": 1}), "invalid_job", "options.stems must be a valid boolean"),
        (message(options={"bpm_min": 180, "bpm_max": 70}), "invalid_job", "bpm_min must be less"),
        (message(padding="x" * MAX_MESSAGE_BYTES), "invalid_job", "204,800 are allowed"),
    ],
)
def test_each_kind_of_malformed_message_has_its_sentence(
    raw: bytes, reason: str, said: str
) -> None:
    """A message that is no job is refused with a reason and a readable error."""
    with pytest.raises(JobRefused) as refused:
        parse_job(raw)
    assert refused.value.reason is FailureReason(reason)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "raw",
    [
        message(relative_path=7),
        message(relative_path="../a"),
        message(padding="x" * MAX_MESSAGE_BYTES),
    ],
)
def test_a_refused_message_keeps_its_legible_job_id(raw: bytes) -> None:
    """The failed result can name the job wherever its job_id can be read."""
    with pytest.raises(JobRefused) as refused:
        parse_job(raw)
    assert refused.value.job_id == 42


def test_the_largest_message_allowed_is_a_job() -> None:
    """The limit itself is still allowed."""
    padding = MAX_MESSAGE_BYTES - len(message(padding=""))
    assert parse_job(message(padding="x" * padding)).job_id == 42


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
job_fields = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys([*Job.model_fields, "other"], json_values),
        "job_id": st.integers() | st.text(max_size=140) | json_values,
        "relative_path": st.text(max_size=40) | json_values,
        "cue_tracks": st.lists(
            st.fixed_dictionaries({}, optional=dict.fromkeys(CueTrack.model_fields, json_values)),
            max_size=3,
        ),
    },
)


def refused_or_parsed(raw: bytes) -> None:
    """Parse a message, and look at whichever of the two outcomes it has."""
    outcome: Job | JobRefused
    try:
        outcome = parse_job(raw)
    except JobRefused as refused:
        outcome = refused
    if isinstance(outcome, Job):
        assert outcome.path
    else:
        assert str(outcome).strip()
        assert outcome.reason in {FailureReason.INVALID_JOB, FailureReason.PATH_NOT_ALLOWED}


@given(st.binary(max_size=200))
def test_any_bytes_are_a_job_or_refused(raw: bytes) -> None:
    """No bytes at all make the parser fail in a third way."""
    refused_or_parsed(raw)


@given(job_fields)
def test_any_json_is_a_job_or_refused(fields: dict[str, object]) -> None:
    """No JSON object makes the parser fail in a third way."""
    refused_or_parsed(json.dumps(fields).encode())


@given(st.text(min_size=1, max_size=60))
def test_no_accepted_path_leaves_the_mount_as_text(path: str) -> None:
    """A relative path that is accepted is relative and climbs nowhere."""
    try:
        job = parse_job(message(relative_path=path))
    except JobRefused:
        return
    assert not job.path.startswith("/")
    assert ".." not in job.path.split("/")
    assert "\0" not in job.path
