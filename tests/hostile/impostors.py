"""Files that are no audio, whatever their name says; some of them name other files."""

import gzip
import io
import zipfile

import numpy as np

from tests.hostile.case import Build, Case, Outcome, corrupt, unsupported
from tests.hostile.seeds import Seeds
from tests.support.containers import box

__all__ = ["CASES"]

_ELSEWHERE = "file:///etc/passwd"
_WEB = "http://127.0.0.1:9/x.mp3"


def _text(text: str, encoding: str = "utf-8") -> Build:
    return lambda seeds: text.encode(encoding)


def _zip(seeds: Seeds) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.mp3"), seeds["mp3"])
    return file.getvalue()


_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"

_IMPOSTORS: dict[str, tuple[Build, *tuple[Outcome, ...]]] = {
    "empty.mp3": (lambda seeds: b"", corrupt("is empty")),
    "one-byte.mp3": (lambda seeds: b"\xff", unsupported()),
    "one-zero.mp3": (lambda seeds: b"\0", unsupported("zero bytes")),
    "zeros.mp3": (lambda seeds: bytes(1 << 20), unsupported("zero bytes")),
    "noise.mp3": (
        lambda seeds: np.random.default_rng(1).bytes(1 << 20),
        unsupported("unknown binary"),
    ),
    "text.mp3": (_text("not music\n"), unsupported("plain text")),
    "text-of-1-mb.mp3": (_text("not music\n" * 100_000), unsupported("plain text")),
    "text-utf-16.mp3": (_text("not music\n" * 99, "utf-16"), unsupported()),
    "text-latin-1.mp3": (_text("kein Ton: Übung\n" * 99, "latin-1"), unsupported()),
    "list.m3u": (_text(f"{_ELSEWHERE}\n"), unsupported("plain text")),
    "list-extended.m3u": (
        _text(f"#EXTM3U\n#EXTINF:1,x\n{_WEB}\n"),
        unsupported("M3U or HLS playlist"),
    ),
    "hls-of-a-file.m3u8": (_text(_HLS.format(_ELSEWHERE)), unsupported("M3U or HLS playlist")),
    "hls-of-the-web.mp3": (_text(_HLS.format(_WEB)), unsupported("M3U or HLS playlist")),
    "hls-behind-ftyp.m4a": (
        lambda seeds: box(b"ftyp", b"M4A \0\0\0\0") + _HLS.format(_ELSEWHERE).encode(),
        corrupt(),
        unsupported(),
    ),
    "hls-behind-zeros.mp3": (
        lambda seeds: bytes(100) + _HLS.format(_ELSEWHERE).encode(),
        unsupported(),
    ),
    "list.pls": (_text(f"[playlist]\nFile1={_ELSEWHERE}\n"), unsupported("PLS playlist")),
    "list.xspf": (
        _text(
            f"<?xml version='1.0'?><playlist><trackList><track><location>{_ELSEWHERE}</location>"
            "</track></trackList></playlist>"
        ),
        unsupported("XML document"),
    ),
    "concat.mp3": (
        _text(f"ffconcat version 1.0\nfile '{_ELSEWHERE}'\n"),
        unsupported("ffmpeg list of files"),
    ),
    "concat-bare.mp3": (_text("file '/etc/passwd'\n"), unsupported("list of files")),
    "session.sdp": (
        _text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 9 RTP/AVP 0\n"),
        unsupported("plain text"),
    ),
    "manifest.mpd": (
        _text(f"<?xml version='1.0'?><MPD><BaseURL>{_WEB}</BaseURL></MPD>"),
        unsupported("XML"),
    ),
    "entities.xml": (
        _text(
            '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
        ),
        unsupported("XML"),
    ),
    "picture.svg": (_text("<svg xmlns='http://www.w3.org/2000/svg'/>"), unsupported()),
    "page.mp3": (_text("<!DOCTYPE html><title>404</title>"), unsupported("HTML page")),
    "error.mp3": (_text('{"error": "expired"}'), unsupported("JSON document")),
    "script.mp3": (_text("#!/bin/sh\nrm -rf /\n"), unsupported()),
    "pointer.mp3": (
        _text("version https://git-lfs.github.com/spec/v1\n"),
        unsupported("Git LFS pointer"),
    ),
    "document.mp3": (
        lambda seeds: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(99),
        unsupported("PDF"),
    ),
    "archive.mp3": (_zip, unsupported("ZIP archive")),
    "wav.wav.gz": (lambda seeds: gzip.compress(seeds["wav"], mtime=0), unsupported("gzip archive")),
    "picture.mp3": (lambda seeds: b"\x89PNG\r\n\x1a\n" + bytes(99), unsupported("PNG picture")),
    "program.mp3": (lambda seeds: b"\x7fELF\x02\x01\x01" + bytes(99), unsupported("a program")),
    "film.avi": (lambda seeds: b"RIFF\xff\0\0\0AVI LIST" + bytes(99), unsupported("'AVI'")),
    "notes.mid": (lambda seeds: b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\0", unsupported("MIDI")),
    "webp.mp3": (lambda seeds: b"RIFF\x1a\0\0\0WEBPVP8 " + bytes(18), unsupported("'WEBP'")),
    "riff-alone.wav": (lambda seeds: b"RIFF\0\0\0\0WAVE", corrupt()),
    "riff-short.wav": (lambda seeds: b"RIFF", unsupported()),
    "flac-magic-alone.flac": (lambda seeds: b"fLaC", corrupt()),
    "ogg-magic-alone.ogg": (lambda seeds: b"OggS", corrupt()),
    "magics-in-a-row.mp3": (lambda seeds: b"OggSfLaCRIFF....WAVE.sndcaff" * 99, corrupt()),
    "amr.amr": (lambda seeds: b"#!AMR\n" + bytes(999), unsupported()),
    "mpeg-ts.ts": (lambda seeds: (b"\x47\x40\0\x10" + b"\xff" * 184) * 99, unsupported()),
    "real.rm": (lambda seeds: b".RMF\0\0\0\x12" + bytes(999), unsupported()),
    "dsf.dsf": (lambda seeds: b"DSD \x1c\0\0\0" + bytes(999), unsupported()),
    "monkeys.ape": (lambda seeds: b"MAC \x96\x0f" + bytes(999), unsupported()),
}

CASES = [Case(f"impostor-{name}", *made) for name, made in _IMPOSTORS.items()]
