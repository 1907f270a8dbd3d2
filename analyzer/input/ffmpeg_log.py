"""What ffmpeg says on standard error: the codec, the length it expects, and what went wrong.

It is read in a thread, because a child whose pipe is full stands still. Only a few lines are kept.
"""

import re
import threading
from dataclasses import dataclass
from typing import IO

__all__ = ["FfmpegLog", "StreamInfo", "parse_duration", "parse_stream"]

_STREAM = re.compile(r"^(?:\[info\])?\s*Stream #0:\d+\S*: Audio: (\w+)(.*)$")
_FILM = re.compile(r"^(?:\[info\])?\s*Stream #0:\d+\S*: Video: (?!.*\(attached pic\))")
_DURATION = re.compile(r"^(?:\[info\])?\s*Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_ERROR = re.compile(
    r"^(?:\[(?!au @|aost#|out#)[^]]+ @ 0x[0-9a-f]+\] )*"
    r"(?:\[(?:error|fatal|panic)\] (.*)|\[warning\] (Packet corrupt .*))$"
)
"""An error, unless the AU writer makes it: that one objects to times that it does not store.

That a packet is cut short is only a warning to ffmpeg, which may promise no more than is there.
"""

_WHITELIST = re.compile(r"(not on whitelist) '.*")
_CODEC = re.compile(r"odec[ (]+(\w+)\) not (?:on whitelist|found)")
"""What ffmpeg says of a decoder that is not allowed, and what it says if it has none."""

_BITS = re.compile(r"\((\d+) bit\)")
_LOSSLESS = ("alac", "flac", "wavpack", "wmalossless", "pcm_")
_SAMPLE_BITS = {"u8": 8, "s16": 16, "s32": 32, "flt": 32, "dbl": 64}
_UNSUPPORTED = (
    *("matches no streams", "whitelist", "Decoder not found", "no decoder found"),
    "not found for input stream",
)
_MAX_ERRORS = 20
_MAX_LINE_CHARS = 300


@dataclass(frozen=True)
class StreamInfo:
    """What ffmpeg found out about the sound."""

    codec: str = "unknown"
    bit_depth: int | None = None
    duration_sec: float | None = None


def parse_stream(line: str) -> StreamInfo | None:
    """Read codec and bit depth from a line such as `Stream #0:0: Audio: alac, 44100 Hz, s16p`."""
    match = _STREAM.match(line)
    if match is None:
        return None
    codec, rest = match.groups()
    bit_depth = None
    if codec.startswith(_LOSSLESS):
        told = _BITS.search(rest)
        named = (
            _SAMPLE_BITS.get(word.strip().split(" ")[0].rstrip("p")) for word in rest.split(",")
        )
        bit_depth = int(told[1]) if told else next(filter(None, named), None)
    if codec.startswith("pcm_"):
        codec = codec.removesuffix("le").removesuffix("be")
    return StreamInfo(codec, bit_depth)


def parse_duration(line: str) -> float | None:
    """Read the seconds from a line such as `Duration: 00:03:20.05, start: 0.000000`."""
    match = _DURATION.match(line)
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3]) if match else None


class FfmpegLog:
    """The lines of one ffmpeg child, being read."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        self.errors: list[str] = []
        self.has_film = False
        """Whether moving pictures are there too: the length of the file may then be theirs."""
        self._stream: StreamInfo | None = None
        self._duration: float | None = None
        self._described = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def stream(self, timeout_sec: float = 10.0) -> StreamInfo:
        """Return what was found out about the sound, as soon as it has been read."""
        self._described.wait(timeout_sec)
        found = self._stream or StreamInfo()
        return StreamInfo(found.codec, found.bit_depth, self._duration)

    def join(self, timeout_sec: float) -> None:
        """Wait until the last line has been read."""
        self._thread.join(timeout_sec)

    def says_unsupported(self) -> bool:
        """Return whether the file holds no sound, or none of a kind that is decoded."""
        return any(sign in line for line in self.errors for sign in _UNSUPPORTED)

    def damage(self) -> str | None:
        """Return the first error about the sound: a cover picture is left out on purpose."""
        return next((line for line in self.errors if "whitelist" not in line), None)

    def complaint(self) -> str:
        """Write the sentence for a file of which nothing was decoded."""
        what = self.errors[0] if self.errors else "nothing could be decoded"
        if any("matches no streams" in line for line in self.errors):
            return "holds no sound: send a file with an audio stream"
        if self.says_unsupported():
            named = _CODEC.search(what)
            codec = named[1] if named else what
            what = "an unknown codec" if codec == "none" else codec
            return f"holds sound that is not decoded ({what}): send AAC, ALAC, MP3 or PCM"
        return f"cannot be decoded ({what}): check that the upload was complete, or encode it again"

    def _read(self, pipe: IO[bytes] | None) -> None:
        try:
            for raw in pipe or ():
                self._note(raw.decode("utf-8", "replace").rstrip()[:_MAX_LINE_CHARS])
        except (OSError, ValueError):
            pass  # the pipe was closed under us: the child is being killed
        finally:
            self._described.set()

    def _note(self, line: str) -> None:
        self.has_film = self.has_film or _FILM.match(line) is not None
        if self._stream is None:
            self._duration = self._duration or parse_duration(line)
            self._stream = parse_stream(line)
            if self._stream is not None:
                self._described.set()
        error = _ERROR.match(line)
        if error and len(self.errors) < _MAX_ERRORS:
            self.errors.append(_WHITELIST.sub(r"\1", error[1] or error[2]))
