"""The job: one message of the analysis queue, from bytes to a checked model and back.

`parse_job` is the only door. It either returns a `Job` or raises `JobRefused`, whose text is
written for the producer who has to correct the message. `encode_message` is the way back: what it
writes says exactly what it was given, or it refuses.
"""

import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, from_json

from offbeat.failure import FailureReason
from offbeat.json_text import (
    HEAD_BYTES,
    MAX_MESSAGE_BYTES,
    REPLACEMENT,
    escaped,
    fields_with_halves,
    halves,
    job_id_of,
    legible_job_id,
    shown,
    without_halves,
)
from offbeat.payload import explain, explain_string, explain_wrapping, hidden_job_id

__all__ = [
    "MAX_MESSAGE_BYTES",
    "CueTrack",
    "Job",
    "JobId",
    "JobOptions",
    "JobRefused",
    "encode_message",
    "legible_job_id",
    "parse_job",
    "refuse_oversized",
]

MAX_CUE_TRACKS = 2_000

_EXACT_FIELDS = ("relative_path", "file_path", "profile")


class JobRefused(Exception):
    """A message that can never become a run.

    It carries the `reason`, a sentence for the producer and the `job_id` if that was legible.
    """

    def __init__(
        self, reason: FailureReason, message: str, job_id: int | str | None = None
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.job_id = job_id


def _printable(value: str) -> str:
    if not value.isprintable() or not value.strip():
        raise ValueError("must be 1 to 128 printable characters")
    return value


JobId = (
    StrictInt
    | Annotated[StrictStr, Field(min_length=1, max_length=128), AfterValidator(_printable)]
)


def _absent(default: Callable[[], object], *absent: object) -> Callable[[object], object]:
    """Build a validator that reads null, and what else stands for it, as an absent field."""
    return lambda value: default() if value is None or value in absent else value


Seconds = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Text = Annotated[StrictStr, Field(max_length=1_000)]
ProfileName = Annotated[StrictStr, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]


class CueTrack(BaseModel):
    """One track that the producer knows of; times in seconds on the untrimmed clock of the file."""

    model_config = ConfigDict(extra="allow", frozen=True)

    title: Text
    start_time_sec: Seconds
    end_time_sec: Seconds | None = Field(None, description="default: where the next track starts")
    artist: Text | None = None
    track_id: JobId | None = Field(None, description="default: 1, 2, 3 … in order of time")
    transition_start_sec: Seconds | None = Field(
        None, description="where the mix into this track begins"
    )

    @model_validator(mode="after")
    def _ends_after_its_start(self) -> Self:
        if self.end_time_sec is not None and self.end_time_sec <= self.start_time_sec:
            raise ValueError("end_time_sec must be greater than start_time_sec")
        return self


class JobOptions(BaseModel):
    """What the producer asks for beyond the default figures."""

    model_config = ConfigDict(extra="allow", frozen=True)

    stems: Annotated[
        StrictBool, BeforeValidator(_absent(bool), json_schema_input_type=StrictBool | None)
    ] = Field(False, description="ask for stems; this version separates none")
    bpm_min: Annotated[float, Field(strict=True, ge=20, le=400)] | None = None
    bpm_max: Annotated[float, Field(strict=True, ge=20, le=400)] | None = None

    @model_validator(mode="after")
    def _range_is_not_empty(self) -> Self:
        if self.bpm_min is not None and self.bpm_max is not None and self.bpm_min >= self.bpm_max:
            raise ValueError("bpm_min must be less than bpm_max")
        return self


_EmptyArray = Annotated[list[Any], Field(max_length=0, description="what PHP makes of no options")]


class Job(BaseModel):
    """One analysis job.

    Unknown fields are kept and ignored, so a producer may carry its own data.
    """

    model_config = ConfigDict(extra="allow", frozen=True, title="Offbeat job")

    job_id: JobId = Field(
        description="the producer's name for the work; comes back unchanged, type included"
    )
    relative_path: StrictStr | None = Field(
        None, min_length=1, max_length=4096, description="file below the shared mount"
    )
    file_path: StrictStr | None = Field(
        None, min_length=1, max_length=4096, description="absolute path inside the shared mount"
    )
    cue_tracks: list[CueTrack] | None = Field(None, max_length=MAX_CUE_TRACKS)
    profile: Annotated[
        ProfileName,
        BeforeValidator(_absent(lambda: "default"), json_schema_input_type=ProfileName | None),
    ] = Field("default", description="a profile that the operator has defined")
    options: Annotated[
        JobOptions,
        BeforeValidator(
            _absent(JobOptions, []), json_schema_input_type=JobOptions | _EmptyArray | None
        ),
    ] = JobOptions()
    enqueued_at: Seconds | None = Field(None, description="Unix time of the push, seconds")
    traceparent: Text | None = Field(None, description="W3C Trace Context")

    @property
    def path(self) -> str:
        """The path as the producer wrote it."""
        return self.relative_path or self.file_path or ""

    @model_validator(mode="after")
    def _exactly_one_path(self) -> Self:
        if self.relative_path is None and self.file_path is None:
            raise ValueError("needs relative_path (below the shared mount) or file_path (absolute)")
        if self.relative_path is not None and self.file_path is not None:
            raise ValueError("has both relative_path and file_path: send one of them")
        return self

    @model_validator(mode="after")
    def _cues_are_distinct(self) -> Self:
        starts = sorted(cue.start_time_sec for cue in self.cue_tracks or [])
        for first, second in pairwise(starts):
            if first == second:
                raise ValueError(f"has two cue_tracks that start at {first:g} s")
        return self

    def sorted_cues(self) -> list[CueTrack]:
        """Return the cue tracks in order of time."""
        return sorted(self.cue_tracks or [], key=lambda cue: cue.start_time_sec)


def parse_job(raw: bytes) -> Job:
    """Turn one message into a job.

    Raises:
        JobRefused: The message is not a job.

    """
    if len(raw) > MAX_MESSAGE_BYTES:
        raise refuse_oversized(raw[:HEAD_BYTES], len(raw))
    fields = _fields(raw)
    job_id = job_id_of(fields)
    try:
        job = Job.model_validate(fields)
    except ValidationError as error:
        sentence = explain_wrapping(fields) or _sentence(error.errors())
        raise JobRefused(FailureReason.INVALID_JOB, sentence, job_id) from error
    complaint = _path_complaint(job)
    if complaint:
        raise JobRefused(FailureReason.PATH_NOT_ALLOWED, complaint, job_id)
    return job


def refuse_oversized(head: bytes, size: int) -> JobRefused:
    """Build the refusal of a message of `size` bytes, of which only the beginning is known."""
    return JobRefused(
        FailureReason.INVALID_JOB,
        f"the message has {size:,} bytes, {MAX_MESSAGE_BYTES:,} are allowed: "
        "send fewer cue tracks or less data of your own",
        legible_job_id(head),
    )


def encode_message(fields: Mapping[str, object]) -> bytes:
    """Write the fields of a message as JSON in UTF-8; values that JSON lacks become their `str`.

    Raises:
        JobRefused: A text holds what UTF-8 cannot carry, or a value has no form in JSON.

    """
    job_id = job_id_of(fields)
    try:
        text = json.dumps(dict(fields), ensure_ascii=False, allow_nan=False, default=_as_json)
    except (TypeError, ValueError, RecursionError) as error:
        raise JobRefused(
            FailureReason.INVALID_JOB, f"the job cannot be written as JSON: {error}", job_id
        ) from error
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise JobRefused(
            FailureReason.INVALID_JOB,
            _unencodable(fields),
            None if isinstance(job_id, str) and halves(job_id) else job_id,
        ) from error


def _path_complaint(job: Job) -> str | None:
    """Say what is wrong with the path as text; where it leads is for the analyzer to check."""
    path = job.path.replace("\0", "\\0")
    if "\0" in job.path:
        return f"{path}: a path must not contain NUL bytes"
    if ".." in PurePosixPath(job.path).parts:
        return f"{path}: a path must not contain '..'"
    if job.relative_path is not None and job.relative_path.startswith("/"):
        return f"{path}: relative_path must not start with '/': send file_path for an absolute path"
    if job.file_path is not None and not job.file_path.startswith("/"):
        return f"{path}: file_path must be absolute: send relative_path for a path below the mount"
    return None


def _fields(raw: bytes) -> dict[str, Any]:
    """Read a message as a JSON object; half of a surrogate pair becomes U+FFFD in free text.

    Raises:
        JobRefused: It is not a JSON object, or what must be exact holds half of a pair.

    """
    try:
        fields = from_json(without_halves(raw, REPLACEMENT), allow_inf_nan=False)
    except ValueError as error:
        raise JobRefused(
            FailureReason.INVALID_JOB, explain(raw, error), hidden_job_id(raw)
        ) from error
    if isinstance(fields, str):
        raise JobRefused(
            FailureReason.INVALID_JOB, explain_string(fields), hidden_job_id(fields.encode())
        )
    if not isinstance(fields, dict):
        raise JobRefused(
            FailureReason.INVALID_JOB,
            f"the message must be a JSON object, not {_json_type(fields)}",
        )
    if broken := fields_with_halves(raw, fields, "job_id", *_EXACT_FIELDS):
        raise JobRefused(
            FailureReason.INVALID_JOB,
            f"{broken[0]} contains half of a surrogate pair (got {shown(fields[broken[0]])}): "
            "cut text between characters, and rename a file whose name is not UTF-8",
            None if "job_id" in broken else job_id_of(fields),
        )
    return fields


def _as_json(value: object) -> object:
    """Turn a value that JSON lacks, such as a UUID or a path, into one that it has."""
    if isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(f"{bytes(value)[:40]!r} is bytes: decode it to text")
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _unencodable(fields: Mapping[str, object]) -> str:
    """Say which text of a job UTF-8 cannot carry, and why."""
    waiting: list[tuple[str, object]] = [("", fields)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, Mapping):
            named = [(f"{place}.{escaped(str(name))}".lstrip("."), name) for name in value]
            waiting += reversed([*named, *((at, value[name]) for at, name in named)])
        elif isinstance(value, list | tuple):
            waiting += reversed([(f"{place}[{index}]", part) for index, part in enumerate(value)])
        elif lost := halves(text := str(value)):
            raw = all("\udc80" <= half <= "\udcff" for half in lost)
            what = "bytes that are not UTF-8" if raw else "half of a surrogate pair"
            advice = (
                ": rename the file or folder" if place in {"relative_path", "file_path"} else ""
            )
            return f'{place} "{escaped(text)}" contains {what}, which JSON cannot carry{advice}'
    return "the job contains text that JSON cannot carry"


def _sentence(errors: list[ErrorDetails]) -> str:
    """Write the first complaint, and how many more there are, for a person."""
    seen: dict[str, str] = {}
    for error in errors:
        place = _place(error["loc"])
        seen.setdefault(place, _complaint(error))
    (place, complaint), *more = seen.items()
    if place == "job_id":
        complaint = (
            f"must be an integer or a string of 1 to 128 printable characters{_got(errors[0])}"
        )
        if errors[0]["type"] == "missing":
            complaint = (
                "is missing: give every job an integer or a string "
                "by which you will know its result"
            )
    text = f"{place} {complaint}" if place else f"the job {complaint}"
    return text + (
        f" (and {len(more)} more: {', '.join(place or 'the job' for place, _ in more[:5])})"
        if more
        else ""
    )


def _place(location: tuple[int | str, ...]) -> str:
    """Write a pydantic location as `cue_tracks[2].title`, without the names of union members."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[a-z_]+", part) and part not in {"int", "str", "float"}:
            text += f".{part}" if text else part
    return text


def _complaint(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    message = error["msg"].removeprefix("Value error, ")
    message = message.replace("Input should be", "must be").replace("String should", "must")
    message = message.replace("valid dictionary", "JSON object").replace("valid list", "JSON array")
    message = re.sub(r" or instance of \w+", "", message)
    if error["type"] == "value_error":
        return message
    return message[0].lower() + message[1:] + _got(error)


def _got(error: ErrorDetails) -> str:
    return f" (got {shown(error['input'])})"


def _json_type(value: object) -> str:
    names = {
        list: "an array",
        str: "a string",
        int: "a number",
        float: "a number",
        bool: "a boolean",
    }
    return names.get(type(value), "null")
