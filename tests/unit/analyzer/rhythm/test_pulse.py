"""The pulse, up to the octave."""

import numpy as np
import pytest

from analyzer.features.onsets import BANDS, Onsets
from analyzer.findings.rhythm.pulse import find_pulse


def pattern(bpm: float, seconds: float, *, seed: int = 0) -> Onsets:
    """Return the strengths of attacks on every beat, and weaker ones between them."""
    random = np.random.default_rng(seed)
    strength = random.integers(0, 3, (round(seconds * 100), BANDS)).astype(float)
    for number, moment in enumerate(np.arange(0.3, seconds - 0.1, 30 / bpm)):
        frame = moment * 100
        low = int(frame)
        height = 120 if number % 2 == 0 else 60
        strength[low] += height * (1 - (frame - low))
        strength[low + 1] += height * (frame - low)
    return Onsets(strength.clip(0, 255).astype(np.uint8), 0.01, 0.0)


@pytest.mark.parametrize("bpm", [61.3, 75, 90.7, 118, 128, 143.9, 174, 199])
def test_a_steady_pulse_is_found(bpm: float) -> None:
    """To 0.2 %, up to a power of two."""
    pulse = find_pulse(pattern(bpm, 40))
    octave = np.log2(60 / np.median(pulse.period_sec) / bpm)
    assert octave - np.rint(octave) == pytest.approx(0, abs=np.log2(1.002))
    assert pulse.clarity.min() > 0.3


def test_a_change_of_tempo_is_followed() -> None:
    """Two tracks, one after the other, in one file."""
    both = np.concatenate([pattern(100, 60).strength, pattern(110, 60).strength])
    pulse = find_pulse(Onsets(both, 0.01, 0.0))
    bpm = 60 / pulse.period_sec
    assert bpm[pulse.time_sec < 50] == pytest.approx(100, rel=0.002)
    assert bpm[pulse.time_sec > 70] == pytest.approx(110, rel=0.002)


def test_noise_has_no_clear_pulse() -> None:
    """Clarity tells."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 60, (6_000, BANDS)).astype(np.uint8)
    assert np.median(find_pulse(Onsets(noise, 0.01, 0.0)).clarity) < 0.1


@pytest.mark.parametrize("frames", [1, 2, 50, 1_023, 1_025])
def test_short_files_have_one_moment_or_two(frames: int) -> None:
    """However short they are."""
    pulse = find_pulse(Onsets(np.zeros((frames, BANDS), np.uint8), 0.01, 0.0))
    assert 1 <= len(pulse.time_sec) <= 2
    assert np.isfinite(pulse.period_sec).all()
