"""Brightness on signals whose centroid is known: within half a per cent."""

import numpy as np
import pytest

from analyzer.features.extract import Extractor
from analyzer.findings.brightness import brightness as measured
from tests.support.audio import Samples, silence, tone

RATES = [44_100, 48_000, 96_000]


def brightness(samples: Samples, rate: int = 44_100) -> float | None:
    """Measure samples."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples.astype(np.float32))
    features = extractor.finish()
    found = measured(features.spectrum.centroid_hz, features.spectrum.power)
    return None if found is None else found.mean_hz


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [50, 61.7, 100, 440, 997, 5_000, 12_345.6, 19_000])
def test_a_sine_is_as_bright_as_its_frequency(rate: int, hz: float) -> None:
    """From the lowest bass to the highest treble."""
    assert brightness(tone(hz, 3, rate=rate), rate) == pytest.approx(hz, rel=0.005)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("low", "high", "low_db", "high_db"),
    [(200, 2_000, -20, -20), (100, 8_000, -10, -30), (440, 15_000, -30, -20)],
)
def test_two_tones_weigh_by_their_power(
    rate: int, low: float, high: float, low_db: float, high_db: float
) -> None:
    """(f₁p₁ + f₂p₂) / (p₁ + p₂)."""
    samples = tone(low, 3, rate=rate, dbfs=low_db) + tone(high, 3, rate=rate, dbfs=high_db)
    powers = 10 ** (low_db / 10), 10 ** (high_db / 10)
    expected = (low * powers[0] + high * powers[1]) / sum(powers)
    assert brightness(samples, rate) == pytest.approx(expected, rel=0.005)


def test_white_noise_is_centred_in_its_band() -> None:
    """At a quarter of the sample rate."""
    noise = 0.1 * np.random.default_rng(4).standard_normal((44_100 * 5, 2))
    assert brightness(noise) == pytest.approx(11_025, rel=0.005)


def test_channels_out_of_phase_do_not_cancel() -> None:
    """Their powers are added, not their samples."""
    samples = tone(3_000, 2) * [1, -1] + tone(300, 2, dbfs=-60)
    assert brightness(samples) == pytest.approx(3_000, rel=0.005)


def test_silence_and_hiss_have_no_say() -> None:
    """A tail of bright hiss 40 dB down would otherwise double the figure."""
    hiss = 10 ** (-60 / 20) * np.random.default_rng(5).standard_normal((44_100 * 3, 2))
    samples = np.concatenate([silence(2), tone(1_000, 3), hiss])
    assert brightness(samples) == pytest.approx(1_000, rel=0.005)


def test_time_counts_and_not_level() -> None:
    """The mean over time of steps that are loud enough, whichever is louder."""
    samples = np.concatenate([tone(1_000, 2, dbfs=-6), tone(3_000, 2, dbfs=-16)])
    assert brightness(samples) == pytest.approx(2_000, rel=0.005)


def test_an_offset_has_no_frequency() -> None:
    """What is below 20 Hz does not count."""
    assert brightness(tone(1_000, 2) + 0.2) == pytest.approx(1_000, rel=0.005)


@pytest.mark.parametrize("samples", [silence(2), tone(440, 0.05)], ids=["silent", "short"])
def test_without_a_sounding_step_there_is_no_brightness(samples: Samples) -> None:
    """Not zero: none."""
    assert brightness(samples) is None
