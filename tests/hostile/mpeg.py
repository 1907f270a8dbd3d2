"""MP3 files with tags, counts and frames that lie, and AAC in ADTS."""

import struct
from collections.abc import Iterator

import numpy as np

from analyzer.input.mpeg import parse_header
from tests.hostile.case import Build, Case, Completed, Outcome, corrupt, unsupported
from tests.hostile.seeds import Seeds, sound
from tests.support.containers import id3v2

__all__ = ["CASES", "frames"]

_ONE_SEC = Completed(seconds=1, within=0.06)
_ABOUT_ONE_SEC = Completed(seconds=1, within=0.12)
_DAMAGED = Completed(seconds=1, within=0.12, warns="the file is damaged or breaks off")


def frames(data: bytes) -> Iterator[bytes]:
    """Yield the frames of an MP3 file without tags."""
    position = 0
    while header := parse_header(data[position : position + 4]):
        yield data[position : position + header.length]
        position += header.length


def _mp3(
    seeds: Seeds, *, rate: int = 44_100, channels: int = 2, seconds: float = 1, bare: bool = False
) -> bytes:
    samples = sound(seconds, rate=rate, channels=channels)
    if not bare:
        return seeds.write(samples, "MP3", "MPEG_LAYER_III", rate=rate)
    wav = seeds.write(samples, "WAV", "PCM_16", rate=rate)
    xing = ("-write_xing", "0", "-id3v2_version", "0")
    return seeds.encode("-c:a", "libmp3lame", "-b:a", "64k", *xing, "-f", "mp3", source=wav)


def _info(seeds: Seeds, *, count: int | None = None, size: int | None = None) -> bytes:
    """Return a healthy MP3 whose Info tag lies."""
    data = bytearray(seeds["mp3"])
    tag = data.index(b"Info") if b"Info" in data else data.index(b"Xing")
    if count is not None:
        data[tag + 8 : tag + 12] = struct.pack(">I", count)
    if size is not None:
        data[tag + 12 : tag + 16] = struct.pack(">I", size)
    return bytes(data)


def _between_frames(seeds: Seeds) -> bytes:
    junk = np.random.default_rng(0).bytes(300).replace(b"\xff", b"\xfe")
    every = list(frames(seeds["mp3-bare"]))
    return b"".join(
        frame + (junk if number % 10 == 9 else b"") for number, frame in enumerate(every)
    )


def _free_format(seeds: Seeds) -> bytes:
    every = frames(seeds["mp3-bare"])
    return b"".join(frame[:2] + bytes([frame[2] & 0x0F]) + frame[3:] for frame in every)


def _picture(kind: bytes, size: int) -> bytes:
    data = b"\0image/" + kind + b"\0\3\0" + np.random.default_rng(0).bytes(size)
    length = bytes(len(data) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"APIC" + length + b"\0\0" + data


def _ape(size: int = 0) -> bytes:
    item = struct.pack("<II", 4, 0) + b"Title\0\xff\xfe\x80\x81"
    body = 32 + len(item)
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, size or body, 1, 0) + bytes(8)
    header = b"APETAGEX" + struct.pack("<IIII", 2000, size or body, 1, 0xA0000000) + bytes(8)
    return header + item + footer


_ID3V1 = b"TAG" + b"\xff\xfe\xe9" * 41 + b"\0\0"

_MP3: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "without-xing": (lambda seeds: seeds["mp3-bare"], _ONE_SEC),
    "variable-rate": (lambda seeds: seeds["mp3-vbr"], _ONE_SEC),
    "info-counts-0": (lambda seeds: _info(seeds, count=0, size=0), _ABOUT_ONE_SEC),
    "info-counts-max": (
        lambda seeds: _info(seeds, count=0xFFFFFFFF, size=0xFFFFFFFF),
        Completed(seconds=1, within=0.12, warns="bytes of sound are missing"),
    ),
    "info-counts-more-frames": (lambda seeds: _info(seeds, count=100_000), _ABOUT_ONE_SEC),
    "info-counts-fewer-frames": (
        lambda seeds: _info(seeds, count=3),
        Completed(seconds=0.034, within=0.01, warns="bytes follow the end that its header gives"),
    ),
    "info-counts-fewer-bytes": (lambda seeds: _info(seeds, size=1_000), _ABOUT_ONE_SEC),
    "id3v1-not-utf-8": (lambda seeds: seeds["mp3"] + _ID3V1, _ONE_SEC),
    "id3v2-not-utf-8": (
        lambda seeds: id3v2(b"TIT2\0\0\0\5\0\0\3\xff\xfe\x80\x81") + seeds["mp3"],
        _ONE_SEC,
    ),
    "id3v2-of-16-mb": (lambda seeds: id3v2(padding=16 << 20) + seeds["mp3"], _ONE_SEC),
    "id3v2-twice": (lambda seeds: id3v2(padding=99) + id3v2(padding=9) + seeds["mp3"], _ONE_SEC),
    "id3v2-40-times": (lambda seeds: id3v2(padding=9) * 40 + seeds["mp3"], _ONE_SEC, unsupported()),
    "id3v2-past-the-end": (
        lambda seeds: id3v2(size=0x0FFFFFFF) + seeds["mp3"],
        corrupt("a tag and no audio"),
    ),
    "id3v2-too-short": (lambda seeds: id3v2(padding=500, size=20) + seeds["mp3"], _ABOUT_ONE_SEC),
    "id3v2-alone": (lambda seeds: id3v2(padding=500), corrupt("a tag and no audio")),
    "id3v2-behind": (lambda seeds: seeds["mp3"] + id3v2(padding=500), _ONE_SEC),
    "jpeg-of-1-mb": (lambda seeds: id3v2(_picture(b"jpeg", 1 << 20)) + seeds["mp3"], _ONE_SEC),
    "png-of-8-mb": (lambda seeds: id3v2(_picture(b"png", 8 << 20)) + seeds["mp3"], _ONE_SEC),
    "ape-behind": (lambda seeds: seeds["mp3"] + _ape(), _ONE_SEC),
    "ape-and-id3v1-behind": (lambda seeds: seeds["mp3"] + _ape() + _ID3V1, _ONE_SEC),
    "ape-size-lies": (lambda seeds: seeds["mp3"] + _ape(0x7FFFFFFF), _ONE_SEC),
    "zeros-before": (lambda seeds: bytes(5_000) + seeds["mp3"], _ABOUT_ONE_SEC),
    "zeros-behind": (lambda seeds: seeds["mp3-bare"] + bytes(500_000), _DAMAGED, _ABOUT_ONE_SEC),
    "garbage-before": (lambda seeds: b"\xa5" * 5_000 + seeds["mp3"], _ABOUT_ONE_SEC),
    "garbage-behind": (lambda seeds: seeds["mp3"] + b"\xa5" * 50_000, _ONE_SEC),
    "garbage-between": (
        _between_frames,
        Completed(seconds=1, within=0.3, warns="damaged"),
    ),
    "free-format": (_free_format, unsupported(), corrupt()),
    "one-frame": (
        lambda seeds: next(frames(seeds["mp3-bare"])),
        corrupt(),
        Completed(seconds=0.026, within=0.03),
    ),
    "rate-changes": (
        lambda seeds: seeds["mp3-bare"] + _mp3(seeds, rate=22_050, bare=True),
        Completed(seconds=2, within=0.2),
    ),
    "rate-changes-counted": (
        lambda seeds: seeds["mp3"] + _mp3(seeds, rate=48_000),
        Completed(seconds=2, within=0.2),
    ),
    "mono-after-stereo": (
        lambda seeds: seeds["mp3-bare"] + _mp3(seeds, channels=1, bare=True),
        Completed(seconds=2, within=0.2),
    ),
    "stereo-after-mono": (
        lambda seeds: _mp3(seeds, channels=1) + seeds["mp3"],
        Completed(seconds=2, within=0.2),
    ),
    "8-khz": (lambda seeds: _mp3(seeds, rate=8_000, channels=1), Completed(seconds=1, within=0.3)),
    "layer-2": (lambda seeds: seeds["mp2"], _ONE_SEC),
    "holds-a-wav-behind-a-tag": (
        lambda seeds: id3v2(padding=50) + seeds["wav"],
        Completed(seconds=1),
    ),
    "holds-a-flac-behind-a-tag": (
        lambda seeds: id3v2(padding=50) + seeds["flac"],
        Completed(seconds=1),
    ),
    "holds-text-behind-a-tag": (
        lambda seeds: id3v2(padding=50) + b"#EXTM3U\nx.mp3\n",
        unsupported(),
    ),
    "begins-as-a-zip": (lambda seeds: b"PK\3\4" + bytes(500) + seeds["mp3"], unsupported("ZIP")),
    "begins-as-a-jpeg": (
        lambda seeds: b"\xff\xd8\xff\xe0" + bytes(99) + seeds["mp3"],
        unsupported("JPEG"),
    ),
    "ends-as-a-zip": (lambda seeds: seeds["mp3"] + b"PK\5\6" + bytes(18), _ONE_SEC),
    "sync-words-only": (lambda seeds: b"\xff\xfb" * 50_000, unsupported(), corrupt()),
    "headers-only": (
        lambda seeds: b"".join(f[:4] + bytes(len(f) - 4) for f in frames(seeds["mp3-bare"])),
        _ABOUT_ONE_SEC,
    ),
    "ff-only": (lambda seeds: b"\xff" * 100_000, unsupported()),
}


def _adts_frames(data: bytes) -> Iterator[bytes]:
    position = 0
    while position + 7 <= len(data):
        length = (data[position + 3] & 3) << 11 | data[position + 4] << 3 | data[position + 5] >> 5
        yield data[position : position + length]
        position += length


def _adts_noise(seeds: Seeds) -> bytes:
    random = np.random.default_rng(0)
    every = _adts_frames(seeds["adts"])
    return b"".join(frame[:7] + random.bytes(len(frame) - 7) for frame in every)


def _adts_gaps(seeds: Seeds) -> bytes:
    every = _adts_frames(seeds["adts"])
    return b"".join(f + (b"\x55" * 99 if number == 20 else b"") for number, f in enumerate(every))


def _adts_rates(seeds: Seeds) -> bytes:
    wav = seeds.write(sound(1, rate=22_050), "WAV", "PCM_16", rate=22_050)
    return seeds["adts"] + seeds.encode("-c:a", "aac", "-f", "adts", source=wav)


_ADTS: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "garbage-behind": (
        lambda seeds: seeds["adts"] + b"\xa5" * 5_000,
        Completed(seconds=1, within=0.1, warns="damaged"),
        _ABOUT_ONE_SEC,
    ),
    "id3v2-before": (lambda seeds: id3v2(padding=500) + seeds["adts"], _ABOUT_ONE_SEC),
    "noise-in-frames": (
        _adts_noise,
        corrupt(),
        Completed(seconds=0.5, within=0.6, warns="damaged"),
    ),
    "garbage-between": (
        _adts_gaps,
        Completed(seconds=1, within=0.15, warns="damaged"),
        Completed(seconds=1, within=0.15),
    ),
    "rate-changes": (_adts_rates, Completed(seconds=2, within=0.2)),
    "frame-length-0": (
        lambda seeds: seeds["adts"][:3] + b"\0\0\x1f" + seeds["adts"][6:],
        unsupported(),
        corrupt(),
    ),
}

CASES = [
    *(Case(f"mp3-{name}.mp3", *made) for name, made in _MP3.items()),
    *(Case(f"aac-{name}.aac", *made) for name, made in _ADTS.items()),
]
