"""Real music: loudness against ffmpeg's ebur128, an implementation that is not ours."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analyzer.features.extract import Extractor
from analyzer.measures.brightness import brightness_hz
from analyzer.pipeline import analyse
from tests.support.audio import ffmpeg, music, write

_TRACKS = 4
_SECONDS = 60


def reference_lufs(path: Path) -> float:
    """Return the integrated loudness that ffmpeg measures."""
    command = [
        ffmpeg(),
        "-nostdin",
        "-hide_banner",
        "-i",
        str(path),
        "-af",
        "ebur128",
        "-f",
        "null",
    ]
    said = subprocess.run([*command, "-"], capture_output=True, text=True, check=True, timeout=120)
    summary = said.stderr.rpartition("Integrated loudness:")[2]
    found = re.search(r"I:\s+(-?[\d.]+) LUFS", summary)
    assert found, said.stderr[-500:]
    return float(found[1])


@pytest.mark.parametrize("number", range(_TRACKS))
def test_loudness_is_that_of_ffmpeg(number: int, tmp_path: Path) -> None:
    """To 0.1 LU, in which ffmpeg rounds; both read the same samples."""
    path = music()[number]
    samples, rate = soundfile.read(path, frames=_SECONDS * 48_000, dtype="float32")
    excerpt = write(tmp_path / "a.wav", samples, rate=rate, subtype="FLOAT")
    found = analyse(excerpt).global_.loudness_lufs_total
    assert found == pytest.approx(reference_lufs(excerpt), abs=0.1)


def test_brightness_of_music_is_that_of_a_plain_sum() -> None:
    """Against the definition, written out with float64 spectra of 100 ms."""
    path = music()[0]
    samples, rate = soundfile.read(path, frames=20 * 48_000, always_2d=True)
    step = round(rate / 10)
    steps = samples[: len(samples) // step * step].reshape(-1, step, samples.shape[1])
    spectrum = np.fft.rfft(steps * np.hanning(step)[None, :, None], axis=1)
    power = (np.abs(spectrum) ** 2).sum(axis=2)
    hz = np.fft.rfftfreq(step, 1 / rate)
    power[:, hz < 20] = 0
    total = power.sum(axis=1)
    level = np.square(steps).mean(axis=1).sum(axis=1)
    counts = level > 1e-7
    counts &= level > level[counts].mean() / 1_000
    expected = ((power @ hz)[counts] / total[counts]).mean()
    found = analyse_excerpt(path, len(samples))
    assert found == pytest.approx(expected, rel=0.05)


def analyse_excerpt(path: Path, frames: int) -> float | None:
    """Measure the first frames of a file through the features themselves."""
    samples, rate = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples)
    features = extractor.finish()
    return brightness_hz(features.centroid_hz, features.power)
