"""A payload that a client or framework has changed is named, with what to switch off."""

import base64
import bz2
import gzip
import json
import lzma
import pickle
import shutil
import socket
import subprocess
import urllib.parse
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from offbeat.failure import FailureReason
from offbeat.job import JobRefused, parse_job
from offbeat.payload import ENVELOPES, FORMATS, explain

JOB = {
    "job_id": 42,
    "relative_path": "mixes/042.mp3",
    "cue_tracks": [
        {"title": "Intro", "start_time_sec": 0},
        {"title": "Second", "start_time_sec": 312.5},
    ],
}
TEXT = json.dumps(JOB)
RAW = TEXT.encode()

PHP = r"""
$job = json_decode($argv[2], true);
$json = json_encode($job);
$redis = new Redis();
$redis->connect("127.0.0.1", (int) $argv[1]);
$made = [
    "gzencode" => gzencode($json), "gzcompress" => gzcompress($json),
    "gzdeflate" => gzdeflate($json), "serialize" => serialize($job),
    "serialize text" => serialize($json), "serialize object" => serialize((object) $job),
    "base64" => base64_encode($json), "twice" => json_encode($json),
    "form" => http_build_query($job), "utf-16" => iconv("UTF-8", "UTF-16LE", $json),
    "string" => @strval($job),
];
foreach (["PHP", "IGBINARY", "MSGPACK", "JSON"] as $name) {
    if (!defined("Redis::SERIALIZER_$name")) { continue; }
    $redis->setOption(Redis::OPT_SERIALIZER, constant("Redis::SERIALIZER_$name"));
    $made["serializer $name"] = $redis->_pack($job);
    $made["serializer $name text"] = $redis->_pack($json);
}
$redis->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_NONE);
foreach (["LZF", "ZSTD", "LZ4"] as $name) {
    if (!defined("Redis::COMPRESSION_$name")) { continue; }
    $redis->setOption(Redis::OPT_COMPRESSION, constant("Redis::COMPRESSION_$name"));
    $made["compression $name"] = $redis->_pack($json);
}
echo json_encode(array_map("bin2hex", $made));
"""


def refused(raw: bytes) -> JobRefused:
    """Parse a message that is not a job."""
    with pytest.raises(JobRefused) as caught:
        parse_job(raw)
    assert caught.value.reason is FailureReason.INVALID_JOB
    return caught.value


@pytest.fixture(scope="module")
def made_by_php() -> dict[str, bytes]:
    """Let PHP and phpredis write the job in every way that they know."""
    php = shutil.which("php")
    modules = subprocess.run([php, "-m"], capture_output=True, text=True).stdout if php else ""
    if php is None or "redis" not in modules.lower().split():
        pytest.skip("PHP's encoders need php-cli with phpredis (Debian: php-cli php-redis)")
    with socket.create_server(("127.0.0.1", 0)) as server:  # phpredis packs nothing unconnected
        done = subprocess.run(
            [php, "-r", PHP, "--", str(server.getsockname()[1]), TEXT],
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return {name: bytes.fromhex(made) for name, made in json.loads(done.stdout).items()}


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (RAW.decode().encode("utf-8-sig"), "UTF-8 text with a byte order mark"),
        (TEXT.encode("utf-16"), "UTF-16 text"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "UTF-16 text"),
        (TEXT.encode("utf-16-le"), "UTF-16 text"),
        (TEXT.encode("utf-16-be"), "UTF-16 text"),
        (TEXT.encode("utf-32"), "UTF-32 text"),
        (b"\x00\x00\xfe\xff" + TEXT.encode("utf-32-be"), "UTF-32 text"),
        (TEXT.encode("utf-32-le"), "UTF-32 text"),
        (TEXT.encode("utf-32-be"), "UTF-32 text"),
        (gzip.compress(RAW), "gzip"),
        *((zlib.compress(RAW, level), "zlib") for level in (0, 1, 5, 6, 9)),
        (zlib.compress(RAW, wbits=-15), "raw deflate"),
        (bz2.compress(RAW), "bzip2"),
        (lzma.compress(RAW), "xz"),
        *((pickle.dumps(JOB, protocol), "a Python pickle") for protocol in range(6)),
        *((pickle.dumps(TEXT, protocol), "a Python pickle") for protocol in (0, 2, 4, 5)),
        (base64.b64encode(RAW), "base64"),
        (base64.urlsafe_b64encode(RAW), "base64"),
        (base64.encodebytes(RAW), "base64"),
        (json.dumps(base64.b64encode(RAW).decode()).encode(), "base64"),
        # Written by hand after its specification: a map of two, and a string of 8 bits of length.
        (b"\x82\xa6job_id\x2a\xadrelative_path\xa5a.wav", "MessagePack"),
        (b"\xd9" + bytes([len(RAW)]) + RAW, "MessagePack"),
        (urllib.parse.urlencode(JOB).encode(), "a URL-encoded form"),
        (str(JOB).encode(), "a Python dict that str() has written"),
        (json.dumps(str(JOB)).encode(), "a Python dict that str() has written"),
    ],
)
def test_what_python_encodes_is_recognised(raw: bytes, name: str) -> None:
    """The sentence names the encoding of each encoder in the standard library."""
    assert f"looks like {name}" in str(refused(raw))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ("gzencode", "gzip"),
        ("gzcompress", "zlib (PHP: gzcompress)"),
        ("gzdeflate", "raw deflate (PHP: gzdeflate)"),
        ("serialize", "the output of PHP's serialize()"),
        ("serialize text", "the output of PHP's serialize()"),
        ("serialize object", "the output of PHP's serialize()"),
        ("base64", "base64"),
        ("twice", "a JSON string that holds JSON"),
        ("form", "a URL-encoded form"),
        ("utf-16", "UTF-16 text"),
        ("string", "an array that PHP has turned into a string"),
        ("serializer PHP", "the output of PHP's serialize(); set phpredis' OPT_SERIALIZER to"),
        ("serializer PHP text", "the output of PHP's serialize()"),
        ("serializer IGBINARY", "igbinary (PHP); set phpredis' OPT_SERIALIZER to"),
        ("serializer IGBINARY text", "igbinary (PHP)"),
        ("serializer JSON text", "a JSON string that holds JSON"),
        ("compression LZF", "LZF compression; push the JSON uncompressed (phpredis: set"),
        ("compression ZSTD", "Zstandard compression"),
        ("compression LZ4", "LZ4 compression"),
    ],
)
def test_what_php_encodes_is_recognised(
    made_by_php: dict[str, bytes], made: str, said: str
) -> None:
    """The sentence names each serializer and compression of PHP and phpredis, and its option."""
    if made not in made_by_php:
        pytest.skip(f"this phpredis is built without the {made}")
    assert said in str(refused(made_by_php[made]))


def test_an_array_that_phpredis_writes_as_json_is_a_job(made_by_php: dict[str, bytes]) -> None:
    """The JSON serializer does no harm to those who hand it an array."""
    assert parse_job(made_by_php["serializer JSON"]).job_id == 42


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["zstd", "-c"], "Zstandard compression"),
        (["lz4", "-c"], "an LZ4 frame"),
        (["node", "-e", f"process.stdout.write(String({TEXT}))"], "an object that JavaScript has"),
    ],
)
def test_what_other_programs_write_is_recognised(command: list[str], name: str) -> None:
    """Encoders without a module of Python's own are asked where they are installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {command[0]}")
    made = subprocess.run(command, input=RAW, capture_output=True, timeout=30).stdout
    assert f"looks like {name}" in str(refused(made))


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"\x82\xa6job_id*\xadrelative_path\xa5a.mp3", "MessagePack"),
        (b"\xde\x00\x01\xa6job_id*", "MessagePack"),
        (b"\xd9" + bytes([len(RAW)]) + RAW, "MessagePack"),
        (b"\xda\x01\x00" + RAW.ljust(256), "MessagePack"),
        (b'\xad{"job_id": 1}', "MessagePack"),
        (b"\xac\xed\x00\x05t\x00" + bytes([len(RAW)]) + RAW, "Java serialization"),
        (b"\xff\x06\x00\x00sNaPpY\x01\x00", "a Snappy frame"),
        (bytes([len(RAW) | 0x80, 1, 0xF0, len(RAW) - 1]) + RAW, "Snappy compression"),
        (b'\x16\x54{"job_id": 1, "a": "b"}', "Snappy compression"),
        (len(RAW).to_bytes(4, "little") + bytes([0xF0, len(RAW) - 15]) + RAW, "LZ4 compression"),
        (b"\x00\x00\x00\x01\x14\x01\x11\x06job_id\x06*", "igbinary (PHP)"),
        (b"job_id=7", "a URL-encoded form"),
        (b"a:0:{}", "the output of PHP's serialize()"),
        (b"i:42;", "the output of PHP's serialize()"),
        (b"N;", "the output of PHP's serialize()"),
    ],
)
def test_what_the_formats_define_is_recognised(raw: bytes, name: str) -> None:
    """Formats without an encoder here are written by hand, as their specifications say."""
    assert f"looks like {name}" in str(refused(raw))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        (
            {
                "uuid": "6b1f",
                "displayName": "App\\Jobs\\AnalyseMix",
                "job": "Illuminate\\Queue\\CallQueuedHandler@call",
                "data": {"commandName": "App\\Jobs\\AnalyseMix", "command": 'O:19:"…"'},
                "attempts": 0,
            },
            "a Laravel queue job; push json_encode($job) with Redis::lpush()",
        ),
        ({"class": "AnalyseMix", "args": [JOB], "jid": "b4a5", "retry": True}, "a Sidekiq"),
        (
            {"body": "W10=", "headers": {"task": "a"}, "properties": {}, "content-type": "x"},
            "a Celery task",
        ),
        ({"task": "analyse", "id": "1", "args": [], "kwargs": {}}, "a Celery task"),
        ({"queue_name": "x", "actor_name": "a", "args": [], "kwargs": {}}, "a Dramatiq message"),
    ],
)
def test_envelopes_are_recognised(fields: dict[str, object], name: str) -> None:
    """The job of a queue framework is told from one that forgot its job_id."""
    said = str(refused(json.dumps(fields).encode()))
    assert said.startswith("job_id is missing: the message looks like ")
    assert name in said


def test_a_job_inside_another_object_is_found() -> None:
    """The sentence names the field that holds the job."""
    said = str(refused(json.dumps({"v": 1, "payload": JOB}).encode()))
    assert said == 'job_id is missing: it is inside "payload"; push that object by itself'


def test_own_fields_beside_a_job_id_are_no_envelope() -> None:
    """A producer's own data may have the names that a framework uses."""
    assert parse_job(json.dumps(JOB | {"job": 1, "data": {}, "class": 2, "args": []}).encode())


@pytest.mark.parametrize(
    "raw",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32-le"),
        base64.b64encode(RAW),
        json.dumps(TEXT).encode(),
        json.dumps(base64.b64encode(RAW).decode()).encode(),
        TEXT.replace("Intro", "café").encode("latin-1"),
        RAW[:-1],
        RAW.replace(b"312.5", b"NaN"),
    ],
)
def test_json_in_disguise_keeps_its_job_id(raw: bytes) -> None:
    """Where it takes no more than decoding text, the failed result names its job."""
    assert refused(raw).job_id == 42


def test_a_compressed_message_is_not_unpacked() -> None:
    """A message of a few bytes may unpack to gigabytes: its job_id is not looked for."""
    assert refused(gzip.compress(RAW)).job_id is None


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "the message is empty, not JSON"),
        (b"\x93\x2c\x00", "it is binary data that begins with 93 2c 00; push the text that"),
        ('{"a": "é"}'.encode("latin-1"), "it is not UTF-8 (byte 0xe9 at position 7); encode"),
        (b'{"job_id": NaN}', "NaN and Infinity are not JSON numbers; send null"),
        (b'{"job_id": 1,}', "not JSON: trailing comma at line 1 column 14"),
        (b"hello", "not JSON: expected value at line 1 column 1"),
        (b"x^2", "not JSON: expected value at line 1 column 1"),
        (b'\t{"job_id": 1', "not JSON: EOF while parsing"),
        (b'"hello"', "must be a JSON object, not a string"),
    ],
)
def test_other_bytes_have_a_sentence_too(raw: bytes, said: str) -> None:
    """What resembles no known format is described as it is."""
    assert said in str(refused(raw))


def test_every_row_says_what_to_do() -> None:
    """Name and advice fit into one sentence."""
    for row in (*FORMATS, *ENVELOPES):
        assert row.name
        assert row.advice
        assert not row.advice.endswith(".")


@example("R2")
@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=80))
def test_text_is_never_taken_for_compression(text: str) -> None:
    """Nobody is sent to look for a compression that is not there."""
    said = explain(text.encode(), ValueError("not JSON"))
    assert "uncompressed" not in said
