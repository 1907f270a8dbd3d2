"""Decode what libsndfile does not read, such as M4A and AAC, in a locked-down ffmpeg child.

The child sees one open file under a neutral name, reads it as what *we* sniffed, may open nothing
else as a format or codec, gets of the environment what it needs to start (so no secrets), and dies
with its parent. It writes float samples at the file's own rate as a Sun AU stream, whose 24-byte
header tells rate and channels: ffprobe is not in every installation.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from analyzer.errors import CorruptAudio, DecoderKilled, DecoderMissing, UnsupportedFormat
from analyzer.input.declared_length import DeclaredLength
from analyzer.input.ffmpeg_log import FfmpegLog
from analyzer.input.formats import Format
from analyzer.input.source import SourceFile
from analyzer.samples import Samples
from offbeat.lifeline import die_with_parent

__all__ = ["FfmpegReader", "child_environment", "command", "find_ffmpeg"]

_PASSED_ON = ("LD_LIBRARY_PATH", "PATH")
"""What a dynamic linker, and an ffmpeg that is a script, may need to start."""

_CODECS = (
    "aac,aac_latm,alac,flac,mp3,mp3float,mp2,mp2float,mp1,mp1float,opus,vorbis,wavpack,wmav1,wmav2,wmapro,wmalossless,"
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be"
)
_AU_HEADER_BYTES = 24
_AU_FLOAT = 6
_PIPE_BYTES = 1 << 20
_EXIT_TIMEOUT_SEC = 30.0
_SLACK_SEC = 0.25
"""How much less than declared a whole file may decode to: encoder delay, times in 10 ms."""


_Octets = npt.NDArray[np.uint8]
"""Of shape (bytes,): what the child writes, before it is taken for numbers."""


def find_ffmpeg() -> str:
    """Return the path of an ffmpeg: the one on PATH, else the one in the imageio-ffmpeg wheel.

    Raises:
        DecoderMissing: There is neither.

    """
    found = shutil.which("ffmpeg")
    if found:
        return found
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise DecoderMissing(
            "no ffmpeg is here: install it, or its wheel with pip install 'offbeat[local]'"
        ) from error


def command(ffmpeg: str, demuxer: str, descriptor: int) -> list[str]:
    """Build the argument list; nothing in it comes from the producer."""
    return [
        *(ffmpeg, "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info"),
        *("-threads", "1", "-protocol_whitelist", "file", "-format_whitelist", demuxer),
        *("-codec_whitelist", _CODECS, "-f", demuxer, "-i", f"file:/dev/fd/{descriptor}"),
        *("-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-fflags", "+bitexact"),
        *("-c:a", "pcm_f32be", "-f", "au", "pipe:1"),
    ]


def child_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Keep what ffmpeg may need to start: a list of what is passed on forgets no secret."""
    return {name: environment[name] for name in _PASSED_ON if name in environment}


def _start(demuxer: str, descriptor: int) -> "subprocess.Popen[bytes]":
    """Start the child on an open file."""
    return subprocess.Popen(
        command(find_ffmpeg(), demuxer, descriptor),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(descriptor,),
        env=child_environment(os.environ),
        cwd="/",
        bufsize=0,
        pipesize=_PIPE_BYTES,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - one system call, no locks
    )


class FfmpegReader:
    """A file that an ffmpeg child decodes."""

    def __init__(self, source: SourceFile, known: Format, *, declared: DeclaredLength) -> None:
        self._declared = declared
        self._is_estimated = known.is_estimated
        self._process = _start(known.demuxer, source.file.fileno())
        self._decoded = 0
        self._ended = False
        self._bytes: _Octets = np.empty(0, np.uint8)
        self._block: Samples = np.empty((0, 0), np.float32)
        self.warnings: list[str] = []
        try:
            self._log = FfmpegLog(self._process.stderr)
            self._describe(known)
        except BaseException:
            self.close()
            raise

    def _describe(self, known: Format) -> None:
        header = np.zeros(_AU_HEADER_BYTES, np.uint8)
        if self._fill(header) < _AU_HEADER_BYTES:
            self._finish()
            raise CorruptAudio(self._log.complaint())
        words = header.view(">u4")
        if header[:4].tobytes() != b".snd" or words[3] != _AU_FLOAT:
            raise DecoderMissing("ffmpeg did not write the AU stream that it was asked for")
        self._fill(np.empty(int(words[1]) - _AU_HEADER_BYTES, np.uint8))
        self.rate, self.channels = int(words[4]), int(words[5])
        stream = self._log.stream()
        self.container = known.container
        self.codec, self.bit_depth = stream.codec, stream.bit_depth
        self.expected_frames: int | None = None
        if stream.duration_sec is not None:
            self.expected_frames = int(stream.duration_sec * self.rate)

    def read(self, frames: int) -> Samples:
        """Return the next `frames` frames, or fewer at the end of the file, and then none."""
        if len(self._block) != frames:
            self._block = np.empty((frames, self.channels), np.float32)
            self._bytes = np.empty(self._block.nbytes, np.uint8)
        if self._ended:
            return self._block[:0]
        got = self._fill(self._bytes) // (4 * self.channels)
        samples = self._bytes[: got * 4 * self.channels].view(">f4")
        self._block[:got] = samples.reshape(got, self.channels)
        self._decoded += got
        if got < frames:
            self._finish()
        return self._block[:got]

    def _fill(self, buffer: _Octets) -> int:
        """Read until the buffer is full or the child has closed its end; return the bytes read."""
        view, got = buffer.data, 0
        stdout = self._process.stdout
        while stdout is not None and got < len(view):
            more: int | None = stdout.readinto(view[got:])  # type: ignore[attr-defined]
            if not more:
                break
            got += more
        return got

    def _finish(self) -> None:
        """Check how the child ended, once it has written all it can."""
        self._ended = True
        status = self._process.wait(_EXIT_TIMEOUT_SEC)
        self._log.join(_EXIT_TIMEOUT_SEC)
        if status in {-signal.SIGKILL, 128 + signal.SIGKILL}:
            raise DecoderKilled("ffmpeg was killed: most likely the container ran out of memory")
        if not self._decoded:
            refusal = UnsupportedFormat if self._log.says_unsupported() else CorruptAudio
            raise refusal(self._log.complaint())
        self._compare_length(damage=self._log.damage(), is_failed=status != 0)

    def _compare_length(self, *, damage: str | None, is_failed: bool) -> None:
        """Warn if less was decoded than the file declares, or if ffmpeg complained."""
        seconds = self._decoded / self.rate
        unknown = self._is_estimated or self._log.has_film
        expected = 0.0 if unknown else (self.expected_frames or 0) / self.rate
        if not self._declared.ends:
            damage = damage or "the end of the stream is missing"
        if is_failed or damage or seconds < expected - _SLACK_SEC:
            what = damage or f"{expected:.2f} s had been promised"
            self.warnings.append(
                f"the file is damaged or breaks off ({what}): "
                f"the {seconds:.3f} s that could be decoded were analysed"
            )

    def close(self) -> None:
        """Kill the child, if it still runs, and wait for its end."""
        self._process.kill()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None:
        self.close()
