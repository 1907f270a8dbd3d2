"""FLAC and Ogg files: totals and checksums that lie, streams in one another, and bombs."""

import struct
from collections.abc import Callable, Iterable

import numpy as np

from tests.hostile.case import Build, Case, Completed, Outcome, corrupt, limit, unsupported
from tests.hostile.seeds import Seeds, sound
from tests.support.containers import OggPage, flac_frames, flac_header, id3v2, ogg_pages

__all__ = ["CASES", "flac_bomb"]

_ONE_SEC = Completed(seconds=1)
_ABOUT_ONE_SEC = Completed(seconds=1, within=0.03)
_BREAKS_OFF = "the file is damaged or breaks off"
_INFO = 8
"""Where STREAMINFO begins, behind magic and block header."""


def flac_bomb(seconds: float, *, rate: int = 44_100, channels: int = 2, promised: int = 0) -> bytes:
    """Return hours of silence in a few kB: 65,535 sample frames take 11 to 35 bytes."""
    count = -(-round(seconds * rate) // 65_535)
    return flac_header(rate, channels, samples=promised) + flac_frames(count, channels)


def _flac_total(seeds: Seeds, total: int) -> bytes:
    data = bytearray(seeds["flac"])
    (packed,) = struct.unpack_from(">Q", data, _INFO + 10)
    struct.pack_into(">Q", data, _INFO + 10, packed >> 36 << 36 | total)
    return bytes(data)


def _flac_with(seeds: Seeds, at: int, put: bytes, kind: str = "flac") -> bytes:
    data = bytearray(seeds[kind])
    at = at if at >= 0 else len(data) + at
    data[at : at + len(put)] = put
    return bytes(data)


def _flac_block(seeds: Seeds, kind: int, body: bytes, *, size: int | None = None) -> bytes:
    """Insert a metadata block behind STREAMINFO."""
    data = seeds["flac"]
    after = _INFO + 34
    last = data[4] & 0x80
    length = len(body) if size is None else size
    head = data[:4] + bytes([data[4] & 0x7F]) + data[5:after]
    return head + bytes([last | kind]) + length.to_bytes(3, "big") + body + data[after:]


_FLAC: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "total-0": (lambda seeds: _flac_total(seeds, 0), _ONE_SEC),
    "total-long": (
        lambda seeds: _flac_total(seeds, 10 * 44_100),
        Completed(seconds=1, warns="frames are missing"),
    ),
    "total-max": (
        lambda seeds: _flac_total(seeds, (1 << 36) - 1),
        Completed(seconds=1, warns="frames are missing"),
    ),
    "total-short": (
        lambda seeds: _flac_total(seeds, 22_050),
        Completed(seconds=0.5, warns="bytes follow the end that its header gives"),
    ),
    "md5-wrong": (lambda seeds: _flac_with(seeds, _INFO + 18, b"\xa5" * 16), _ONE_SEC),
    "md5-0": (lambda seeds: _flac_with(seeds, _INFO + 18, bytes(16)), _ONE_SEC),
    "block-sizes-0": (lambda seeds: _flac_with(seeds, _INFO, bytes(4)), corrupt(), _ONE_SEC),
    "frame-damaged": (
        lambda seeds: _flac_with(seeds, len(seeds["flac"]) // 2, b"\xa5" * 40),
        Completed(seconds=0.5, within=0.15, warns="damaged"),
    ),
    "frames-of-zeros": (
        lambda seeds: seeds["flac"][: len(seeds["flac"]) // 2] + bytes(len(seeds["flac"]) // 2),
        Completed(seconds=0.5, within=0.15, warns="damaged"),
    ),
    "rate-0": (lambda seeds: _flac_with(seeds, _INFO + 10, b"\0\0\x02"), _ONE_SEC, corrupt()),
    "picture-of-8-mb": (
        lambda seeds: _flac_block(seeds, 6, np.random.default_rng(0).bytes(8 << 20)),
        _ONE_SEC,
        Completed(seconds=1, warns=_BREAKS_OFF),
        corrupt(),
    ),
    "padding-of-16-mb": (lambda seeds: _flac_block(seeds, 1, bytes((1 << 24) - 1)), _ONE_SEC),
    "tags-not-utf-8": (
        lambda seeds: _flac_block(
            seeds, 4, struct.pack("<IIIs", 0, 1, 8, b"") + b"T=\xff\xfe\x80abc"
        ),
        _ONE_SEC,
        corrupt(),
    ),
    "tag-count-max": (
        lambda seeds: _flac_block(seeds, 4, struct.pack("<II", 0, 0xFFFFFFFF)),
        _ONE_SEC,
        corrupt(),
    ),
    "seek-table-of-noise": (
        lambda seeds: _flac_block(seeds, 3, np.random.default_rng(0).bytes(18 * 99)),
        _ONE_SEC,
    ),
    "cue-sheet-of-noise": (
        lambda seeds: _flac_block(seeds, 5, np.random.default_rng(0).bytes(396)),
        _ONE_SEC,
        corrupt(),
    ),
    "block-past-the-end": (lambda seeds: _flac_block(seeds, 1, b"", size=(1 << 24) - 1), corrupt()),
    "without-frames": (lambda seeds: flac_header(44_100, 2), corrupt()),
    "8-channels": (
        lambda seeds: seeds.write(sound(1, channels=8), "FLAC", "PCM_16"),
        _ONE_SEC,
    ),
    "id3v2-before": (lambda seeds: id3v2(padding=999) + seeds["flac"], _ONE_SEC),
    "id3v1-behind": (lambda seeds: seeds["flac"] + b"TAG" + bytes(125), _ONE_SEC),
    "garbage-behind": (
        lambda seeds: seeds["flac"] + b"\xa5" * 50_000,
        Completed(seconds=1, warns="bytes follow"),
    ),
    "twice": (
        lambda seeds: seeds["flac"] * 2,
        Completed(seconds=1, warns="bytes follow"),
    ),
    "bomb-in-limits": (lambda seeds: flac_bomb(55), Completed(seconds=55, within=1.5)),
    "bomb": (lambda seeds: flac_bomb(24 * 3_600), limit("longer than")),
    "bomb-that-promises-a-second": (
        lambda seeds: flac_bomb(24 * 3_600, promised=44_100),
        Completed(seconds=1, warns="bytes follow"),
    ),
    "bomb-that-promises-the-moon": (
        lambda seeds: flac_bomb(24 * 3_600, promised=(1 << 36) - 1),
        limit("longer than"),
    ),
}


def _ogg(change: Callable[[list[OggPage]], Iterable[OggPage]], kind: str = "vorbis") -> Build:
    return lambda seeds: b"".join(map(bytes, change(list(ogg_pages(seeds[kind])))))


def _put(data: bytes, at: int, put: bytes) -> bytes:
    return data[:at] + put + data[at + len(put) :]


def _damaged_crc(seeds: Seeds) -> bytes:
    pages = [bytearray(bytes(page)) for page in ogg_pages(seeds["vorbis"])]
    pages[len(pages) // 2][22] ^= 0xFF
    return b"".join(pages)


def _short_damaged_and_repeated(seeds: Seeds) -> bytes:
    """Return 50 ms whose damaged last page stands there 12 times."""
    *pages, last = ogg_pages(seeds.write(sound(0.05), "OGG", "VORBIS"))
    shifted = last.body[:300] + last.body[297:-3]
    return b"".join(map(bytes, pages)) + bytes(last.but(body=shifted)) * 12


def _junk_within_and_behind(seeds: Seeds) -> bytes:
    """Return pages with more between two of them than is searched at a time, and with an end."""
    pages = list(map(bytes, ogg_pages(seeds["vorbis"])))
    junk = b"\xa5" * 200_000
    return b"".join(pages[:3]) + junk + b"".join(pages[3:]) + junk[:5_000]


def _skeleton(pages: list[OggPage]) -> Iterable[OggPage]:
    head = b"fishead\0" + struct.pack("<HHQQQQ", 3, 0, 0, 1_000, 0, 1_000) + bytes(20)
    yield OggPage(2, 0, 77, 0, bytes([len(head)]), head)
    yield pages[0]
    yield OggPage(4, 0, 77, 1, b"\0", b"")
    yield from pages[1:]


def _granules(pages: list[OggPage], granule: Callable[[int], int]) -> Iterable[OggPage]:
    return [page.but(granule=granule(page.granule)) if page.granule > 0 else page for page in pages]


def _chained(seeds: Seeds, other: str, *, serial: int = 4711) -> bytes:
    pages = (page.but(serial=serial) for page in ogg_pages(seeds[other]))
    return seeds["vorbis"] + b"".join(map(bytes, pages))


_OGG: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "checksum-damaged": (
        _damaged_crc,
        Completed(seconds=0.6, within=0.2, warns="missing or damaged"),
    ),
    "page-missing": (
        _ogg(lambda pages: pages[:4] + pages[5:]),
        Completed(seconds=1, within=0.6, warns="damaged"),
    ),
    "page-twice": (
        _ogg(lambda pages: [*pages[:4], pages[3], *pages[4:]]),
        Completed(seconds=1, within=0.2),
    ),
    "last-page-12-times": (
        _ogg(lambda pages: [*pages, *pages[-1:] * 11]),
        Completed(seconds=1, within=0.03, warns="bytes follow the end that its header gives"),
    ),
    "last-page-damaged-12-times": (
        _short_damaged_and_repeated,
        Completed(seconds=0.05, warns="bytes follow the end that its header gives"),
    ),
    "pages-swapped": (
        _ogg(lambda pages: pages[:3] + pages[:2:-1]),
        Completed(seconds=1, within=1, warns="damaged"),
        corrupt(),
    ),
    "granules-0": (
        _ogg(lambda pages: _granules(pages, lambda granule: 0)),
        Completed(seconds=1, within=0.1),
        corrupt(),
    ),
    "granules-negative": (
        _ogg(lambda pages: _granules(pages, lambda granule: -granule)),
        Completed(seconds=1, within=0.1, warns="invalid pts"),
        Completed(seconds=1, within=0.1),
        corrupt(),
    ),
    "granules-max": (
        _ogg(lambda pages: _granules(pages, lambda granule: 2**63 - 1)),
        Completed(seconds=0.36, within=0.1),
    ),
    "granules-10-times": (
        _ogg(lambda pages: _granules(pages, lambda granule: 10 * granule)),
        Completed(seconds=1, within=0.1, warns="missing"),
    ),
    "first-page-twice": (
        _ogg(lambda pages: [pages[0], *pages]),
        corrupt(),
        unsupported(),
        _ABOUT_ONE_SEC,
    ),
    "headers-only": (_ogg(lambda pages: pages[:2]), corrupt()),
    "without-end-mark": (
        _ogg(lambda pages: [*pages[:-1], pages[-1].but(flags=0)]),
        Completed(seconds=1, within=0.03, warns="end of the stream is missing"),
    ),
    "no-sample": (lambda seeds: seeds.write(sound(0), "OGG", "VORBIS"), corrupt()),
    "opus-no-sample": (lambda seeds: seeds.write(sound(0), "OGG", "OPUS", rate=48_000), corrupt()),
    "opus-preskip-max": (
        lambda seeds: b"".join(
            bytes(page if page.number else page.but(body=_put(page.body, 10, b"\xff\xff")))
            for page in ogg_pages(seeds["opus"])
        ),
        Completed(seconds=0.01, within=0.01, warns="promised"),
        corrupt(),
    ),
    "opus-channels-0": (
        lambda seeds: b"".join(
            bytes(page if page.number else page.but(body=_put(page.body, 9, b"\0")))
            for page in ogg_pages(seeds["opus"])
        ),
        corrupt(),
        unsupported(),
    ),
    "with-skeleton": (_ogg(_skeleton), _ABOUT_ONE_SEC),
    "end-of-another-stream": (
        _ogg(lambda pages: [*pages[:3], OggPage(6, 0, 77, 0, b"\0", b""), *pages[3:]]),
        _ABOUT_ONE_SEC,
    ),
    "with-film": (
        lambda seeds: seeds.encode(
            "-filter_complex",
            "[0:a]showwaves=s=64x64[v]",
            "-map",
            "[v]",
            "-map",
            "0:a",
            "-c:v",
            "libtheora",
            "-c:a",
            "libvorbis",
            "-f",
            "ogg",
        ),
        _ABOUT_ONE_SEC,
    ),
    "film-alone": (
        _ogg(lambda pages: [OggPage(2, 0, 9, 0, b"\x2a", b"\x80theora\3\2\1" + bytes(32))]),
        unsupported(),
        corrupt(),
    ),
    "chained": (lambda seeds: _chained(seeds, "vorbis"), Completed(seconds=2, within=0.1)),
    "chained-same-serial": (
        lambda seeds: seeds["vorbis"] * 2,
        Completed(seconds=2, within=0.1),
        Completed(seconds=1, within=0.1, warns="follow"),
    ),
    "chained-opus-after-vorbis": (
        lambda seeds: _chained(seeds, "opus"),
        Completed(seconds=2, within=0.1),
        Completed(seconds=1, within=0.1, warns="damaged"),
    ),
    "8-channels": (
        lambda seeds: seeds.write(sound(1, channels=8), "OGG", "VORBIS"),
        _ABOUT_ONE_SEC,
    ),
    "zeros-behind": (
        lambda seeds: seeds["vorbis"] + bytes(300_000),
        Completed(seconds=1, within=0.03, warns="follow"),
    ),
    "id3v1-behind": (lambda seeds: seeds["vorbis"] + b"TAG" + bytes(125), _ABOUT_ONE_SEC),
    "garbage-within-and-behind": (
        _junk_within_and_behind,
        Completed(seconds=1, within=0.03, warns="5,000 bytes follow"),
    ),
    "garbage-before": (
        lambda seeds: b"\xa5" * 100 + seeds["vorbis"],
        unsupported("unknown binary"),
    ),
    "speex-header": (
        _ogg(lambda pages: [OggPage(2, 0, 9, 0, b"\x50", b"Speex   1.2" + bytes(69)), *pages[1:]]),
        corrupt(),
        unsupported(),
    ),
}

CASES = [
    *(Case(f"flac-{name}.flac", *made) for name, made in _FLAC.items()),
    *(Case(f"ogg-{name}.ogg", *made) for name, made in _OGG.items()),
]
