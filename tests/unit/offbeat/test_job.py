"""Messages become jobs, or a sentence that their producer understands."""

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offbeat.failure import FailureReason
from offbeat.job import (
    MAX_MESSAGE_BYTES,
    CueTrack,
    Job,
    JobOptions,
    JobRefused,
    encode_message,
    legible_job_id,
    parse_job,
    refuse_oversized,
)
from offbeat.schema import schemas


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
        (message(job_id=None), "invalid_job", "of 1 to 128 printable characters (got null)"),
        (message(options=[[]]), "invalid_job", "options must be a JSON object (got [[]])"),
        (message(options=[1]), "invalid_job", "options must be a JSON object (got [1])"),
        (message(options={"stems": []}), "invalid_job", "options.stems must be a valid boolean"),
        (message(profile=[]), "invalid_job", "profile must be a valid string (got [])"),
        (message(cue_tracks=cues(-1)), "invalid_job", "cue_tracks[0].start_time_sec"),
        (message(cue_tracks=cues("1:00")), "invalid_job", 'must be a valid number (got "1:00")'),
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


ABSENT = [
    {"options": []},
    {"options": {}},
    {"options": None},
    {"options": {"stems": None, "bpm_min": None, "bpm_max": None}},
    {"profile": None},
    {"cue_tracks": None},
    {"cue_tracks": []},
    {"file_path": None},
    {"enqueued_at": None},
    {"traceparent": None},
]


@pytest.mark.parametrize("fields", ABSENT)
def test_null_and_what_php_makes_of_nothing_are_absent(fields: dict[str, object]) -> None:
    """An optional field that is null, and an empty array in place of options, say nothing."""
    job = parse_job(message(**fields))
    assert (job.profile, job.options, job.sorted_cues()) == ("default", JobOptions(), [])


@pytest.mark.parametrize(
    "name", ["end_time_sec", "artist", "track_id", "transition_start_sec", "own"]
)
def test_an_optional_field_of_a_track_may_be_null(name: str) -> None:
    """Encoders that write every field of a class write null for what is unknown."""
    job = parse_job(message(cue_tracks=[{"title": "x", "start_time_sec": 0, name: None}]))
    assert job.sorted_cues()[0].model_dump()[name] is None


def fits_the_schema(fields: Mapping[str, object]) -> bool:
    """Check a job as a validator in another language does."""
    schema = json.loads(schemas()["job.schema.json"])
    return jsonschema.Draft202012Validator(schema).is_valid(fields)


@pytest.mark.parametrize("fields", ABSENT)
def test_the_schema_accepts_what_is_absent(fields: dict[str, object]) -> None:
    """A producer that checks against the schema is told the same."""
    assert fits_the_schema(json.loads(message(**fields)))


@pytest.mark.parametrize(
    "fields", [{"options": [[]]}, {"options": [1]}, {"profile": []}, {"options": {"stems": []}}]
)
def test_the_schema_refuses_what_the_parser_refuses(fields: dict[str, object]) -> None:
    """Only an empty array stands for no options."""
    assert not fits_the_schema(json.loads(message(**fields)))


HALVES = [r"\ud83d", r"\uDE00", r"\ud83d\ud83d", r"\ud83dx", r"\ude00\ud83d", r"\\\ud83d"]


def escaped(name: str, text: str) -> bytes:
    """Write a good job with one field as it stands in JSON."""
    return message(**{name: "@"}).replace(b'"@"', f'"{text}"'.encode())


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", ["tenant", "traceparent"])
def test_half_a_character_in_free_text_is_replaced(name: str, half: str) -> None:
    """A text that was cut in the middle of an emoji costs nobody the job."""
    text = parse_job(escaped(name, f"a{half}b")).model_dump()[name]
    assert text.startswith("a")
    assert "\ufffd" in text
    assert not any("\ud800" <= part <= "\udfff" for part in text)


def test_half_a_character_in_a_title_is_replaced() -> None:
    """Titles are what is most often cut."""
    raw = message(cue_tracks=cues(0)).replace(b'"x"', rb'"Sunrise \ud83c"')
    assert parse_job(raw).sorted_cues()[0].title == "Sunrise \ufffd"


def test_whole_pairs_and_escaped_backslashes_are_left_alone() -> None:
    """Only what stands for no character is replaced."""
    job = parse_job(escaped("own", r"\ud83d\ude00 \\ud83d \u00e9 \ud83d"))
    assert job.model_dump()["own"] == "\U0001f600 \\ud83d é \ufffd"


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("name", ["relative_path", "file_path", "profile"])
def test_half_a_character_in_what_must_be_exact_is_refused(name: str, half: str) -> None:
    """No other file may be analysed in place of the one that was meant."""
    with pytest.raises(JobRefused) as refused:
        parse_job(escaped(name, f"/a{half}"))
    assert str(refused.value).startswith(f"{name} contains half of a surrogate pair (got ")
    assert refused.value.reason is FailureReason.INVALID_JOB
    assert refused.value.job_id == 42


def test_half_a_character_in_a_job_id_is_refused() -> None:
    """A job_id comes back unchanged or not at all."""
    with pytest.raises(JobRefused, match="job_id contains half of a surrogate pair") as refused:
        parse_job(escaped("job_id", r"mix-\ud83d"))
    assert refused.value.job_id is None


def oversized(head: bytes) -> JobRefused:
    """Refuse a message of 100 MB that begins so."""
    return refuse_oversized(head, 100_000_000)


def test_an_oversized_message_is_refused_by_its_head_as_it_is_whole() -> None:
    """The controller, which sees the first 4 KiB, says what the client says."""
    raw = message(padding="x" * MAX_MESSAGE_BYTES)
    with pytest.raises(JobRefused) as whole:
        parse_job(raw)
    by_head = refuse_oversized(raw[:4096], len(raw))
    assert (str(by_head), by_head.reason) == (str(whole.value), whole.value.reason)
    assert (by_head.job_id, whole.value.job_id) == (42, 42)


@pytest.mark.parametrize(
    ("head", "job_id"),
    [
        (b'{"job_id": 42, "audio": "UklG', 42),
        (b'{"job_id": "a, b", "audio": "UklG', "a, b"),
        (b'{"audio": [1, 2, {"x": "y"}], "job_id": 7, "x": [1', 7),
        (b'{"job_id": 42, "title": "\xc3', 42),
        (b'{"job_id": 42, "title": "\\ud8', 42),
        (rb'{"job_id": 42, "title": "\ud83d", "x": "', 42),
        (b'{"job_id": 42, "title": "caf\xe9", "x": "', 42),
        (b'{"job_id": 4', None),
        (b'{"job_id": 42', None),
        (b'{"job_id": -', None),
        (b'{"job_id": "mix', None),
        (b'{"job_id": "mix, 0', None),
        (b'{"audio": [1, 2], "job_id": 4', None),
        (b'{"job": {"job_id": 42, "x": 1}, "audio": "UklG', None),
        (b'[{"job_id": 42, "x": 1}, {"job_id": 43', None),
        (b'{"title": "\\"job_id\\": 42, ", "x": "', None),
        (b'{"job_id": true, "x": "', None),
        (b'{"job_id": 4.2, "x": "', None),
        (rb'{"job_id": "\ud83d", "x": "', None),
        (b'{"job_id": "caf\xe9", "x": "', None),
        (b"\x1f\x8b\x08\x00", None),
        (b"", None),
    ],
)
def test_the_job_id_in_a_head_is_whole_or_none(head: bytes, job_id: int | str | None) -> None:
    """Only a job_id at the top level that certainly ends within the head is read."""
    assert oversized(head).job_id == job_id


@given(st.integers() | st.text(min_size=1, max_size=128), st.text(max_size=30), st.integers(0, 400))
def test_no_cut_changes_a_job_id(job_id: int | str, title: str, size: int) -> None:
    """Wherever a message is cut, its job_id is the one that was sent, or none."""
    raw = json.dumps({"title": title, "job_id": job_id, "x": [title]}, ensure_ascii=False).encode()
    found = oversized(raw[:size]).job_id
    assert found is None or (found, type(found)) == (job_id, type(job_id))


@pytest.mark.parametrize(
    ("raw", "job_id"),
    [
        (message(), 42),
        (message(relative_path=7), 42),
        (message(padding="x" * MAX_MESSAGE_BYTES), 42),
        (b'{"relative_path": "a", "job_id": "x"}', "x"),
        (b"{}", None),
        (b'{"job_id": null}', None),
        (b"[" * 100_000, None),
        (b"7", None),
    ],
)
def test_the_job_id_of_any_message(raw: bytes, job_id: int | str | None) -> None:
    """It is read also where the message is not a job."""
    assert legible_job_id(raw) == job_id


GOOD = {"job_id": 42, "relative_path": "mixes/042.mp3"}


def test_what_is_encoded_is_utf_8_as_it_was_given() -> None:
    """Nothing is escaped that need not be, and nothing is replaced."""
    job = GOOD | {"relative_path": "L’été\u00a0\u2028\U0001f468\u200d\U0001f469.flac"}
    assert parse_job(encode_message(job)).relative_path == job["relative_path"]


def test_values_that_json_lacks_become_text() -> None:
    """A UUID and a path are what Python producers have at hand."""
    name = uuid.UUID(int=7)
    job = parse_job(encode_message({"job_id": name, "relative_path": Path("a/b.mp3")}))
    assert (job.job_id, job.path) == (str(name), "a/b.mp3")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"relative_path": os.fsdecode(b"a/caf\xe9.mp3")},
            "which JSON cannot carry: rename the file or folder",
        ),
        (
            {"relative_path": Path(os.fsdecode(b"caf\xe9.mp3"))},
            'relative_path "caf\\xe9.mp3" contains bytes that are not UTF-8',
        ),
        ({"own": "a\ud83d\n"}, 'own "a\\ud83d\\n" contains half of a surrogate pair'),
        (
            {"cue_tracks": [{"title": "x"}, {"title": "\udce9"}]},
            'cue_tracks[1].title "\\xe9" contains bytes that are not UTF-8',
        ),
        ({"a\udce9": 1}, 'a\\xe9 "a\\xe9" contains bytes that are not UTF-8'),
        ({"own": {"\ud83d": 1}}, 'own.\\ud83d "\\ud83d" contains half of a surrogate pair'),
        ({"relative_path": b"caf\xe9.mp3"}, "b'caf\\xe9.mp3' is bytes: decode it to text"),
        ({"own": float("nan")}, "the job cannot be written as JSON: Out of range float values"),
        ({"own": {(1, 2): 3}}, "the job cannot be written as JSON: keys must be str"),
    ],
)
def test_what_json_cannot_carry_is_refused(fields: dict[str, object], said: str) -> None:
    """Nothing is replaced in silence, and the sentence can be printed anywhere."""
    with pytest.raises(JobRefused) as refused:
        encode_message(GOOD | fields)
    assert said in str(refused.value)
    assert str(refused.value).isprintable()
    assert (refused.value.reason, refused.value.job_id) == (FailureReason.INVALID_JOB, 42)


def test_a_job_id_that_cannot_be_carried_is_not_reported() -> None:
    """A result with it could not be written either."""
    with pytest.raises(JobRefused, match="job_id") as refused:
        encode_message(GOOD | {"job_id": "\udce9"})
    assert refused.value.job_id is None


any_text = st.text(st.characters(exclude_categories=[]), max_size=40)


@given(any_text, any_text)
def test_any_text_is_carried_exactly_or_refused(path: str, title: str) -> None:
    """No character of a path or a title changes on its way."""
    track = {"title": title, "start_time_sec": 0}
    try:
        job = parse_job(encode_message(GOOD | {"relative_path": path, "cue_tracks": [track]}))
    except JobRefused as refused:
        str(refused).encode()
        return
    assert (job.path, job.sorted_cues()[0].title) == (path, title)


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
