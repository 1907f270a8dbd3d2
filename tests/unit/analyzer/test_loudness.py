"""Loudness: cases 1–6 and 9–14 of EBU Tech 3341, 1–4 of Tech 3342, and what cannot be measured.

Cases 7 and 8 of the one and 5 and 6 of the other are recorded programmes, which are not here; cases
15–23 are those of the true peak, in `test_peaks.py`.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.channels import channel_weights
from analyzer.features.extract import Extractor, Features
from analyzer.findings.loudness import (
    MOMENTARY_STEPS,
    SHORT_TERM_STEPS,
    integrated_lufs,
    loudness_range_lu,
    lufs,
    maximum_lufs,
    sliding_energy,
)
from tests.support.audio import Samples, silence, tone

RATES = [44_100, 48_000, 96_000]
OFFSETS = range(20)


def features(samples: Samples, rate: int) -> Features:
    """Extract the features of samples."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    extractor.add(samples.astype(np.float32))
    return extractor.finish()


def energy(parts: Sequence[tuple[float, float]], rate: int) -> npt.NDArray[np.float32]:
    """Return the energies of a 1-kHz stereo tone of several (level in dBFS, seconds) in a row."""
    tones = [tone(1_000, seconds, rate=rate, dbfs=level) for level, seconds in parts]
    return features(np.concatenate(tones), rate).energy


def loudness(parts: Sequence[tuple[float, float]], rate: int) -> float | None:
    """Measure the integrated loudness of such a tone."""
    return integrated_lufs(energy(parts, rate))


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


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level", [-23, -33])
@pytest.mark.parametrize("steps", [MOMENTARY_STEPS, SHORT_TERM_STEPS])
def test_ebu_3341_cases_1_and_2_sliding(level: float, steps: int, rate: int) -> None:
    """Momentary and short-term loudness of a steady tone are its integrated one."""
    assert maximum_lufs(energy([(level, 20)], rate), steps) == pytest.approx(level, abs=0.1)


SLIDING = {
    "9: short-term": ([(-20, 1.34), (-30, 1.66)] * 5, SHORT_TERM_STEPS, 3),
    "12: momentary": ([(-20, 0.18), (-30, 0.22)] * 25, MOMENTARY_STEPS, 1),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("parts", "steps", "settled_sec"), SLIDING.values(), ids=SLIDING)
def test_ebu_3341_cases_9_and_12(
    parts: Sequence[tuple[float, float]], steps: int, settled_sec: int, rate: int
) -> None:
    """Constantly −23 LUFS once the window is full: every window, and not only the loudest."""
    found = energy(parts, rate)
    windows = sliding_energy(found, steps)[settled_sec * 100 - steps * 10 :]
    assert lufs(windows.min()) == pytest.approx(-23, abs=0.1)
    assert maximum_lufs(found, steps) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_ebu_3341_case_10(offset: int, rate: int) -> None:
    """A tone of 3 s has its short-term loudness wherever it begins."""
    found = energy([(-300, offset * 0.15), (-23, 3), (-300, 1)], rate)
    assert maximum_lufs(found, SHORT_TERM_STEPS) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("offset", OFFSETS)
def test_ebu_3341_case_13(offset: int, rate: int) -> None:
    """A tone of 400 ms has its momentary loudness wherever it begins."""
    found = energy([(-300, offset * 0.02), (-23, 0.4), (-300, 1)], rate)
    assert maximum_lufs(found, MOMENTARY_STEPS) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(
    ("seconds", "shift_sec", "steps"),
    [(3.0, 0.15, SHORT_TERM_STEPS), (0.4, 0.02, MOMENTARY_STEPS)],
    ids=["11: short-term", "14: momentary"],
)
def test_ebu_3341_cases_11_and_14(seconds: float, shift_sec: float, steps: int, rate: int) -> None:
    """Twenty ever louder tones in one file: each has its maximum as a track of that file."""
    parts = [
        part
        for number in OFFSETS
        for part in (
            (-300, number * shift_sec),
            (-38 + number, seconds),
            (-300, seconds - number * shift_sec),
        )
    ]
    found = energy(parts, rate)
    length = round(20 * seconds)
    for number in OFFSETS:
        track = found[number * length : (number + 1) * length]
        assert maximum_lufs(track, steps) == pytest.approx(-38 + number, abs=0.1)


@pytest.mark.parametrize("offset_ms", range(0, 100, 7))
def test_the_momentary_maximum_holds_at_any_offset(offset_ms: int) -> None:
    """Also between two hops of 10 ms."""
    found = energy([(-300, 1 + offset_ms / 1_000 + 0.0005), (-23, 0.4), (-300, 1)], 44_100)
    assert maximum_lufs(found, MOMENTARY_STEPS) == pytest.approx(-23, abs=0.1)


RANGES = {
    "1": ([(-20, 20), (-30, 20)], 10),
    "2": ([(-20, 20), (-15, 20)], 5),
    "3": ([(-40, 20), (-20, 20)], 20),
    "4": ([(-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)], 15),
}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize(("parts", "expected"), RANGES.values(), ids=RANGES)
def test_ebu_3342_cases_1_to_4(
    parts: Sequence[tuple[float, float]], expected: float, rate: int
) -> None:
    """EBU Tech 3342, table 1: within 1 LU."""
    assert loudness_range_lu(energy(parts, rate)) == pytest.approx(expected, abs=1)


def test_less_than_its_window_has_no_maximum_and_no_range() -> None:
    """A short-term window takes 3 s."""
    found = energy([(-20, 2.9)], 48_000)
    assert maximum_lufs(found, MOMENTARY_STEPS) is not None
    assert maximum_lufs(found, SHORT_TERM_STEPS) is None
    assert loudness_range_lu(found) is None


def test_silence_has_no_maximum_and_no_range() -> None:
    """Nor has what lies below −70 LUFS."""
    found = energy([(-75, 5)], 48_000)
    assert maximum_lufs(found, MOMENTARY_STEPS) is None
    assert loudness_range_lu(found) is None


def test_the_lfe_channel_does_not_count() -> None:
    """A 5.1 file with sound in its LFE alone has no loudness."""
    samples = tone(1_000, 5, dbfs=[-300, -300, -300, -6, -300, -300])
    assert integrated_lufs(features(samples, 44_100).energy) is None


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
