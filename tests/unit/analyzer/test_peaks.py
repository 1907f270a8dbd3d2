"""Peaks: cases 15–23 of EBU Tech 3341, and true peaks against an interpolation of everything."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.extract import Extractor, Features
from analyzer.features.peaks import interpolation_filters
from analyzer.findings.peaks import highest, peak_db
from tests.support.audio import Samples, demo_music, silence, tone

RATES = [44_100, 48_000, 96_000]


def features(samples: Samples, rate: int) -> Features:
    """Extract the features of samples."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples.astype(np.float32))
    return extractor.finish()


def true_peak_dbtp(samples: Samples, rate: int) -> float | None:
    """Measure the true peak of a whole file."""
    return peak_db(highest(features(samples, rate).peaks.true))


def faded(mono: npt.NDArray[np.float64], rate: int) -> Samples:
    """Return stereo that fades in and out within 10 ms."""
    frames = rate // 100
    ramp = np.minimum(1, np.arange(len(mono)) / frames)
    return np.repeat((mono * ramp * ramp[::-1])[:, None], 2, axis=1)


SINES = {
    "15": (4, 0.50, 0.0, -6.0),
    "16": (4, 0.50, 45.0, -6.0),
    "17": (6, 0.50, 60.0, -6.0),
    "18": (8, 0.50, 67.5, -6.0),
    "19": (4, 1.41, 45.0, 3.0),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("divisor", "level", "phase", "expected"), SINES.values(), ids=SINES)
def test_ebu_3341_cases_15_to_19(
    divisor: int, level: float, phase: float, expected: float, rate: int
) -> None:
    """Sines whose samples lie beside their peaks: within +0.2 and −0.4 dB."""
    turns = np.arange(rate) / divisor + phase / 360
    found = true_peak_dbtp(faded(level * np.sin(2 * np.pi * turns), rate), rate)
    assert found is not None
    assert expected - 0.4 <= found <= expected + 0.2


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", range(4), ids=["20", "21", "22", "23"])
def test_ebu_3341_cases_20_to_23(offset: int, rate: int) -> None:
    """A period of fs/4 at full scale within a sine of fs/6 at half: made at 4 fs, then reduced."""
    periods = rate // 24
    carrier = 0.5 * np.sin(2 * np.pi * np.arange(24) / 24)
    burst = np.sin(2 * np.pi * np.arange(16) / 16)
    fast = np.concatenate([np.tile(carrier, periods), burst, np.tile(carrier, periods)])
    position = np.arange(-512, 513)
    low_pass = np.sinc(position / 4) / 4 * np.kaiser(len(position), 8)
    slow = np.convolve(fast, low_pass, mode="same")[offset::4]
    found = true_peak_dbtp(faded(slow, rate), rate)
    assert found is not None
    assert -0.4 <= found <= 0.2


def plain_true_peaks(samples: Samples, step: int) -> npt.NDArray[np.float64]:
    """Interpolate between all samples, and return the peak of each step."""
    around = np.pad(samples.astype(np.float32).astype(np.float64), [(15, 16), (0, 0)])
    peaks = np.abs(samples.astype(np.float32)).max(axis=1).astype(np.float64)
    for weights in interpolation_filters():
        for channel in around.T:
            points = np.convolve(channel, weights[::-1], mode="valid")
            peaks = np.maximum(peaks, np.abs(points))
    steps = -(-len(peaks) // step)
    by_step = np.pad(peaks, (0, steps * step - len(peaks))).reshape(steps, step)
    return np.asarray(by_step.max(axis=1))


def noise(frames: int, channels: int) -> Samples:
    """Return white noise, of which nearly all spans must be interpolated."""
    return 0.2 * np.random.default_rng(3).standard_normal((frames, channels))


def spikes(frames: int) -> Samples:
    """Return single samples and pairs of them around the edges of steps, chunks and the file."""
    samples = np.zeros((frames, 1))
    for chunk in range(frames // 44_100 + 1):
        for near in (-17, -16, -2, -1, 0, 1, 15, 16):
            at = chunk * 44_100 + (chunk % 10) * 4_410 + near
            if 0 <= at < frames:
                samples[at] = 0.3 + 0.05 * (near % 5) * (-1) ** near
    samples[-1] = 0.9
    return samples


def hidden(at: int) -> Samples:
    """Return 0.9 that is smooth, and samples of 0.4 in the same step that peak higher between."""
    samples = np.zeros((4_410, 1))
    samples[:2_000, 0] = 0.9 * np.hanning(2_000)
    samples[at : at + 32, 0] = 0.4 * np.sign(interpolation_filters()[1])
    return samples


SOUNDS = {
    **{f"a peak far above its samples, {at}": (hidden(at), 44_100) for at in (3_003, 3_017, 3_030)},
    "music": (np.concatenate(list(demo_music(4))), 44_100),
    "noise": (noise(100_003, 2), 44_100),
    "three channels, a step of 1,102 frames": (noise(40_001, 3), 11_025),
    "spikes on every edge": (spikes(12 * 44_100), 44_100),
    "spikes, the end just inside a chunk": (spikes(2 * 44_100 - 7), 44_100),
    "spikes, the end just behind a chunk": (spikes(44_100 + 7), 44_100),
    "less than the filter": (noise(9, 1), 44_100),
    "one sample": (np.full((1, 1), 0.5), 44_100),
    "the lowest rate": (noise(9_000, 1), 4_000),
}


@pytest.mark.parametrize(("samples", "rate"), SOUNDS.values(), ids=SOUNDS)
def test_every_step_has_the_peak_of_a_full_interpolation(samples: Samples, rate: int) -> None:
    """What is left out could not have been the peak."""
    found = features(samples, rate)
    expected = plain_true_peaks(samples, found.grid.step)
    assert found.peaks.true == pytest.approx(expected, rel=1e-6)


def test_the_filter_is_flat_and_carries_lines_over() -> None:
    """Within 0.02 dB up to 0.44 of the rate."""
    position = np.arange(-15, 17)
    for fraction, weights in zip((0.25, 0.5, 0.75), interpolation_filters(), strict=True):
        assert weights.sum() == pytest.approx(1, abs=1e-12)
        assert weights @ position == pytest.approx(fraction, abs=1e-12)
        for frequency in np.arange(0, 0.445, 0.01):
            gain = abs(weights @ np.exp(2j * np.pi * frequency * (position - fraction)))
            assert 20 * np.log10(gain) == pytest.approx(0, abs=0.02)


def test_sample_peaks_are_those_of_the_samples() -> None:
    """Of the loudest channel, in each step, down to a last part of one."""
    samples = noise(10_000, 2)
    found = features(samples, 44_100).peaks.sample
    loudest = np.abs(samples.astype(np.float32)).max(axis=1)
    assert found.tolist() == [part.max() for part in np.split(loudest, [4_410, 8_820])]


def test_silence_has_no_level() -> None:
    """Not minus infinity: none."""
    peaks = features(silence(1), 44_100).peaks
    assert highest(peaks.true) == 0
    assert peak_db(highest(peaks.true)) is None
    assert highest(peaks.true[:0]) is None


def test_full_scale_is_0_dbfs() -> None:
    """A sine's peak counts, not its power."""
    peaks = features(tone(997, 1, dbfs=0), 48_000).peaks
    assert peak_db(highest(peaks.sample)) == pytest.approx(0, abs=0.01)
