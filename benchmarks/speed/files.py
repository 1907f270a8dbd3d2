"""Files to be timed on: band music of several tempi and keys, in four formats of any length.

Ten minutes are made once and repeated, so that six hours take no longer to make than to copy.
"""

import subprocess
from pathlib import Path

import numpy as np
import soundfile

from analyzer.input.ffmpeg import find_ffmpeg
from benchmarks.accuracy.grooves import GROOVES
from benchmarks.accuracy.numpy_band import play
from benchmarks.accuracy.rhythm import band_score, choose_groove
from benchmarks.accuracy.score import steady_clock
from tools.render.waves import RATE

__all__ = ["FORMATS", "make"]

FORMATS = ("wav", "flac", "mp3", "m4a")
_CODECS = {"mp3": ("-c:a", "libmp3lame", "-b:a", "192k"), "m4a": ("-c:a", "aac", "-b:a", "192k")}
_CYCLE_MIN = 10


def make(folder: Path, seconds: int, kind: str) -> Path:
    """Return a stereo file of so many seconds at 44.1 kHz, of one of `FORMATS`; it is made once."""
    path = folder / f"{seconds}s.{kind}"
    if path.exists():
        return path
    cycle = _cycle(folder)
    if kind in _CODECS:
        _encode(cycle, path, seconds, kind)
        return path
    samples, _ = soundfile.read(cycle, dtype="int16", always_2d=True)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        while file.frames < seconds * RATE:
            file.write(samples[: seconds * RATE - file.frames])
    return path


def _cycle(folder: Path) -> Path:
    """Make ten minutes: a piece for each, of its own groove, tempo and key."""
    path = folder / "cycle.wav"
    if path.exists():
        return path
    random = np.random.default_rng(10_000)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for minute in range(_CYCLE_MIN):
            groove, bpm = choose_groove(list(GROOVES), minute / _CYCLE_MIN, random)
            score, _ = band_score(groove, bpm, random, seconds=70)
            clock = steady_clock(bpm, score.beats, start_sec=0.0)
            file.write(play(score, clock, random)[: 60 * RATE])
    return path


def _encode(cycle: Path, path: Path, seconds: int, kind: str) -> None:
    """Encode ten minutes once, and repeat the packets: ffmpeg writes a Xing header for them."""
    encoded = cycle.with_suffix(f".{kind}")
    if not encoded.exists():
        _ffmpeg("-i", str(cycle), *_CODECS[kind], str(encoded))
    _ffmpeg("-stream_loop", "-1", "-i", str(encoded), "-t", str(seconds), "-c", "copy", str(path))


def _ffmpeg(*arguments: str) -> None:
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
