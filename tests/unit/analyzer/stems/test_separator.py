"""The signal path around the networks: nothing is lost, moved or faded."""

from collections.abc import Iterable

import numpy as np
import pytest

from analyzer.samples import Samples
from analyzer.stems.separator import RATE_HZ, Separator
from tests.support.stems import TWO, Share, a_separator

BLOCK = 524_288


def low_noise(frames: int, seed: int = 0) -> Samples:
    """Return stereo noise below 10 kHz, which the networks hear whole."""
    white = np.random.default_rng(seed).normal(size=(frames, 2)) * 0.1
    spectrum = np.fft.rfft(white, axis=0)
    spectrum[int(10_000 / RATE_HZ * frames) :] = 0
    return np.fft.irfft(spectrum, frames, axis=0).astype(np.float32)


def separated(separator: Separator, parts: Iterable[Samples]) -> dict[str, Samples]:
    """Return all of each stem."""
    ready = [found for part in parts for found in separator.add(part)]
    ready += separator.finish()
    return {stem: np.concatenate([found[stem] for found in ready]) for stem in ready[0]}


@pytest.mark.parametrize("frames", [1, 4_095, 4_096, BLOCK - 4_096, BLOCK, BLOCK + 1, 1_200_000])
def test_stems_are_as_long_as_the_sound(frames: int) -> None:
    """To the sample, wherever the last block ends."""
    stems = separated(a_separator(), [low_noise(frames)])
    assert {len(sound) for sound in stems.values()} == {frames}


def test_the_stems_add_up_to_the_sound() -> None:
    """Below 11 kHz, at every sample: masks add up to 1, and windows to what they should."""
    sound = low_noise(1_200_000)
    stems = separated(a_separator(0.9, 0.3), [sound])
    total = stems["vocals"] + stems["accompaniment"]
    # Where the noise begins and ends it is a click, of which a part lies above 11 kHz.
    assert np.abs(total - sound)[5_000:-5_000].max() < 1e-5


def test_the_mask_is_the_ratio_of_the_squares() -> None:
    """As in Spleeter: a stem of a third of the other's magnitude has a tenth of the sound."""
    sound = low_noise(600_000)
    stems = separated(a_separator(1.0, 3.0), [sound])
    assert stems["vocals"][50_000:500_000] == pytest.approx(0.1 * sound[50_000:500_000], abs=1e-5)


def test_above_11_khz_there_is_nothing() -> None:
    """The networks do not hear it, so no stem has it."""
    time = np.arange(600_000) / RATE_HZ
    high = np.stack([np.sin(2 * np.pi * 15_000 * time)] * 2, axis=1).astype(np.float32)
    stems = separated(a_separator(), [high])
    assert np.abs(stems["vocals"][5_000:-5_000]).max() < 1e-4


@pytest.mark.parametrize("size", [1_000, 44_100, BLOCK, BLOCK + 777])
def test_no_sample_depends_on_the_size_of_a_block(size: int) -> None:
    """Chunks with the overlap carried over are one call for the whole file, bit by bit."""
    sound = low_noise(1_300_000)
    whole = separated(a_separator(), [sound])
    parts = [sound[start : start + size] for start in range(0, len(sound), size)]
    chunked = separated(a_separator(), parts)
    for stem, samples in whole.items():
        np.testing.assert_array_equal(samples, chunked[stem])


def test_only_what_is_wanted_is_made() -> None:
    """Both networks are asked, since they share out the sound."""
    stems = separated(a_separator(1.0, 1.0, wanted=["accompaniment"]), [low_noise(10_000)])
    assert list(stems) == ["accompaniment"]


def test_silence_asks_no_network() -> None:
    """A block of zeros has nothing to share out; the next one is separated as ever."""
    sound = np.concatenate([np.zeros((2 * BLOCK, 2), np.float32), low_noise(100_000)])
    networks = [Share(1.0), Share(1.0)]
    stems = separated(Separator(TWO, networks), [sound])
    assert [network.blocks for network in networks] == [1, 1]
    assert not stems["vocals"][:BLOCK].any()
    assert stems["vocals"][-50_000:-5_000] == pytest.approx(0.5 * sound[-50_000:-5_000], abs=1e-5)
