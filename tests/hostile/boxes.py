"""MP4, Matroska and the other containers that only the ffmpeg child reads."""

import struct

import numpy as np

from tests.hostile.case import Build, Case, Completed, Outcome, corrupt, limit, unsupported
from tests.hostile.seeds import Seeds, sound
from tests.support.containers import box

__all__ = ["CASES"]

_ONE_SEC = Completed(seconds=1, within=0.06)
_EXACT = Completed(seconds=1)
_DAMAGED = Completed(seconds=0.5, within=0.6, warns="the file is damaged or breaks off")
_FILM = ("-filter_complex", "[0:a]showwaves=s=64x64:r=10[v]", "-map", "[v]")
_SOUND = ("-map", "0:a")
_COVER = ("-filter_complex", "[0:a]showwavespic=s=64x64[v]", "-map", "[v]", "-frames:v", "1")


def _at(data: bytes, name: bytes, offset: int, put: bytes) -> bytes:
    """Overwrite bytes behind the first box of a name."""
    start = data.index(name) + 4 + offset
    return data[:start] + put + data[start + len(put) :]


def _u32(value: int) -> bytes:
    return struct.pack(">I", value)


def _edited(kind: str, name: bytes, offset: int, value: int) -> Build:
    return lambda seeds: _at(seeds[kind], name, offset, _u32(value))


def _refers(seeds: Seeds, kind: bytes, target: bytes) -> bytes:
    """Return a QuickTime file that says its sound is in another file; its own is cut off."""
    whole = seeds["mov"]
    inside = box(kind, b"\0\0\0\0", target)
    old = whole.index(b"dref") - 4
    (size,) = struct.unpack_from(">I", whole, old)
    new = box(b"dref", b"\0\0\0\0\0\0\0\1", inside)
    return _grown(whole[:old] + new + whole[old + size :], old, len(new) - size)


def _grown(data: bytes, inside: int, by: int) -> bytes:
    """Correct the sizes of the boxes around a place where bytes were inserted."""
    grown = bytearray(data)
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        start = data.rindex(name, 0, inside) - 4
        (size,) = struct.unpack_from(">I", data, start)
        struct.pack_into(">I", grown, start, size + by)
    return bytes(grown)


def _alias(target: bytes) -> bytes:
    """Return the alias record of a QuickTime reference (Inside Macintosh: Files)."""
    head = b"\0\0\0\0\0\0\0\2" + bytes(2) + b"\x01x" + bytes(26) + bytes(10)
    name = bytes([len(target[:63])]) + target[:63].ljust(63, b"\0")
    tail = bytes(16) + bytes(20)
    record = (
        struct.pack(">HH", 18, len(target)) + target + b"\0" * (len(target) & 1) + b"\xff\xff\0\0"
    )
    return head + name + tail + record


def _without_mdat(data: bytes) -> bytes:
    start = data.index(b"mdat") - 4
    (size,) = struct.unpack_from(">I", data, start)
    return data[:start] + data[start + size :]


_MP4: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "index-in-front": (lambda seeds: seeds["m4a-fast"], _ONE_SEC),
    "fragmented": (lambda seeds: seeds["m4a-fragmented"], _ONE_SEC),
    "without-ftyp": (
        lambda seeds: seeds["m4a"][struct.unpack(">I", seeds["m4a"][:4])[0] :],
        _ONE_SEC,
        unsupported(),
    ),
    "with-film": (
        lambda seeds: seeds.encode(*_FILM, *_SOUND, "-c:v", "mpeg4", "-c:a", "aac", "-f", "mp4"),
        _ONE_SEC,
    ),
    "film-alone": (
        lambda seeds: seeds.encode(*_FILM, "-c:v", "mpeg4", "-f", "mp4"),
        unsupported("holds no sound"),
    ),
    "two-sounds": (
        lambda seeds: seeds.encode("-map", "0:a", "-map", "0:a", "-c:a", "aac", "-f", "mp4"),
        _ONE_SEC,
    ),
    "ac3": (lambda seeds: seeds.encode("-c:a", "ac3", "-f", "mp4"), unsupported("not decoded")),
    "encrypted": (
        lambda seeds: seeds["m4a"].replace(b"mp4a\0\0\0\0\0\0\0\1", b"enca\0\0\0\0\0\0\0\1"),
        corrupt(),
        unsupported(),
        _DAMAGED,
        _ONE_SEC,
    ),
    "codec-unknown": (
        lambda seeds: seeds["mov"].replace(b"sowt\0\0\0\0\0\0\0\1", b"zzzz\0\0\0\0\0\0\0\1"),
        unsupported(),
        corrupt(),
    ),
    "codec-ulaw": (
        lambda seeds: seeds["mov"].replace(b"sowt\0\0\0\0\0\0\0\1", b"ulaw\0\0\0\0\0\0\0\1"),
        unsupported("not decoded"),
    ),
    "index-missing": (
        lambda seeds: seeds["m4a"][: seeds["m4a"].index(b"moov") - 4],
        corrupt("moov atom not found"),
    ),
    "sound-missing": (lambda seeds: _without_mdat(seeds["m4a-fast"]), corrupt()),
    "sample-sizes-max": (_edited("m4a", b"stsz", 4, 0xFFFFFFFF), corrupt(), _DAMAGED),
    "sample-count-max": (_edited("m4a", b"stsz", 8, 0xFFFFFFFF), corrupt(), _ONE_SEC, _DAMAGED),
    "sample-count-0": (_edited("m4a", b"stsz", 8, 0), corrupt(), _DAMAGED),
    "one-sample-size-max": (_edited("m4a", b"stsz", 12, 0x7FFFFFFF), _DAMAGED, corrupt()),
    "offsets-past-the-end": (_edited("m4a", b"stco", 8, 0x7FFFFFFF), corrupt(), _DAMAGED),
    "offset-count-max": (_edited("m4a", b"stco", 4, 0xFFFFFFFF), corrupt(), _ONE_SEC, _DAMAGED),
    "offsets-0": (_edited("m4a", b"stco", 8, 0), corrupt(), _DAMAGED),
    "times-count-max": (_edited("m4a", b"stts", 4, 0xFFFFFFFF), _ONE_SEC, corrupt(), _DAMAGED),
    "time-step-max": (
        _edited("m4a", b"stts", 12, 0xFFFFFFFF),
        _ONE_SEC,
        _DAMAGED,
        Completed(seconds=0, within=0.1),
    ),
    "duration-max": (_edited("m4a", b"mdhd", 16, 0xFFFFFFFF), _ONE_SEC, _DAMAGED),
    "duration-0": (_edited("m4a", b"mdhd", 16, 0), _ONE_SEC),
    "timescale-0": (
        _edited("m4a", b"mdhd", 12, 0),
        _ONE_SEC,
        corrupt(),
        _DAMAGED,
    ),
    "timescale-max": (
        _edited("m4a", b"mdhd", 12, 0xFFFFFFFF),
        _ONE_SEC,
        _DAMAGED,
        corrupt(),
        Completed(seconds=0.5, within=0.6),
    ),
    "edit-list-hides-all": (_edited("m4a", b"elst", 12, 0x7FFFFFFF), corrupt(), _ONE_SEC, _DAMAGED),
    "edit-list-count-max": (_edited("m4a", b"elst", 4, 0xFFFFFFFF), _ONE_SEC, _DAMAGED, corrupt()),
    "box-size-0": (
        lambda seeds: box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", bytes(50), size=0),
        corrupt(),
        unsupported(),
    ),
    "box-size-1": (
        lambda seeds: box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", b"\xff" * 8 + bytes(50), size=1),
        corrupt(),
    ),
    "boxes-1000-deep": (
        lambda seeds: box(b"ftyp", b"M4A \0\0\0\0") + _nested(1_000),
        corrupt(),
        unsupported(),
    ),
    "free-of-16-mb": (lambda seeds: seeds["m4a"] + box(b"free", bytes(16 << 20)), _ONE_SEC),
    "garbage-behind": (lambda seeds: seeds["m4a"] + b"\xa5" * 50_000, _ONE_SEC, _DAMAGED),
    "refers-to-passwd-by-url": (
        lambda seeds: _without_mdat(_refers(seeds, b"url ", b"file:///etc/passwd\0")),
        corrupt(),
        Completed(seconds=0.004, within=0.01, warns="damaged"),
    ),
    "refers-to-passwd-by-alias": (
        lambda seeds: _without_mdat(_refers(seeds, b"alis", _alias(b"/etc/passwd"))),
        corrupt(),
    ),
    "refers-to-passwd-by-relative-alias": (
        lambda seeds: _without_mdat(_refers(seeds, b"alis", _alias(b"../../../etc/passwd"))),
        corrupt(),
    ),
    "nothing-but-ftyp": (lambda seeds: box(b"ftyp", b"M4A \0\0\0\0"), corrupt()),
    "web-address-inside": (
        lambda seeds: (
            box(b"ftyp", b"qt  \0\0\0\0")
            + box(
                b"moov",
                box(
                    b"rmra",
                    box(b"rmda", box(b"rdrf", b"\0\0\0\0url ", _u32(18), b"http://127.0.0.1/x")),
                ),
            )
        ),
        corrupt(),
        unsupported(),
    ),
}


def _nested(depth: int) -> bytes:
    made = b""
    for _ in range(depth):
        made = box(b"moov", made)
    return made


def _replaced(kind: str, old: bytes, new: bytes) -> Build:
    def build(seeds: Seeds) -> bytes:
        assert old in seeds[kind], f"{kind} has no {old!r}"
        return seeds[kind].replace(old, new, 1)

    return build


def _overwritten(kind: str, start: float, length: int) -> Build:
    """Put noise into the middle of a healthy file."""

    def build(seeds: Seeds) -> bytes:
        data = seeds[kind]
        at = int(start * len(data))
        return data[:at] + np.random.default_rng(0).bytes(length) + data[at + length :]

    return build


_AU_RATE = struct.pack(">I", 44_100)

_OTHERS: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "two-sounds.mka": (
        lambda seeds: seeds.encode(
            "-map",
            "0:a",
            "-map",
            "0:a",
            "-c:a:0",
            "flac",
            "-c:a:1",
            "libvorbis",
            "-f",
            "matroska",
        ),
        _EXACT,
    ),
    "with-film.mkv": (
        lambda seeds: seeds.encode(
            *_FILM, *_SOUND, "-c:v", "mpeg4", "-c:a", "aac", "-f", "matroska"
        ),
        _ONE_SEC,
    ),
    "film-alone.mkv": (
        lambda seeds: seeds.encode(*_FILM, "-c:v", "mpeg4", "-f", "matroska"),
        unsupported("holds no sound"),
    ),
    "ac3.mka": (
        lambda seeds: seeds.encode("-c:a", "ac3", "-f", "matroska"),
        unsupported("not decoded"),
    ),
    "noise.mka": (
        _overwritten("mka-flac", 0.4, 3_000),
        Completed(seconds=0.7, within=0.4, warns="damaged"),
    ),
    "noise-in-header.mka": (
        _overwritten("mka-flac", 0.001, 200),
        corrupt(),
        unsupported(),
        _DAMAGED,
    ),
    "header-alone.mka": (lambda seeds: b"\x1a\x45\xdf\xa3" + bytes(60), corrupt(), unsupported()),
    "size-max.mka": (
        lambda seeds: b"\x1a\x45\xdf\xa3\x01" + b"\xff" * 70,
        corrupt(),
        unsupported(),
    ),
    "garbage-behind.mka": (
        lambda seeds: seeds["mka-flac"] + b"\xa5" * 50_000,
        _EXACT,
        Completed(seconds=1, warns="damaged"),
    ),
    "noise.wma": (_overwritten("wma", 0.5, 800), _DAMAGED, Completed(seconds=0.7, within=0.4)),
    "header-alone.wma": (lambda seeds: seeds["wma"][:200], corrupt(), unsupported()),
    "noise.wv": (
        _overwritten("wavpack", 0.5, 800),
        Completed(seconds=0.7, within=0.4, warns="damaged"),
    ),
    "samples-max.wv": (
        lambda seeds: seeds["wavpack"][:12] + b"\xff" * 4 + seeds["wavpack"][16:],
        _EXACT,
        Completed(seconds=1, warns="damaged"),
        corrupt(),
    ),
    "block-size-max.wv": (
        lambda seeds: seeds["wavpack"][:4] + b"\xff\xff\xff\x7f" + seeds["wavpack"][8:],
        corrupt(),
    ),
    "rate-0.au": (_replaced("au", _AU_RATE, bytes(4)), corrupt(), unsupported(), limit()),
    "rate-max.au": (_replaced("au", _AU_RATE, b"\xff" * 4), corrupt(), unsupported(), limit()),
    "offset-max.au": (
        lambda seeds: seeds["au"][:4] + b"\xff\xff\xff\xf0" + seeds["au"][8:],
        corrupt(),
        unsupported(),
        Completed(seconds=1, within=0.001),
    ),
    "ulaw.au": (
        lambda seeds: b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 1, 8_000, 1) + bytes(8_000),
        unsupported("not decoded"),
    ),
    "channels-9.au": (
        lambda seeds: b".snd" + struct.pack(">IIIII", 24, 0xFFFFFFFF, 3, 44_100, 9) + bytes(18_000),
        limit("9 channels"),
    ),
    "size-max.caf": (
        _replaced("caf", b"data", b"data" + b"\x7f" + b"\xff" * 7),
        corrupt(),
        _DAMAGED,
        Completed(seconds=1, within=0.01),
    ),
    "description-missing.caf": (_replaced("caf", b"desc", b"nope"), corrupt(), unsupported()),
    "size-max.w64": (
        lambda seeds: seeds["w64"][:16] + b"\xff" * 8 + seeds["w64"][24:],
        _EXACT,
        corrupt(),
    ),
    "noise-in-header.w64": (_overwritten("w64", 0.0002, 60), corrupt(), unsupported(), limit()),
    "nan.caf": (
        lambda seeds: seeds.encode(
            "-c:a",
            "pcm_f32be",
            "-f",
            "caf",
            source=seeds.write(
                sound(1) * np.where(np.arange(88_200).reshape(-1, 2) == 9, np.nan, 1),
                "WAV",
                "FLOAT",
            ),
        ),
        corrupt("NaN or infinite values"),
    ),
    "384-khz.caf": (
        lambda seeds: seeds.encode(
            "-c:a",
            "pcm_s16be",
            "-f",
            "caf",
            source=seeds.write(sound(0.2, rate=384_000), "WAV", "PCM_16", rate=384_000),
        ),
        Completed(seconds=0.2),
    ),
    "cover.m4a": (
        lambda seeds: seeds.encode(
            *_COVER,
            *_SOUND,
            "-c:a",
            "aac",
            "-c:v",
            "png",
            "-disposition:v",
            "attached_pic",
            "-f",
            "ipod",
        ),
        _ONE_SEC,
    ),
}

CASES = [
    *(Case(f"mp4-{name}.m4a", *made) for name, made in _MP4.items()),
    *(Case(f"other-{name}", *made) for name, made in _OTHERS.items()),
]
