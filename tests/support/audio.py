"""Sounds of which the truth is known, and files that hold them."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from analyzer.errors import DecoderMissing
from analyzer.input.ffmpeg import find_ffmpeg

__all__ = [
    "Samples",
    "demo_music",
    "encode",
    "ffmpeg",
    "music",
    "silence",
    "tone",
    "write",
    "write_long",
]

Samples = npt.NDArray[np.float64]
"""Samples of shape (frames, channels), full scale = ±1."""

_MUSIC_FOLDER = Path("/usr/share/games/singularity/music")


def tone(
    hz: float, seconds: float, *, rate: int = 44_100, dbfs: float | Sequence[float] = -20.0
) -> Samples:
    """Return a sine whose peak is `dbfs`: in two channels, or in one for each level given."""
    levels = np.asarray(dbfs if isinstance(dbfs, Sequence) else [dbfs, dbfs], np.float64)
    time = np.arange(round(seconds * rate)) / rate
    return np.sin(2 * np.pi * hz * time)[:, None] * 10 ** (levels / 20)


def silence(seconds: float, *, rate: int = 44_100, channels: int = 2) -> Samples:
    """Return zeros."""
    return np.zeros((round(seconds * rate), channels))


def demo_music(seconds: int, *, rate: int = 44_100, seed: int = 0) -> Iterator[Samples]:
    """Yield a second of something like music at a time: beat, chord and noise, in stereo."""
    random = np.random.default_rng(seed)
    time = np.arange(rate) / rate
    beat = 0.3 + 0.7 * np.exp(-6 * (2 * time % 1))
    for second in range(seconds):
        hz = 110 * 2 ** (second % 24 / 12)
        chord = 0.2 * np.sin(2 * np.pi * hz * time) + 0.1 * np.sin(6 * np.pi * hz * time)
        mono = (chord + 0.02 * random.standard_normal(rate)) * beat
        yield np.stack([mono, np.roll(mono, 500)], axis=1)


def write(path: Path, samples: npt.ArrayLike, *, rate: int = 44_100, subtype: str = "") -> Path:
    """Write a file of the kind that its name says, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.asarray(samples), rate, subtype=subtype or None)
    return path


def write_long(path: Path, seconds: int, *, rate: int = 44_100, repeat_sec: int = 60) -> Path:
    """Write `seconds` of demo music to a stereo file, made once and repeated."""
    minute = np.concatenate(list(demo_music(min(seconds, repeat_sec), rate=rate)))
    with soundfile.SoundFile(path, "w", rate, 2) as file:
        while file.frames < seconds * rate:
            file.write(minute[: seconds * rate - file.frames].astype(np.float32))
    return path


def ffmpeg() -> str:
    """Return an ffmpeg, or skip the test that needs one."""
    try:
        return find_ffmpeg()
    except DecoderMissing as error:
        pytest.skip(str(error))


def encode(source: Path, target: Path, *options: str) -> Path:
    """Let ffmpeg write `target` from `source`, and return its path."""
    command = [ffmpeg(), "-nostdin", "-v", "error", "-y", "-i", str(source), *options, str(target)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return target


def music() -> list[Path]:
    """Return real music, or skip the test that needs it."""
    files = sorted(_MUSIC_FOLDER.glob("*.ogg"))
    if not files:
        pytest.skip("no music is here: apt-get install singularity-music")
    return files
