"""Real music: loudness and peaks against ffmpeg's ebur128, an implementation that is not ours."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from analyzer.features.extract import Extractor, Features
from analyzer.features.spectrum import BAND_EDGES_HZ, LOWEST_HZ
from analyzer.findings.brightness import band_shares, brightness
from analyzer.findings.loudness import MOMENTARY_STEPS, SHORT_TERM_STEPS, lufs, sliding_energy
from analyzer.pipeline import analyse
from tests.support.audio import ffmpeg, music, write

_TRACKS = 4
_SECONDS = 60


@dataclass(frozen=True)
class Reference:
    """What ffmpeg measures, in LUFS, LU and dB."""

    integrated: float
    momentary_max: float
    short_term_max: float
    range: float
    sample_peak: float
    true_peak: float


def reference(path: Path) -> Reference:
    """Let ffmpeg measure a file."""
    measure = "ebur128=peak=sample+true:framelog=verbose:metadata=1"
    show = "ametadata=mode=print:file=-"
    command = [ffmpeg(), "-nostdin", "-hide_banner", "-i", str(path), "-af", f"{measure},{show}"]
    said = subprocess.run(
        [*command, "-f", "null", "/dev/null"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    summary = said.stderr.rpartition("Summary:")[2]
    found = {name: float(value) for name, value in re.findall(r"(I|LRA):\s+(-?[\d.]+)", summary)}
    peaks = re.findall(r"(Sample|True) peak:\s+Peak:\s+(-?[\d.]+) dBFS", summary)
    found |= {name: float(value) for name, value in peaks}
    highest = {
        name: max(map(float, re.findall(rf"lavfi\.r128\.{name}=(-?[\d.]+)", said.stdout)))
        for name in "MS"
    }
    return Reference(
        integrated=found["I"],
        momentary_max=highest["M"],
        short_term_max=highest["S"],
        range=found["LRA"],
        sample_peak=found["Sample"],
        true_peak=found["True"],
    )


@pytest.mark.parametrize("gain", [1, 4], ids=["as it is", "clipped hard"])
@pytest.mark.parametrize("number", range(_TRACKS))
def test_levels_are_those_of_ffmpeg(number: int, gain: int, tmp_path: Path) -> None:
    """To 0.1 LU and 0.1 dB, in which ffmpeg rounds; both read the same samples.

    What is clipped has its true peaks far above its samples. ffmpeg looks at loudness every 100 ms:
    there, ours is the same, and the maximum of every 10 ms is as high or a little higher.
    """
    path = music()[number]
    samples, rate = soundfile.read(path, frames=_SECONDS * 48_000, dtype="float32")
    samples = np.clip(gain * samples, -1, 1)
    # An end at full scale rings beyond itself, which ffmpeg does not look at.
    samples[-480:] *= np.linspace(1, 0, 480)[:, None]
    excerpt = write(tmp_path / "a.wav", samples, rate=rate, subtype="FLOAT")
    found, expected = analyse(excerpt).global_, reference(excerpt)
    assert found.loudness_lufs_total == pytest.approx(expected.integrated, abs=0.1)
    energy = features(samples, rate).energy
    for maximum, theirs, steps in (
        (found.loudness_lufs_momentary_max, expected.momentary_max, MOMENTARY_STEPS),
        (found.loudness_lufs_short_term_max, expected.short_term_max, SHORT_TERM_STEPS),
    ):
        assert lufs(sliding_energy(energy, steps)[::10].max()) == pytest.approx(theirs, abs=0.02)
        assert maximum is not None
        assert theirs - 0.02 <= maximum <= theirs + 0.5
    assert found.loudness_range_lu == pytest.approx(expected.range, abs=0.3)
    assert found.sample_peak_dbfs == pytest.approx(expected.sample_peak, abs=0.06)
    assert found.true_peak_dbtp == pytest.approx(expected.true_peak, abs=0.1)


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


@pytest.mark.parametrize("track", range(_TRACKS))
def test_bands_are_those_of_a_transform_of_the_whole(track: int) -> None:
    """Wherever the kick drum sounds; a step hears less of an attack that falls on its edge."""
    samples, rate = soundfile.read(
        music()[track], frames=_SECONDS * 44_100, dtype="float32", always_2d=True
    )
    power = np.square(np.abs(np.fft.rfft(samples.astype(np.float64), axis=0))).sum(axis=1)
    hz = np.arange(len(power)) * rate / len(samples)
    bands = np.add.reduceat(power, np.searchsorted(hz, (LOWEST_HZ, *BAND_EDGES_HZ)))
    found = features(samples, rate)
    shares = band_shares(found.spectrum.bands, found.spectrum.near_edges, found.leakage)
    assert shares == pytest.approx((bands / bands.sum()).tolist(), abs=0.03)


def analyse_excerpt(path: Path, frames: int) -> float | None:
    """Measure the first frames of a file through the features themselves."""
    samples, rate = soundfile.read(path, frames=frames, dtype="float32", always_2d=True)
    found = features(samples, rate)
    bright = brightness(found.spectrum.centroid_hz, found.spectrum.power)
    return None if bright is None else bright.mean_hz


def features(samples: npt.NDArray[np.float32], rate: int) -> Features:
    """Extract the features of samples."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples)
    return extractor.finish()
