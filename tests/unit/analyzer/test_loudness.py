"""Integrated loudness: the cases of EBU Tech 3341 that concern it, and what cannot be measured."""

from collections.abc import Sequence

import numpy as np
import pytest

from analyzer.features.extract import Extractor, Features
from analyzer.measures.loudness import channel_weights, integrated_lufs
from tests.support.audio import Samples, silence, tone

RATES = [44_100, 48_000, 96_000]


def features(samples: Samples, rate: int) -> Features:
    """Extract the features of samples."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples.astype(np.float32))
    return extractor.finish()


def loudness(parts: Sequence[tuple[float, float]], rate: int) -> float | None:
    """Measure a 1-kHz stereo tone of several (level in dBFS, seconds) in a row."""
    tones = [tone(1_000, seconds, rate=rate, dbfs=level) for level, seconds in parts]
    return integrated_lufs(features(np.concatenate(tones), rate).energy)


CASES = {
    "1: -23 dBFS": ([(-23, 20)], -23),
    "2: -33 dBFS": ([(-33, 20)], -33),
    "3: soft ends": ([(-36, 10), (-23, 60), (-36, 10)], -23),
    "4: softer ends": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
    "5: a louder middle": ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("parts", "expected"), CASES.values(), ids=CASES)
def test_ebu_3341_cases_1_to_5(
    parts: Sequence[tuple[float, float]], expected: float, rate: int
) -> None:
    """EBU Tech 3341, table 1: within 0.1 LU."""
    assert loudness(parts, rate) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
def test_ebu_3341_case_6(rate: int) -> None:
    """Five channels L R C Ls Rs: the surrounds count 1.41."""
    samples = tone(1_000, 20, rate=rate, dbfs=[-28, -28, -24, -30, -30])
    assert integrated_lufs(features(samples, rate).energy) == pytest.approx(-23, abs=0.1)


def test_the_lfe_channel_does_not_count() -> None:
    """A 5.1 file with sound in its LFE alone has no loudness."""
    energy = np.zeros((50, 6))
    energy[:, 3] = 1.0
    assert integrated_lufs(energy) is None


def test_one_channel_counts_once() -> None:
    """A mono file is 3 LU below the same in both channels of a stereo file."""
    one = integrated_lufs(features(tone(1_000, 5, dbfs=[-20]), 44_100).energy)
    two = integrated_lufs(features(tone(1_000, 5, dbfs=[-20, -20]), 44_100).energy)
    assert one is not None
    assert two is not None
    assert two - one == pytest.approx(3.01, abs=0.01)


@pytest.mark.parametrize("channels", range(1, 9))
def test_there_is_a_weight_for_every_channel(channels: int) -> None:
    """Up to the eight channels that are accepted."""
    assert len(channel_weights(channels)) == channels


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.399])
def test_less_than_a_block_has_no_loudness(seconds: float) -> None:
    """A gating block takes 0.4 s."""
    assert loudness([(-20, seconds)], 48_000) is None


def test_what_is_below_the_absolute_gate_has_no_loudness() -> None:
    """Not minus infinity: none."""
    assert loudness([(-75, 5)], 48_000) is None


def test_silence_around_does_not_count() -> None:
    """The gates leave it out, but for the blocks on the edges."""
    sound = tone(1_000, 10, dbfs=-18)
    around = np.concatenate([silence(7), sound, silence(9)])
    bare, surrounded = (
        integrated_lufs(features(samples, 44_100).energy) for samples in (sound, around)
    )
    assert surrounded == pytest.approx(bare, abs=0.2)
