"""The building blocks of audio containers, written by hand so that they can lie."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

__all__ = [
    "OggPage",
    "aiff",
    "box",
    "chunk",
    "flac_frames",
    "flac_header",
    "fmt",
    "id3v2",
    "ogg_pages",
    "riff",
    "with_right_ogg_checksums",
]


def chunk(name: bytes, data: bytes = b"", *, size: int | None = None, big: bool = False) -> bytes:
    """Return a RIFF chunk, or an IFF chunk where `big`; `size` may be a lie."""
    head = struct.pack(">4sI" if big else "<4sI", name, len(data) if size is None else size)
    return head + data + b"\0" * (len(data) & 1)


def riff(
    *chunks: bytes, kind: bytes = b"WAVE", magic: bytes = b"RIFF", size: int | None = None
) -> bytes:
    """Return a RIFF file of chunks."""
    body = kind + b"".join(chunks)
    return struct.pack("<4sI", magic, len(body) if size is None else size) + body


def aiff(*chunks: bytes, kind: bytes = b"AIFF") -> bytes:
    """Return an IFF file of chunks."""
    body = kind + b"".join(chunks)
    return struct.pack(">4sI", b"FORM", len(body)) + body


def fmt(
    tag: int = 1,
    channels: int = 2,
    rate: int = 44_100,
    *,
    bits: int = 16,
    align: int | None = None,
    byte_rate: int | None = None,
    extra: bytes = b"",
) -> bytes:
    """Return the `fmt ` chunk of a WAV file; align and byte rate are right unless given."""
    align = channels * bits // 8 if align is None else align
    byte_rate = (rate * align) & 0xFFFFFFFF if byte_rate is None else byte_rate
    fields = struct.pack("<HHIIHH", tag, channels, rate, byte_rate, align & 0xFFFF, bits)
    return chunk(b"fmt ", fields + extra)


def box(name: bytes, *parts: bytes, size: int | None = None) -> bytes:
    """Return an MP4 box."""
    data = b"".join(parts)
    return struct.pack(">I4s", 8 + len(data) if size is None else size, name) + data


def id3v2(frames: bytes = b"", *, padding: int = 0, size: int | None = None) -> bytes:
    """Return an ID3v2.4 tag; `size` may be a lie."""
    length = len(frames) + padding if size is None else size
    sync_safe = bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + sync_safe + frames + bytes(padding)


@dataclass(frozen=True)
class OggPage:
    """One page of an Ogg file (RFC 3533)."""

    flags: int
    granule: int
    serial: int
    number: int
    segments: bytes
    body: bytes

    def but(self, **changes: object) -> "OggPage":
        """Return the same page with other fields."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def __bytes__(self) -> bytes:
        """Return the page with its right checksum."""
        head = struct.pack(
            "<4sBBqII", b"OggS", 0, self.flags, self.granule, self.serial, self.number
        )
        rest = bytes([len(self.segments)]) + self.segments + self.body
        check = _crc(head + bytes(4) + rest, bits=32, polynomial=0x04C11DB7)
        return head + struct.pack("<I", check) + rest


def ogg_pages(data: bytes) -> Iterator[OggPage]:
    """Yield the pages of a healthy Ogg file."""
    position = 0
    while position < len(data):
        flags, granule, serial, number = struct.unpack_from("<BqII", data, position + 5)
        count = data[position + 26]
        start = position + 27 + count
        segments = data[position + 27 : start]
        position = start + sum(segments)
        yield OggPage(flags, granule, serial, number, segments, data[start:position])


def with_right_ogg_checksums(data: bytes) -> bytes:
    """Return an Ogg file, however damaged, whose whole pages have the checksums of what they hold.

    libogg drops a page with another one before anybody looks into it.
    """
    made = bytearray(data)
    start = data.find(b"OggS\0")
    while 0 <= start < len(data) - 27:
        body = start + 27 + data[start + 26]
        end = body + sum(data[start + 27 : body])
        page = data[start : start + 22] + bytes(4) + data[start + 26 : end]
        if end <= len(data):
            check = _crc(page, bits=32, polynomial=0x04C11DB7)
            struct.pack_into("<I", made, start + 22, check)
        start = data.find(b"OggS\0", start + 4)
    return bytes(made)


def flac_header(rate: int, channels: int, *, samples: int = 0, block: int = 65_535) -> bytes:
    """Return magic and STREAMINFO of a 16-bit FLAC file (RFC 9639) whose MD5 is left open."""
    packed = rate << 44 | (channels - 1) << 41 | 15 << 36 | samples
    info = struct.pack(">HH6xQ16x", block, block, packed)
    return b"fLaC" + b"\x80\x00\x00\x22" + info


def flac_frames(count: int, channels: int, *, block: int = 65_535) -> bytes:
    """Return frames of digital silence: about 15 bytes for 65,535 sample frames each."""
    frames = bytearray()
    for number in range(count):
        head = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4 | 8]) + _utf8(number)
        head += struct.pack(">H", block - 1)
        head += bytes([_crc(head, bits=8, polynomial=0x07)])
        frame = head + b"\x00\x00\x00" * channels
        frames += frame + struct.pack(">H", _crc(frame, bits=16, polynomial=0x8005))
    return bytes(frames)


def _utf8(number: int) -> bytes:
    return chr(number).encode("utf-8", "surrogatepass")


def _crc(data: bytes, *, bits: int, polynomial: int) -> int:
    """Return a cyclic redundancy check that starts at zero and reflects nothing."""
    table = _TABLES.get(polynomial)
    if table is None:
        table = _TABLES[polynomial] = _crc_table(bits, polynomial)
    value, mask = 0, (1 << bits) - 1
    for byte in data:
        value = (value << 8 & mask) ^ table[(value >> bits - 8 ^ byte) & 0xFF]
    return value


_TABLES: dict[int, list[int]] = {}


def _crc_table(bits: int, polynomial: int) -> list[int]:
    table, mask = [], (1 << bits) - 1
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> bits - 1 else 0)) & mask
        table.append(value)
    return table
