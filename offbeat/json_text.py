r"""The JSON text of a message: read as far as it is legible, and shown as far as it prints.

JSON can escape half of a surrogate pair (`"\ud83d"`), which stands for no character and has no
form in UTF-8; PHP and JavaScript write it when a text is cut in the middle of an emoji.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json

__all__ = [
    "HEAD_BYTES",
    "MAX_MESSAGE_BYTES",
    "REPLACEMENT",
    "escaped",
    "fields_with_halves",
    "halves",
    "job_id_of",
    "legible_job_id",
    "shown",
    "without_halves",
]

MAX_MESSAGE_BYTES = 200 * 1024
"""Largest message in bytes: it must fit, with room to spare, into 256 KiB of annotations."""

HEAD_BYTES = 4 * 1024
"""How much of a larger message is kept and read."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a surrogate pair
    rb"|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",  # half of one; any other escape
    re.DOTALL,
)


def legible_job_id(raw: bytes) -> int | str | None:
    """Return the `job_id` of a message, be it a job or not; `None` if it cannot be read.

    Of a message that is too large, cut off or broken it reads the first 4 KiB up to the last comma:
    a number in front of a comma is whole, and a string that is cut there is dropped.
    """
    if len(raw) <= MAX_MESSAGE_BYTES:
        job_id = _read_job_id(raw, partial=False)
        if job_id is not None:
            return job_id
    head = raw[:HEAD_BYTES]
    return _read_job_id(head[: head.rfind(b",") + 1], partial=True)


def job_id_of(fields: Mapping[str, object]) -> int | str | None:
    """Return the `job_id` among the fields of a message; `None` if it could name no job."""
    value = fields.get("job_id")
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return value if isinstance(value, str) and 0 < len(value) <= 128 else None


def without_halves(raw: bytes, replacement: str) -> bytes:
    """Replace escapes of half a surrogate pair, which stand for no character.

    The message keeps its length, so that errors give the position in the original.
    """
    if b"\\ud" not in raw and b"\\uD" not in raw:
        return raw
    written = b"\\u%04x" % ord(replacement)
    return _ESCAPE.sub(lambda found: written if found[1] else found[0], raw)


def fields_with_halves(raw: bytes, fields: dict[str, Any], *names: str) -> list[str]:
    """Return which of the fields hold half of a surrogate pair: they follow its replacement."""
    if without_halves(raw, REPLACEMENT) == raw:
        return []
    otherwise = from_json(without_halves(raw, "?"))
    return [name for name in names if fields.get(name) != otherwise.get(name)]


def halves(text: str) -> str:
    """Return the halves of surrogate pairs in a text; Python writes bytes of file names so, too."""
    return "".join(character for character in text if "\ud800" <= character <= "\udfff")


def escaped(text: str) -> str:
    """Write a text so that every terminal and log can show it."""
    return "".join(
        character
        if character.isprintable()
        else f"\\x{ord(character) - 0xDC00:02x}"  # a byte of a file's name, by os.fsdecode
        if "\udc80" <= character <= "\udcff"
        else character.encode("unicode_escape").decode()
        for character in text
    )


def shown(value: object) -> str:
    """Write a value as the producer knows it, as JSON, in at most 60 characters."""
    text = escaped(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 60 else text[:57] + "…"


def _read_job_id(raw: bytes, *, partial: bool) -> int | str | None:
    """Read `job_id` out of JSON; `None` if it is not there, or not what the producer meant."""
    try:
        fields = from_json(raw, allow_partial=partial)
    except ValueError:
        # What stands for no character is replaced in two ways: a job_id with it differs then.
        first, second = (
            _repaired_job_id(raw, errors=errors, replacement=replacement, partial=partial)
            for errors, replacement in (("replace", REPLACEMENT), ("ignore", "?"))
        )
        return first if first == second else None
    return job_id_of(fields) if isinstance(fields, dict) else None


def _repaired_job_id(
    raw: bytes, *, errors: str, replacement: str, partial: bool
) -> int | str | None:
    text = without_halves(raw.decode("utf-8", errors).encode(), replacement)
    try:
        fields = from_json(text, allow_partial=partial)
    except ValueError:
        return None
    return job_id_of(fields) if isinstance(fields, dict) else None
