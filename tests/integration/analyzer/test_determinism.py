"""The same file gives the same JSON to the last bit, whatever works on it and in what pieces.

Whole results are compared, so that a figure which is added later is under test from its first day.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analyzer.pipeline import analyse
from offbeat.job import CueTrack
from tests.support.audio import Samples, encode, write

_SECONDS = 36
_RATE_HZ = 44_100
_CUES = [CueTrack(title="t", start_time_sec=at) for at in (0.0, 11.111, 24.0)]

_ANALYSE = """
import sys
from pathlib import Path
from analyzer.pipeline import analyse
print(analyse(Path(sys.argv[1])).model_dump_json(by_alias=True))
"""
"""Without `limit_blas_threads`: the algebra takes the threads that the environment allows it."""


def dance_music() -> Samples:
    """Return kick, snare, hats, bass and chords at 126 BPM, with a pause, a fade and a vibrato."""
    random = np.random.default_rng(5)
    time = np.arange(_SECONDS * _RATE_HZ) / _RATE_HZ
    beat = time * 126 / 60
    kick = np.sin(300 * np.exp(-9 * (beat % 1))) * np.exp(-7 * (beat % 1))
    snare = random.standard_normal(len(time)) * np.exp(-12 * ((beat + 1) % 2))
    hats = np.diff(random.standard_normal(len(time)), prepend=0) * np.exp(-25 * (2 * beat % 1))
    root = 110 * 2 ** (np.array([0, -4, 3, -2])[(beat // 8).astype(int) % 4] / 12)
    phase = 2 * np.pi * np.cumsum(root) / _RATE_HZ
    chord = sum(np.sin(ratio * phase) for ratio in (1, 2, 2.3784, 2.9966, 4))
    voice = np.sin(6 * phase + 3 * np.sin(2 * np.pi * 5.5 * time)) * (np.sin(time) > 0)
    left = 0.4 * kick + 0.08 * snare + 0.05 * hats + 0.05 * chord + 0.06 * voice
    right = 0.4 * kick + 0.08 * snare + 0.04 * hats + 0.06 * np.roll(chord, 300) + 0.06 * voice
    stereo = np.stack([left, right], axis=1) * np.minimum(1, (_SECONDS - time) / 5)[:, None]
    stereo[20 * _RATE_HZ : 21 * _RATE_HZ] = 0
    return stereo


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write it once."""
    return write(tmp_path_factory.mktemp("song") / "a.flac", dance_music(), rate=_RATE_HZ)


@pytest.mark.parametrize("name", ["a.mp3", "a.m4a"])
def test_no_figure_of_music_depends_on_the_block_size(
    song: Path, tmp_path: Path, name: str
) -> None:
    """Of the file or of a track, in either decoder."""
    options = {"a.mp3": ("-c:a", "libmp3lame"), "a.m4a": ("-c:a", "aac")}[name]
    path = encode(song, tmp_path / name, *options)
    found = {
        analyse(path, cues=_CUES, block_frames=frames).model_dump_json(by_alias=True)
        for frames in (None, 1_000, 44_101, 1 << 21)
    }
    assert len(found) == 1


def test_no_figure_of_music_depends_on_threads_or_process(song: Path) -> None:
    """Nor on the order in which Python's sets and hashes fall."""
    found = set()
    for threads, hashes in (("1", "0"), ("2", "1"), ("2", "random"), ("1", "random")):
        environment = {
            "OPENBLAS_NUM_THREADS": threads,
            "OMP_NUM_THREADS": threads,
            "PYTHONHASHSEED": hashes,
        }
        found.add(analysed(song, environment))
    assert len(found) == 1


def test_no_figure_of_music_depends_on_the_processor(song: Path) -> None:
    """What is printed is rounded to less than what the order of additions changes.

    OpenBLAS is told to compute as on processors of 2004, 2013, 2015 and 2017.
    """
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    cores = ["", "Prescott", *(["Haswell", "Zen"] if " avx2 " in flags else [])]
    cores += ["SkylakeX"] if " avx512f " in flags else []
    found = {core: analysed(song, {"OPENBLAS_CORETYPE": core}) for core in cores}
    assert {core: text == found[""] for core, text in found.items()} == dict.fromkeys(cores, True)


def analysed(song: Path, environment: dict[str, str]) -> str:
    """Return the JSON that a process with these variables prints."""
    done = subprocess.run(
        [sys.executable, "-c", _ANALYSE, str(song)],
        env=dict(os.environ) | {name: value for name, value in environment.items() if value},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert len(done.stdout) > 1_000
    return done.stdout
