"""Small healthy files of every container and codec that is read, made once and kept as bytes.

They are what hostile files are made from, by hand or by the fuzzer.
"""

import io
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from analyzer.input.ffmpeg import find_ffmpeg
from tests.support.audio import Samples
from tests.support.containers import ogg_pages

__all__ = ["BY_FFMPEG", "BY_LIBSNDFILE", "RATE_HZ", "Seeds", "sound", "undated"]

RATE_HZ = 44_100

BY_LIBSNDFILE = {
    "wav": ("WAV", "PCM_16"),
    "wav-u8": ("WAV", "PCM_U8"),
    "wav-s24": ("WAVEX", "PCM_24"),
    "wav-s32": ("WAV", "PCM_32"),
    "wav-f32": ("WAV", "FLOAT"),
    "wav-f64": ("WAV", "DOUBLE"),
    "rf64": ("RF64", "PCM_16"),
    "aiff": ("AIFF", "PCM_16"),
    "aiff-s8": ("AIFF", "PCM_S8"),
    "aiff-s24": ("AIFF", "PCM_24"),
    "aifc-f32": ("AIFF", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "flac-s24": ("FLAC", "PCM_24"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
}
"""Healthy files that libsndfile writes and reads: its names of container and encoding."""

BY_FFMPEG: dict[str, tuple[str, ...]] = {
    "m4a": ("-c:a", "aac", "-f", "ipod"),
    "m4a-fast": ("-c:a", "aac", "-movflags", "+faststart", "-f", "ipod"),
    "m4a-fragmented": ("-c:a", "aac", "-movflags", "frag_keyframe+empty_moov", "-f", "mp4"),
    "alac": ("-c:a", "alac", "-f", "ipod"),
    "mov": ("-c:a", "pcm_s16le", "-f", "mov"),
    "adts": ("-c:a", "aac", "-f", "adts"),
    "mka-flac": ("-c:a", "flac", "-f", "matroska"),
    "mka-aac": ("-c:a", "aac", "-f", "matroska"),
    "webm": ("-c:a", "libopus", "-f", "webm"),
    "wma": ("-c:a", "wmav2", "-f", "asf"),
    "wavpack": ("-c:a", "wavpack", "-f", "wv"),
    "caf": ("-c:a", "pcm_s16be", "-f", "caf"),
    "au": ("-c:a", "pcm_s16be", "-f", "au"),
    "w64": ("-c:a", "pcm_s16le", "-f", "w64"),
    "ogg-flac": ("-c:a", "flac", "-f", "ogg"),
    "mp2": ("-c:a", "mp2", "-f", "mp2"),
    "mp3-bare": ("-c:a", "libmp3lame", "-write_xing", "0", "-id3v2_version", "0", "-f", "mp3"),
    "mp3-vbr": ("-c:a", "libmp3lame", "-q:a", "4", "-f", "mp3"),
}
"""Healthy files that ffmpeg writes; all but the last are read by the ffmpeg child."""


def sound(seconds: float, *, rate: int = RATE_HZ, channels: int = 2) -> Samples:
    """Return a chord over a little noise, each channel a bit softer than the one before it."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).standard_normal(len(time))
    mono = 0.2 * np.sin(2 * np.pi * 440 * time) + 0.1 * np.sin(2 * np.pi * 660 * time)
    return (mono + 0.01 * noise)[:, None] * 0.9 ** np.arange(channels)


def undated(data: bytes) -> bytes:
    """Clear the time of writing, which libsndfile puts into the PEAK chunk of float WAV files."""
    at = data.find(b"PEAK", 0, 200)
    return data if at < 0 else data[: at + 12] + bytes(4) + data[at + 16 :]


class Seeds:
    """Makes healthy files of one length, each once."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self._made: dict[str, bytes] = {}

    def __getitem__(self, name: str) -> bytes:
        """Return a healthy file of a kind of `BY_LIBSNDFILE` or `BY_FFMPEG`."""
        if name not in self._made:
            if name in BY_LIBSNDFILE:
                container, encoding = BY_LIBSNDFILE[name]
                rate = 48_000 if encoding == "OPUS" else RATE_HZ
                made = self.write(sound(self.seconds, rate=rate), container, encoding, rate=rate)
            else:
                made = self.encode(*BY_FFMPEG[name])
            self._made[name] = made
        return self._made[name]

    def write(
        self, samples: Samples, container: str = "WAV", encoding: str = "", *, rate: int = RATE_HZ
    ) -> bytes:
        """Let libsndfile write samples; an Ogg stream gets a fixed number, not one by the clock."""
        file = io.BytesIO()
        soundfile.write(file, samples, rate, encoding or None, format=container)
        if container == "OGG":
            pages = ogg_pages(file.getvalue())
            return b"".join(bytes(page.but(serial=1)) for page in pages)
        return undated(file.getvalue())

    def encode(self, *options: str, source: bytes | None = None) -> bytes:
        """Let ffmpeg write what its options say, from the healthy WAV file or another file."""
        key = repr((options, source))
        if key not in self._made:
            with tempfile.TemporaryDirectory() as folder:
                given, made = Path(folder, "given"), Path(folder, "made")
                given.write_bytes(self["wav"] if source is None else source)
                quiet = ["-nostdin", "-v", "error", "-y", "-threads", "1"]
                exact = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags", "+bitexact"]
                command = [find_ffmpeg(), *quiet, "-i", str(given), *exact, *options, str(made)]
                subprocess.run(command, check=True, capture_output=True, timeout=120)
                self._made[key] = made.read_bytes()
        return self._made[key]
