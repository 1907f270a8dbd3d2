"""WAV, RF64 and AIFF files: odd samples that are fine, and headers that lie."""

import struct

import numpy as np

from tests.hostile.case import Build, Case, Completed, Outcome, corrupt, limit, unsupported
from tests.hostile.seeds import RATE_HZ, sound
from tests.support.containers import aiff, chunk, fmt, riff

__all__ = ["CASES"]

_GUID = b"\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
_ONE_SEC = Completed(seconds=1)


def _pcm(seconds: float = 1.0, channels: int = 2, rate: int = RATE_HZ) -> bytes:
    return np.rint(32_767 * sound(seconds, channels=channels, rate=rate)).astype("<i2").tobytes()


def _wav(*, fmt_chunk: bytes = fmt(), size: int | None = None, data: bytes | None = None) -> bytes:
    """Return a second of 16-bit stereo behind a `fmt ` chunk that may say something else."""
    data = _pcm() if data is None else data
    return riff(fmt_chunk, chunk(b"data", data, size=size))


def _samples(values: "np.typing.ArrayLike", encoding: str = "FLOAT", rate: int = RATE_HZ) -> Build:
    return lambda seeds: seeds.write(np.asarray(values, np.float64), "WAV", encoding, rate=rate)


def _with_one(value: float, *, last: bool = False) -> Build:
    samples = sound(1)
    samples[-1 if last else 0, 1] = value
    return _samples(samples)


def _extensible(tag: int, bits: int, valid: int, *, mask: int = 3, guid: bytes = _GUID) -> bytes:
    extra = struct.pack("<HHIHxx", 22, valid, mask, tag) + guid
    return fmt(0xFFFE, bits=bits, extra=extra)


def _rf64(*, riff_size: int, data_size: int, frames: int) -> bytes:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", riff_size, data_size, frames, 0))
    return riff(
        ds64, fmt(), chunk(b"data", _pcm(), size=0xFFFFFFFF), magic=b"RF64", size=0xFFFFFFFF
    )


def _comm(rate: bytes = bytes.fromhex("400eac44000000000000"), **fields: int) -> bytes:
    channels, frames, bits = (
        fields.get("channels", 2),
        fields.get("frames", RATE_HZ),
        fields.get("bits", 16),
    )
    return chunk(b"COMM", struct.pack(">HIH", channels, frames, bits) + rate, big=True)


def _aiff(comm: bytes, *, size: int | None = None, offset: int = 0) -> bytes:
    data = np.frombuffer(_pcm(), "<i2").astype(">i2").tobytes()
    sound_size = 8 + len(data) if size is None else size
    body = struct.pack(">II", offset, 0) + data
    return aiff(comm, chunk(b"SSND", body, size=sound_size, big=True))


_SIGNALS: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "no-frame": (_samples(np.zeros((0, 2))), corrupt("holds no sound")),
    "one-sample": (_samples([0.5]), Completed(seconds=1 / RATE_HZ)),
    "one-frame-of-8": (_samples(np.full((1, 8), 0.5)), Completed(seconds=1 / RATE_HZ)),
    "two-samples": (_samples([0.5, -0.5]), Completed(seconds=2 / RATE_HZ)),
    "digital-silence": (_samples(np.zeros((RATE_HZ, 2))), _ONE_SEC),
    "direct-current": (_samples(np.full((RATE_HZ, 2), 0.9)), _ONE_SEC),
    "clipping": (_samples(np.sign(sound(1)), "PCM_16"), _ONE_SEC),
    "far-above-full-scale": (_samples(sound(1) * 1e4), _ONE_SEC),
    "denormals": (_samples(sound(1) * 1e-40), _ONE_SEC),
    "alternating": (_samples(np.tile([1.0, -1.0], RATE_HZ // 2)), _ONE_SEC),
    "one-step-of-16-bit": (_samples(np.sign(sound(1)) / 32_768, "PCM_16"), _ONE_SEC),
    "nan-first": (_with_one(np.nan), corrupt("NaN or infinite values instead of samples at 0.000")),
    "nan-last": (_with_one(np.nan, last=True), corrupt("NaN or infinite values")),
    "infinity": (_with_one(np.inf), corrupt("NaN or infinite values")),
    "minus-infinity": (_with_one(-np.inf, last=True), corrupt("NaN or infinite values")),
    "huge": (_with_one(1e30), corrupt("values beyond all sense")),
    "float64-beyond-float32": (
        lambda seeds: _wav(fmt_chunk=fmt(3, bits=64), data=np.full(2_000, 1e300).tobytes()),
        corrupt("NaN or infinite values"),
    ),
    "float64-signalling-nan": (
        lambda seeds: _wav(
            fmt_chunk=fmt(3, bits=64), data=struct.pack("<Q", 0x7FF0000000000001) * 2_000
        ),
        corrupt("NaN or infinite values"),
    ),
    "4-khz-mono": (_samples(sound(1, rate=4_000, channels=1), rate=4_000), _ONE_SEC),
    "8-khz-mono": (_samples(sound(1, rate=8_000, channels=1), rate=8_000), _ONE_SEC),
    "192-khz": (_samples(sound(1, rate=192_000), rate=192_000), _ONE_SEC),
    "384-khz-of-8": (
        _samples(sound(0.5, rate=384_000, channels=8), rate=384_000),
        Completed(seconds=0.5),
    ),
    "odd-rate": (_samples(sound(1, rate=44_057), rate=44_057), _ONE_SEC),
    "3999-hz": (_samples(sound(1, rate=3_999), rate=3_999), limit("3,999 Hz")),
    "384001-hz": (_samples(sound(0.1, rate=384_001), rate=384_001), limit("384,001 Hz")),
    **{
        f"{channels}-channels": (_samples(sound(1, channels=channels)), _ONE_SEC)
        for channels in range(3, 9)
    },
    "9-channels": (_samples(sound(0.1, channels=9)), limit("9 channels")),
    "255-channels": (_samples(sound(0.01, channels=255)), limit("255 channels")),
    **{
        encoding.lower(): (
            _samples(sound(1, rate=8_000, channels=1), encoding, rate=8_000),
            unsupported("not decoded"),
        )
        for encoding in (
            "IMA_ADPCM",
            "MS_ADPCM",
            "GSM610",
            "ULAW",
            "ALAW",
            "G721_32",
            "NMS_ADPCM_16",
        )
    },
}

_BREAKS_OFF = "the file is damaged or breaks off"

_LIES: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "riff-size-0": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), size=0),
        _ONE_SEC,
    ),
    "riff-size-max": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), size=0xFFFFFFFF),
        _ONE_SEC,
    ),
    "riff-size-short": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), size=50),
        _ONE_SEC,
    ),
    "data-size-0": (
        lambda seeds: _wav(size=0),
        Completed(seconds=1, warns="damaged"),
        _ONE_SEC,
    ),
    "data-size-max": (lambda seeds: _wav(size=0xFFFFFFFF), _ONE_SEC),
    "data-size-long": (
        lambda seeds: _wav(size=10 * 4 * RATE_HZ),
        Completed(seconds=1, warns="bytes of sound are missing"),
    ),
    "data-size-short": (
        lambda seeds: _wav(size=2 * RATE_HZ),
        Completed(seconds=0.5),
    ),
    "data-size-odd": (
        lambda seeds: _wav(size=4 * RATE_HZ - 1),
        Completed(seconds=1 - 1 / RATE_HZ),
    ),
    "half-a-frame-at-the-end": (lambda seeds: _wav(data=_pcm() + b"\1\2"), _ONE_SEC),
    "align-0": (lambda seeds: _wav(fmt_chunk=fmt(align=0)), _ONE_SEC),
    "align-wrong": (lambda seeds: _wav(fmt_chunk=fmt(align=7)), _ONE_SEC),
    "align-max": (lambda seeds: _wav(fmt_chunk=fmt(align=0xFFFF)), _ONE_SEC),
    "byte-rate-0": (lambda seeds: _wav(fmt_chunk=fmt(byte_rate=0)), _ONE_SEC),
    "rate-0": (lambda seeds: _wav(fmt_chunk=fmt(rate=0)), corrupt()),
    "rate-max": (lambda seeds: _wav(fmt_chunk=fmt(rate=0xFFFFFFFF)), corrupt()),
    "rate-2-31": (lambda seeds: _wav(fmt_chunk=fmt(rate=0x7FFFFFFF)), limit("sample rate")),
    "channels-0": (lambda seeds: _wav(fmt_chunk=fmt(channels=0)), corrupt()),
    "channels-max": (lambda seeds: _wav(fmt_chunk=fmt(channels=0xFFFF)), corrupt()),
    "bits-0": (lambda seeds: _wav(fmt_chunk=fmt(bits=0, align=4)), corrupt(), unsupported()),
    "bits-7": (
        lambda seeds: _wav(fmt_chunk=fmt(bits=7, align=4)),
        corrupt(),
        Completed(seconds=2),
    ),
    "bits-max": (lambda seeds: _wav(fmt_chunk=fmt(bits=0xFFFF, align=4)), corrupt(), unsupported()),
    "float-of-16-bit": (lambda seeds: _wav(fmt_chunk=fmt(3)), corrupt(), unsupported()),
    "float-in-pcm": (
        lambda seeds: _wav(fmt_chunk=fmt(bits=32), data=sound(1).astype("<f4").tobytes()),
        _ONE_SEC,
    ),
    "tag-nonsense": (lambda seeds: _wav(fmt_chunk=fmt(0xBEEF)), unsupported()),
    "fmt-missing": (lambda seeds: riff(chunk(b"data", _pcm())), corrupt()),
    "fmt-short": (lambda seeds: _wav(fmt_chunk=chunk(b"fmt ", b"\1\0\2\0")), corrupt()),
    "fmt-noise": (
        lambda seeds: _wav(fmt_chunk=chunk(b"fmt ", np.random.default_rng(0).bytes(40))),
        corrupt(),
    ),
    "fmt-huge": (lambda seeds: _wav(fmt_chunk=chunk(b"fmt ", bytes(100_000))), corrupt()),
    "fmt-twice": (
        lambda seeds: riff(fmt(), fmt(channels=1, rate=8_000), chunk(b"data", _pcm())),
        _ONE_SEC,
    ),
    "fmt-behind-data": (lambda seeds: riff(chunk(b"data", _pcm()), fmt()), _ONE_SEC, corrupt()),
    "data-missing": (lambda seeds: riff(fmt()), corrupt()),
    "data-twice": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), chunk(b"data", _pcm())),
        _ONE_SEC,
    ),
    "extensible-pcm": (
        lambda seeds: _wav(fmt_chunk=_extensible(1, 16, 16)),
        _ONE_SEC,
    ),
    "extensible-20-of-24": (
        lambda seeds: _wav(fmt_chunk=_extensible(1, 24, 20), data=bytes(6 * RATE_HZ)),
        _ONE_SEC,
    ),
    "extensible-valid-0": (lambda seeds: _wav(fmt_chunk=_extensible(1, 16, 0)), _ONE_SEC),
    "extensible-mask-0": (lambda seeds: _wav(fmt_chunk=_extensible(1, 16, 16, mask=0)), _ONE_SEC),
    "extensible-mask-max": (
        lambda seeds: _wav(fmt_chunk=_extensible(1, 16, 16, mask=0xFFFFFFFF)),
        _ONE_SEC,
    ),
    "extensible-of-extensible": (
        lambda seeds: _wav(fmt_chunk=_extensible(0xFFFE, 16, 16)),
        unsupported(),
    ),
    "extensible-guid-unknown": (
        lambda seeds: _wav(fmt_chunk=_extensible(1, 16, 16, guid=bytes(12))),
        unsupported(),
    ),
    "extensible-short": (
        lambda seeds: _wav(fmt_chunk=fmt(0xFFFE, extra=b"\x16\0")),
        corrupt(),
        unsupported(),
    ),
    "list-of-16-mb": (
        lambda seeds: riff(
            fmt(), chunk(b"LIST", b"INFO" + bytes(16 << 20)), chunk(b"data", _pcm())
        ),
        _ONE_SEC,
    ),
    "list-not-utf-8": (
        lambda seeds: riff(
            fmt(),
            chunk(b"LIST", b"INFO" + chunk(b"INAM", b"\xff\xfe\x80\x00")),
            chunk(b"data", _pcm()),
        ),
        _ONE_SEC,
    ),
    "list-past-the-end": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), chunk(b"LIST", b"INFO", size=1 << 30)),
        _ONE_SEC,
    ),
    "bext-of-1-mb": (
        lambda seeds: riff(fmt(), chunk(b"bext", bytes(1 << 20)), chunk(b"data", _pcm())),
        _ONE_SEC,
    ),
    "cue-count-max": (
        lambda seeds: riff(
            fmt(), chunk(b"cue ", b"\xff\xff\xff\xff" + bytes(24)), chunk(b"data", _pcm())
        ),
        _ONE_SEC,
    ),
    "id3-behind": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), chunk(b"id3 ", b"ID3\4" + bytes(99))),
        _ONE_SEC,
    ),
    "odd-chunk-without-padding": (
        lambda seeds: riff(fmt(), b"junk\3\0\0\0abc", chunk(b"data", _pcm())),
        corrupt(),
    ),
    "10000-chunks": (
        lambda seeds: riff(fmt(), chunk(b"junk") * 10_000, chunk(b"data", _pcm())),
        _ONE_SEC,
    ),
    "garbage-behind": (lambda seeds: _wav() + b"\xa5" * 100_000, _ONE_SEC),
    "second-wav-behind": (lambda seeds: _wav() + _wav(), _ONE_SEC),
    "big-endian-rifx": (
        lambda seeds: (
            b"RIFX"
            + struct.pack(">I", 36 + 4 * RATE_HZ)
            + b"WAVEfmt "
            + struct.pack(">IHHIIHH", 16, 1, 2, RATE_HZ, 4 * RATE_HZ, 4, 16)
            + b"data"
            + struct.pack(">I", 4 * RATE_HZ)
            + np.frombuffer(_pcm(), "<i2").astype(">i2").tobytes()
        ),
        _ONE_SEC,
    ),
    "rf64-right": (
        lambda seeds: _rf64(riff_size=4 * RATE_HZ + 72, data_size=4 * RATE_HZ, frames=RATE_HZ),
        _ONE_SEC,
    ),
    "rf64-data-long": (
        lambda seeds: _rf64(riff_size=1 << 40, data_size=1 << 40, frames=1 << 38),
        Completed(seconds=1, warns="bytes of sound are missing"),
    ),
    "rf64-data-max": (
        lambda seeds: _rf64(riff_size=2**64 - 1, data_size=2**64 - 1, frames=2**64 - 1),
        corrupt(),
    ),
    "rf64-all-0": (
        lambda seeds: _rf64(riff_size=0, data_size=0, frames=0),
        corrupt("holds no sound"),
    ),
    "rf64-without-ds64": (
        lambda seeds: riff(fmt(), chunk(b"data", _pcm()), magic=b"RF64"),
        _ONE_SEC,
    ),
}

_AIFF: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "right": (lambda seeds: _aiff(_comm()), _ONE_SEC),
    "frames-0": (lambda seeds: _aiff(_comm(frames=0)), _ONE_SEC),
    "frames-max": (lambda seeds: _aiff(_comm(frames=0xFFFFFFFF)), _ONE_SEC),
    "channels-0": (lambda seeds: _aiff(_comm(channels=0)), corrupt()),
    "channels-max": (lambda seeds: _aiff(_comm(channels=0xFFFF)), corrupt()),
    "bits-0": (lambda seeds: _aiff(_comm(bits=0)), corrupt(), Completed(seconds=2)),
    "bits-max": (lambda seeds: _aiff(_comm(bits=0xFFFF)), corrupt()),
    "rate-0": (lambda seeds: _aiff(_comm(bytes(10))), limit("sample rate")),
    "rate-max": (lambda seeds: _aiff(_comm(b"\x7f" + b"\xff" * 9)), limit("sample rate")),
    "rate-negative": (lambda seeds: _aiff(_comm(b"\xc0\x0e\xac\x44" + bytes(6))), corrupt()),
    "rate-fraction": (
        lambda seeds: _aiff(_comm(b"\x3f\xfe\x80\x00" + bytes(6))),
        limit("sample rate"),
    ),
    "comm-missing": (lambda seeds: _aiff(b""), corrupt()),
    "comm-short": (lambda seeds: _aiff(chunk(b"COMM", b"\0\2", big=True)), corrupt()),
    "sound-size-0": (lambda seeds: _aiff(_comm(), size=0), _ONE_SEC),
    "sound-size-max": (lambda seeds: _aiff(_comm(), size=0xFFFFFFFF), _ONE_SEC),
    "sound-size-long": (
        lambda seeds: _aiff(_comm(), size=1 << 30),
        Completed(seconds=1, warns="bytes of sound are missing"),
    ),
    "sound-offset-max": (lambda seeds: _aiff(_comm(), offset=0xFFFFFFFF), corrupt()),
    "compressed-ulaw": (
        lambda seeds: aiff(
            chunk(b"FVER", b"\xa2\x80\x51\x40", big=True),
            chunk(b"COMM", _comm()[8:] + b"ulaw\0\0", big=True),
            chunk(b"SSND", bytes(8 + 2 * RATE_HZ), big=True),
            kind=b"AIFC",
        ),
        unsupported("not decoded"),
    ),
    "compressed-nonsense": (
        lambda seeds: aiff(
            chunk(b"COMM", _comm()[8:] + b"\xff\xff\xff\xff\0\0", big=True),
            chunk(b"SSND", bytes(8 + 4 * RATE_HZ), big=True),
            kind=b"AIFC",
        ),
        corrupt(),
    ),
}

CASES = [
    *(Case(f"signal-{name}.wav", *made) for name, made in _SIGNALS.items()),
    *(Case(f"wav-{name}.wav", *made) for name, made in _LIES.items()),
    *(Case(f"aiff-{name}.aiff", *made) for name, made in _AIFF.items()),
]
