"""What a message that is not a JSON job looks like, and what its producer has to switch off.

Clients and frameworks change messages without being asked: a serializer, a compression, a byte
order mark, an envelope. Each row of the tables below knows one of them by its first bytes or its
fields. No more than a few bytes are decompressed and nothing is deserialized: this is advice, not
another way in.
"""

import base64
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic_core import from_json

from offbeat.json_text import legible_job_id, shown

__all__ = [
    "ENVELOPES",
    "FORMATS",
    "Envelope",
    "Format",
    "explain",
    "explain_string",
    "explain_wrapping",
    "hidden_job_id",
]

_UNCOMPRESSED = (
    "push the JSON uncompressed (phpredis: set OPT_COMPRESSION to Redis::COMPRESSION_NONE)"
)
_UNSERIALIZED = "set phpredis' OPT_SERIALIZER to Redis::SERIALIZER_NONE and push json_encode($job)"
_UTF_8 = "encode the JSON as UTF-8 without a byte order mark"

_BASE64_HEAD = 5_464  # encodes 4 KiB
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_TEXT_BEGINS = (b"{", b"[", b'"', b"a:", b"s:")
_SNAPPY_FRAME = b"\xff\x06\x00\x00sNaPpY"


@dataclass(frozen=True, kw_only=True)
class Format:
    """One kind of payload that is not JSON."""

    name: str
    advice: str
    matches: Callable[[bytes], bool]
    text: Callable[[bytes], bytes] | None = None
    """Returns the JSON inside, or its beginning, where that takes no more than decoding text."""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A JSON object that a framework wraps around its jobs, known by its fields."""

    name: str
    advice: str
    fields: frozenset[str]


def explain(raw: bytes, error: ValueError) -> str:
    """Say why bytes are not JSON, and what they look like instead."""
    if not raw:
        return "the message is empty, not JSON"
    if known := _recognise(raw):
        return f"the message is not JSON: it looks like {known.name}; {known.advice}"
    if wrong := _wrong_byte(raw):
        return (
            f"the message is not JSON: it is not UTF-8 (byte 0x{raw[wrong.start]:02x} at position "
            f"{wrong.start}); encode the text as UTF-8"
        )
    if not _is_text(raw):
        return (
            f"the message is not JSON: it is binary data that begins with {raw[:8].hex(' ')}; "
            "push the text that json_encode, JSON.stringify or json.dumps returns"
        )
    try:
        from_json(raw, allow_inf_nan=True)
    except ValueError:
        return f"the message is not JSON: {error}"
    return f"the message is not JSON: NaN and Infinity are not JSON numbers; send null ({error})"


def hidden_job_id(raw: bytes) -> int | str | None:
    """Read the `job_id` out of a message that is JSON in another encoding, or broken JSON."""
    known = _recognise(raw)
    return legible_job_id(known.text(raw) if known and known.text else raw)


def explain_string(text: str) -> str:
    """Say what a message that is one JSON string holds."""
    if known := _recognise(text.encode()):
        return f"the message is a JSON string that looks like {known.name}; {known.advice}"
    if text.lstrip().startswith(("{", "[")):
        return (
            "the message is a JSON string that holds JSON: it is encoded twice; call json_encode, "
            "JSON.stringify or json.dumps once, and switch off a JSON serializer of the client"
        )
    return "the message must be a JSON object, not a string"


def explain_wrapping(fields: Mapping[str, object]) -> str | None:
    """Say in what a job without `job_id` is wrapped."""
    if "job_id" in fields:
        return None
    if known := _envelope(fields):
        return f"job_id is missing: the message looks like {known.name}; {known.advice}"
    for name, value in fields.items():
        if isinstance(value, dict) and "job_id" in value:
            return f"job_id is missing: it is inside {shown(name)}; push that object by itself"
    return None


def _recognise(raw: bytes) -> Format | None:
    return next((known for known in FORMATS if known.matches(raw)), None)


def _envelope(fields: Mapping[str, object]) -> Envelope | None:
    return next((known for known in ENVELOPES if known.fields <= fields.keys()), None)


def _wrong_byte(raw: bytes) -> UnicodeDecodeError | None:
    """Return the first error of text that would be JSON if it were UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        try:
            from_json(raw.decode("utf-8", "replace"))
        except ValueError:
            return None
        return error
    return None


def _starts(*prefixes: bytes) -> Callable[[bytes], bool]:
    return lambda raw: raw.startswith(prefixes)


def _like(pattern: bytes) -> Callable[[bytes], bool]:
    compiled = re.compile(pattern, re.DOTALL)
    return lambda raw: compiled.match(raw) is not None


def _utf_8(codec: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.decode(codec, "replace").encode("utf-8", "replace")


def _is_zlib(raw: bytes) -> bool:
    """Check the header of RFC 1950, and inflate a few bytes, as `x^` may begin a text, too."""
    return raw[:1] == b"x" and _inflates(raw, zlib.MAX_WBITS)


def _is_deflate(raw: bytes) -> bool:
    """Inflate a few bytes, as raw deflate has no header."""
    return _inflates(raw, -zlib.MAX_WBITS)


def _inflates(raw: bytes, window_bits: int) -> bool:
    if _is_text(raw):  # short texts such as `R2` are raw deflate by chance
        return False
    try:
        begin = zlib.decompressobj(window_bits).decompress(raw[:1024], 16)
    except zlib.error:
        return False
    return begin.startswith(_TEXT_BEGINS)


def _is_messagepack(raw: bytes) -> bool:
    """Check for a map whose first key is text, or for one string as long as the payload says."""
    if re.match(rb"(?:[\x81-\x8f]|\xde..|\xdf....)(?:[\xa1-\xbf]|\xd9.)[\w -]", raw, re.DOTALL):
        return True
    for head, size in ((b"\xd9", 1), (b"\xda", 2), (b"\xdb", 4)):  # str 8, 16, 32
        if raw.startswith(head):
            return int.from_bytes(raw[1 : 1 + size], "big") == len(raw) - 1 - size
    return len(raw) > 1 and 0xA1 <= raw[0] <= 0xBF and raw[0] - 0xA0 == len(raw) - 1


def _is_lz4_block(raw: bytes) -> bool:
    """Check for a length, behind phpredis' checksum or not, before a literal that is JSON."""
    return any(
        0 < int.from_bytes(raw[at : at + 4], "little") < 255 * len(raw)
        and re.match(rb"[\x20-\xff].{0,3}[{\[]", raw[at + 4 :], re.DOTALL) is not None
        for at in (0, 1)
    )


def _is_snappy_block(raw: bytes) -> bool:
    """Check for a varint, the length, before a literal that is JSON."""
    found = re.match(
        rb"([\x80-\xff]{0,2}[\x01-\x7f])(?:[\x00-\xec]|\xf0.|\xf4..)[{\[]", raw, re.DOTALL
    )
    if found is None or _is_text(raw):
        return False
    length: bytes = found[1]
    size = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(length))
    return len(raw) // 2 <= size <= 64 * len(raw)


def _is_lzf(raw: bytes) -> bool:
    """Check for a literal that is JSON behind its length less one, below 32."""
    return re.match(rb"[\x01-\x1f][{\[]", raw) is not None and not _is_text(raw)


def _is_text(raw: bytes) -> bool:
    """Return whether bytes are UTF-8 without control characters other than white space."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", raw)


def _base64_head(raw: bytes) -> bytes:
    """Decode the first 4 KiB of base64 text, of either alphabet; empty if it is not base64."""
    digits = b"".join(raw[: _BASE64_HEAD * 2].split())[:_BASE64_HEAD].rstrip(b"=")
    if not re.fullmatch(rb"[A-Za-z0-9+/_-]{8,}", digits) or len(digits) % 4 == 1:
        return b""
    return base64.urlsafe_b64decode(digits.translate(_URL_SAFE) + b"=" * (-len(digits) % 4))


FORMATS = (
    Format(
        name="UTF-8 text with a byte order mark",
        advice="leave out the mark",
        matches=_starts(b"\xef\xbb\xbf"),
        text=lambda raw: raw[3:],
    ),
    Format(  # before UTF-16, whose mark is the first half of this one
        name="UTF-32 text",
        advice=_UTF_8,
        matches=_starts(b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff"),
        text=_utf_8("utf-32"),
    ),
    Format(
        name="UTF-16 text",
        advice=_UTF_8,
        matches=_starts(b"\xff\xfe", b"\xfe\xff"),
        text=_utf_8("utf-16"),
    ),
    Format(
        name="UTF-32 text",
        advice=_UTF_8,
        matches=_like(rb'[{\["\s]\x00\x00\x00'),
        text=_utf_8("utf-32-le"),
    ),
    Format(
        name="UTF-32 text",
        advice=_UTF_8,
        matches=_like(rb'\x00\x00\x00[{\["\s]'),
        text=_utf_8("utf-32-be"),
    ),
    Format(
        name="UTF-16 text",
        advice=_UTF_8,
        matches=_like(rb'[{\["\s]\x00[^\x00]\x00'),
        text=_utf_8("utf-16-le"),
    ),
    Format(
        name="UTF-16 text",
        advice=_UTF_8,
        matches=_like(rb'\x00[{\["\s]\x00[^\x00]'),
        text=_utf_8("utf-16-be"),
    ),
    Format(name="gzip", advice=_UNCOMPRESSED, matches=_starts(b"\x1f\x8b")),
    Format(
        name="Zstandard compression", advice=_UNCOMPRESSED, matches=_starts(b"\x28\xb5\x2f\xfd")
    ),
    Format(name="an LZ4 frame", advice=_UNCOMPRESSED, matches=_starts(b"\x04\x22\x4d\x18")),
    Format(name="bzip2", advice=_UNCOMPRESSED, matches=_like(rb"BZh[1-9]1AY&SY")),
    Format(name="xz", advice=_UNCOMPRESSED, matches=_starts(b"\xfd7zXZ\x00")),
    Format(name="a Snappy frame", advice=_UNCOMPRESSED, matches=_starts(_SNAPPY_FRAME)),
    Format(
        name="igbinary (PHP)",
        advice=_UNSERIALIZED,
        matches=_starts(b"\x00\x00\x00\x01", b"\x00\x00\x00\x02"),
    ),
    Format(
        name="the output of PHP's serialize()",
        advice=_UNSERIALIZED,
        matches=_like(rb'(?:[aOCE]:\d+:["{]|s:\d+:"|[id]:-?\d[\d.eE+-]*;\Z|b:[01];\Z|N;\Z)'),
    ),
    Format(
        name="a Python pickle",
        advice="push json.dumps(job), not pickle.dumps(job)",
        matches=_like(rb"\x80[\x01-\x05].*\.\Z|\(dp\d+\n.*\.\Z|\}q\x00.*\.\Z|V[^\n]*\np\d+\n\.\Z"),
    ),
    Format(
        name="Java serialization",
        advice="use StringRedisTemplate, or a StringRedisSerializer for the values",
        matches=_starts(b"\xac\xed\x00\x05"),
    ),
    Format(
        name="MessagePack",
        advice="push JSON text and switch off the MessagePack serializer of the Redis client",
        matches=_is_messagepack,
    ),
    Format(
        name="zlib (PHP: gzcompress)",
        advice=_UNCOMPRESSED,
        matches=_is_zlib,
    ),
    Format(name="LZF compression", advice=_UNCOMPRESSED, matches=_is_lzf),
    Format(name="LZ4 compression", advice=_UNCOMPRESSED, matches=_is_lz4_block),
    Format(name="Snappy compression", advice=_UNCOMPRESSED, matches=_is_snappy_block),
    Format(name="raw deflate (PHP: gzdeflate)", advice=_UNCOMPRESSED, matches=_is_deflate),
    Format(
        name="base64",
        advice="push the JSON itself, not encoded",
        matches=lambda raw: _base64_head(raw).lstrip().startswith((b"{", b"[")),
        text=_base64_head,
    ),
    Format(
        name="an object that JavaScript has turned into a string",
        advice="push JSON.stringify(job)",
        matches=_like(rb"\[object \w+\]\Z"),
    ),
    Format(
        name="an array that PHP has turned into a string",
        advice="push json_encode($job)",
        matches=_like(rb"Array\Z"),
    ),
    Format(
        name="a Python dict that str() has written",
        advice="push json.dumps(job)",
        matches=_like(rb"\{'\w+': "),
    ),
    Format(
        name="a URL-encoded form",
        advice="push the fields as one JSON object",
        matches=_like(rb"(?:[^&=\s{}]+=[^&\s{}]*&)*(?:job_id|relative_path|file_path)="),
    ),
)

ENVELOPES = (
    Envelope(
        name="a Laravel queue job",
        advice="push json_encode($job) with Redis::lpush(), not with dispatch()",
        fields=frozenset({"job", "data"}),
    ),
    Envelope(
        name="a Sidekiq or Resque job",
        advice="push the JSON with LPUSH, not with perform_async or enqueue",
        fields=frozenset({"class", "args"}),
    ),
    Envelope(
        name="a Celery task",
        advice="push json.dumps(job) with LPUSH, not with delay() or apply_async()",
        fields=frozenset({"body", "headers", "properties"}),
    ),
    Envelope(
        name="a Celery task",
        advice="push json.dumps(job) with LPUSH, not with delay() or apply_async()",
        fields=frozenset({"task", "args", "kwargs"}),
    ),
    Envelope(
        name="a Dramatiq message",
        advice="push json.dumps(job) with LPUSH, not with send()",
        fields=frozenset({"actor_name", "args", "kwargs"}),
    ),
)
