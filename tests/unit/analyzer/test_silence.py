"""Where the sound begins and ends: to 5 ms, and past every click."""

import numpy as np
import pytest

from analyzer.features.extract import Extractor
from analyzer.findings.silence import sounding
from tests.support.audio import Samples, silence, tone

RATES = [8_000, 11_025, 44_100, 48_000, 96_000]


def extent_sec(samples: Samples, rate: int, top_db: float = 60) -> tuple[float, float] | None:
    """Return start and end of the sound in seconds."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=top_db)
    extractor.add(samples.astype(np.float32))
    features = extractor.finish()
    extent = sounding(features.loud)
    if extent is None:
        return None
    grid = features.grid
    return grid.frame_start(extent.first) / rate, grid.frame_start(extent.last + 1) / rate


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("lead", [0.0, 0.0042, 0.5, 1.2345, 3.9999])
@pytest.mark.parametrize("dbfs", [-1, -40])
def test_start_and_end_are_within_5_ms(rate: int, lead: float, dbfs: float) -> None:
    """Wherever the sound lies on the grid of frames."""
    samples = np.concatenate(
        [silence(lead, rate=rate), tone(440, 2, rate=rate, dbfs=dbfs), silence(1.777, rate=rate)]
    )
    extent = extent_sec(samples, rate)
    assert extent is not None
    assert extent[0] == pytest.approx(lead, abs=0.0051)
    assert extent[1] == pytest.approx(lead + 2, abs=0.0051)


def test_a_file_that_starts_at_once_starts_at_zero() -> None:
    """Exactly, for consumers compare with 0.0."""
    extent = extent_sec(tone(440, 1, dbfs=-3), 44_100)
    assert extent is not None
    assert extent[0] == 0.0


@pytest.mark.parametrize("at", [0.0, 0.2, 0.9])
def test_a_click_in_front_is_no_sound(at: float) -> None:
    """One sample at full scale, and a burst of 10 ms."""
    samples = np.concatenate([silence(1), tone(440, 2), silence(1)])
    samples[round(at * 44_100)] = 1.0
    samples[round(0.4 * 44_100) : round(0.41 * 44_100)] = 0.9
    extent = extent_sec(samples, 44_100)
    assert extent is not None
    assert extent[0] == pytest.approx(1, abs=0.0051)


def test_a_click_behind_is_no_sound() -> None:
    """A vinyl run-out groove does not lengthen the track."""
    samples = np.concatenate([silence(1), tone(440, 2), silence(2)])
    for at in (3.3, 4.0, 4.999):
        samples[round(at * 44_100)] = -1.0
    extent = extent_sec(samples, 44_100)
    assert extent is not None
    assert extent[1] == pytest.approx(3, abs=0.0051)


def test_noise_below_the_threshold_is_silence() -> None:
    """Hiss of −66 dBFS RMS, whose peaks pass −60 dBFS now and then."""
    random = np.random.default_rng(3)
    samples = np.concatenate([silence(2), tone(440, 2), silence(2)])
    samples += 10 ** (-66 / 20) * random.standard_normal(samples.shape)
    extent = extent_sec(samples, 44_100)
    assert extent is not None
    assert extent == pytest.approx((2, 4), abs=0.0051)


def test_the_threshold_is_a_setting() -> None:
    """A tone of −50 dBFS is sound for 60 dB and silence for 40 dB."""
    samples = np.concatenate([tone(440, 1, dbfs=-50), tone(440, 1, dbfs=-20)])
    assert extent_sec(samples, 44_100, top_db=60) == pytest.approx((0, 2), abs=0.0051)
    assert extent_sec(samples, 44_100, top_db=40) == pytest.approx((1, 2), abs=0.0051)


def test_sound_in_one_channel_is_sound() -> None:
    """The loudest channel decides."""
    assert extent_sec(tone(440, 1, dbfs=[-20, -200]), 44_100) is not None


def test_silence_has_no_extent() -> None:
    """Nothing is above the threshold."""
    assert extent_sec(silence(3), 44_100) is None


@pytest.mark.parametrize("frames", [1, 2, 100, 500])
def test_a_very_short_file_counts_as_sound(frames: int) -> None:
    """Down to a single sample, where nothing can confirm it."""
    extent = extent_sec(np.full((frames, 1), 0.5), 44_100)
    assert extent is not None
    assert extent[0] == 0.0


@pytest.mark.parametrize(
    ("loud", "expected"),
    [
        ("", None),
        ("0", None),
        ("1", (0, 0)),
        ("11111111", (0, 7)),
        ("0000100000000000", None),
        ("0011110000000000", (2, 5)),
        ("1000001111100000", (0, 10)),
        ("1000000000011111", (11, 15)),
    ],
)
def test_three_of_the_next_ten_confirm(loud: str, expected: tuple[int, int] | None) -> None:
    """The rule itself, frame by frame."""
    extent = sounding(np.array([letter == "1" for letter in loud], np.bool_))
    assert (None if extent is None else (extent.first, extent.last)) == expected
