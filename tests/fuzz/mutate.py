"""Mutations of files that know a little about containers.

A fuzzer led by coverage (atheris) would see only our Python: what parses the bytes is libsndfile
and ffmpeg, which are not instrumented. So mutations are blind, and made to get past the first
checks: they move, double and cut chunks, pages and frames, and write numbers at which sizes
overflow. Half of the Ogg files get their checksums back.
"""

import random
import re
import struct
from collections.abc import Callable, Sequence

from tests.support.containers import with_right_ogg_checksums

__all__ = ["mutate"]

_MARKS = re.compile(
    rb"RIFF|RF64|WAVE|fmt |data|LIST|ds64|FORM|AIFF|AIFC|COMM|SSND|fLaC|OggS|ID3|\xff[\xfa-\xfb]"
    rb"|\xff[\xf1\xf3\xf8\xf9]|Xing|Info|LAME|ftyp|moov|trak|mdia|minf|stbl|stsd|stts"
    rb"|stsz|stsc|stco|elst|mdat|moof|traf|trun|esds|alac|\x1f\x43\xb6\x75|\xa3|wvpk|desc|\.snd|APETAGEX|TAG"
)
_MAGICS = (
    *(
        b"RIFF\xff\xff\xff\xffWAVE",
        b"RF64",
        b"fLaC",
        b"OggS\0",
        b"ID3\4\0\0\0\0\x0f\x7f",
        b"\xff\xfb\x90\x64",
    ),
    *(
        b"ftyp",
        b"moov",
        b"#EXTM3U\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"file:///etc/passwd",
    ),
    *(
        b"http://127.0.0.1:9/",
        b"\x1a\x45\xdf\xa3",
        b"caff",
        b".snd",
        b"wvpk",
        b"\0" * 16,
        b"\xff" * 16,
    ),
)
_NUMBERS = (
    0,
    1,
    2,
    7,
    8,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
)


def mutate(data: bytes, other: bytes, source: random.Random) -> bytes:
    """Return a file with one to six mutations of `data`, in which parts of `other` may stand."""
    made = bytearray(data)
    for _ in range(source.choice((1, 1, 1, 2, 2, 3, 6))):
        source.choice(_MUTATIONS)(made, other, source)
    if source.random() < 0.5 and b"OggS" in made:
        return with_right_ogg_checksums(bytes(made))
    return bytes(made)


def _place(data: Sequence[int], source: random.Random) -> int:
    """Return a position: in the header half of the time, where most is decided."""
    return (
        source.randrange(min(len(data), 512) if source.random() < 0.5 else len(data)) if data else 0
    )


def _span(data: bytearray, source: random.Random) -> slice:
    """Return from one mark of a chunk, page or frame to another, or any short span."""
    marks = [match.start() for match in _MARKS.finditer(data, 0, 65_536)]
    if len(marks) > 1 and source.random() < 0.7:
        first = source.randrange(len(marks) - 1)
        return slice(marks[first], marks[min(len(marks) - 1, first + source.randint(1, 3))])
    start = _place(data, source)
    return slice(start, start + source.randint(1, 200))


def _flip_bits(data: bytearray, other: bytes, source: random.Random) -> None:
    for _ in range(source.choice((1, 1, 2, 8, 64))):
        if data:
            data[_place(data, source)] ^= 1 << source.randrange(8)


def _set_bytes(data: bytearray, other: bytes, source: random.Random) -> None:
    start = _place(data, source)
    length = source.choice((1, 2, 4, 16, 256))
    data[start : start + length] = source.randbytes(min(length, len(data) - start))


def _set_number(data: bytearray, other: bytes, source: random.Random) -> None:
    start = _place(data, source)
    marks = [match.end() for match in _MARKS.finditer(data, 0, 65_536)]
    if marks and source.random() < 0.6:
        start = source.choice(marks) + 4 * source.choice((-2, 0, 0, 0, 1, 2, 3, 4))
    start = max(0, min(start, len(data) - 4))
    number = source.choice(_NUMBERS) if source.random() < 0.8 else len(data) + source.randint(-9, 9)
    form = source.choice((">I", "<I", ">H", "<H", "B"))
    size = struct.calcsize(form)
    data[start : start + size] = struct.pack(form, number & (1 << 8 * size) - 1)[
        : len(data) - start
    ]


def _truncate(data: bytearray, other: bytes, source: random.Random) -> None:
    del data[_place(data, source) :]


def _remove(data: bytearray, other: bytes, source: random.Random) -> None:
    del data[_span(data, source)]


def _duplicate(data: bytearray, other: bytes, source: random.Random) -> None:
    span = _span(data, source)
    data[span.start : span.start] = bytes(data[span][:20_000]) * source.choice((1, 1, 2, 10))


def _move(data: bytearray, other: bytes, source: random.Random) -> None:
    span = _span(data, source)
    moved = bytes(data[span])
    del data[span]
    start = _place(data, source)
    data[start:start] = moved


def _insert_magic(data: bytearray, other: bytes, source: random.Random) -> None:
    magic = source.choice(_MAGICS)
    start = source.choice((0, _place(data, source)))
    data[start : start + source.choice((0, len(magic)))] = magic


def _insert_noise(data: bytearray, other: bytes, source: random.Random) -> None:
    start = source.choice((0, len(data), _place(data, source)))
    length = source.choice((1, 3, 100, 5_000))
    data[start:start] = source.choice((bytes(length), source.randbytes(length)))


def _splice(data: bytearray, other: bytes, source: random.Random) -> None:
    data[_place(data, source) :] = other[_place(other, source) :]


def _implant(data: bytearray, other: bytes, source: random.Random) -> None:
    start = _place(data, source)
    data[start:start] = other[_span(bytearray(other), source)][:20_000]


_MUTATIONS: tuple[Callable[[bytearray, bytes, random.Random], None], ...] = (
    *(_flip_bits, _flip_bits, _set_bytes, _set_bytes, _set_number, _set_number, _set_number),
    *(_truncate, _remove, _duplicate, _move, _insert_magic, _insert_noise, _splice, _implant),
)
