"""Onset strengths: when an attack is seen, in which band, and that block sizes do not show."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.onsets import ATTACKS, BAND_EDGES_HZ, BANDS
from analyzer.findings.rhythm.attacks import measure
from tools.train.rhythm_examples import hear

ATTACK_BANDS = slice(0, ATTACKS - 1)


def clicks(times: npt.NDArray[np.float64], seconds: float, rate: int) -> npt.NDArray[np.float64]:
    """Return short beeps of 1 kHz in stereo."""
    sound = np.zeros(round(seconds * rate))
    time = np.arange(round(0.05 * rate)) / rate
    beep = 0.5 * np.exp(-80 * time) * np.sin(2 * np.pi * 1000 * time)
    for moment in times:
        start = round(moment * rate)
        sound[start : start + len(beep)] += beep[: len(sound) - start]
    return np.stack([sound, sound], axis=1)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_attacks_are_dated_to_two_milliseconds(rate: int) -> None:
    """At every sample rate, wherever in its frame an attack lies; to three at 8 kHz."""
    times = np.arange(0.5, 19, 0.5) + np.random.default_rng(rate).uniform(-0.02, 0.02, 37)
    onsets = hear(clicks(times, 20, rate), rate)
    frames = np.rint((times - onsets.start_sec) / onsets.interval_sec).astype(np.intp)
    off = measure(onsets, frames).time_sec - times
    assert np.abs(np.median(off)) < (0.002 if rate > 8_000 else 0.003)
    assert np.abs(off).max() < 0.007


@pytest.mark.parametrize("band", range(len(BAND_EDGES_HZ) - 1))
def test_a_tone_begins_in_its_band(band: int) -> None:
    """The strongest band is that of the tone's frequency."""
    low, high = BAND_EDGES_HZ[band], BAND_EDGES_HZ[band + 1]
    hz = min((low * high) ** 0.5, 9_000)
    time = np.arange(44_100) / 44_100
    rise = np.minimum(1, np.maximum(0, (time - 0.5) / 0.02))
    tone = 0.3 * rise * np.sin(2 * np.pi * hz * time)
    strength = hear(np.stack([tone, tone], axis=1), 44_100).strength
    near = strength[45:60, ATTACK_BANDS].astype(int).sum(axis=0)
    assert abs(int(near.argmax()) - band) <= (1 if band < 2 else 0)


def test_a_drum_is_broad_and_a_tone_is_not() -> None:
    """The eighth band tells noise from a tone as loud."""
    time = np.arange(44_100) / 44_100
    gate = time > 0.5
    noise = 0.1 * gate * np.random.default_rng(0).standard_normal(44_100)
    tone = 0.14 * gate * np.sin(2 * np.pi * 440 * time) * np.minimum(1, (time - 0.5).clip(0) * 50)
    broad = [
        hear(np.stack([sound, sound], axis=1), 44_100).strength[:, ATTACKS - 1].max()
        for sound in (noise, tone)
    ]
    assert broad[0] > 2 * broad[1]


def test_what_falls_silent_is_seen_in_the_falls() -> None:
    """And is no attack."""
    time = np.arange(44_100) / 44_100
    fade = 1 - np.minimum(1, np.maximum(0, (time - 0.5) / 0.02))
    tone = 0.3 * fade * np.sin(2 * np.pi * 1_000 * time)
    strength = hear(np.stack([tone, tone], axis=1), 44_100).strength[40:70].astype(int)
    assert strength[:, BANDS - 1].sum() > 4 * strength[:, ATTACK_BANDS].sum(axis=0).max()


def test_an_inverted_channel_is_heard() -> None:
    """A file whose channels cancel out in mono has its attacks all the same."""
    sound = clicks(np.array([0.5]), 1, 44_100) * [1, -1]
    assert hear(sound, 44_100).strength[:, ATTACK_BANDS].max() > 40


def test_silence_has_no_onsets() -> None:
    """Nothing begins in zeros."""
    assert not hear(np.zeros((44_100, 2)), 44_100).strength.any()
