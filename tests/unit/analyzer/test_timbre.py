"""Bands, bass, stereo and energy on signals of which the truth is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analyzer.features.extract import Extractor, Features
from analyzer.findings.brightness import band_shares, brightness
from analyzer.findings.energy import Energy, energy_over_time
from analyzer.findings.loudness import integrated_lufs
from analyzer.findings.stereo import Stereo, stereo_image
from analyzer.pipeline import analyse
from offbeat.job import CueTrack
from tests.support.audio import Samples, silence, tone, write
from tests.support.styles import RATE, style

RATES = [44_100, 48_000, 96_000]


def features(samples: Samples, rate: int = 44_100, block: int | None = None) -> Features:
    """Take in samples, in blocks of some size."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    for start in range(0, len(samples), block or len(samples)):
        extractor.add(samples[start : start + (block or len(samples))].astype(np.float32))
    return extractor.finish()


def shares(found: Features) -> list[float] | None:
    """Measure the bands."""
    return band_shares(found.spectrum.bands, found.spectrum.near_edges, found.leakage)


def stereo(samples: Samples) -> Stereo:
    """Measure what must have a stereo image."""
    image = stereo_image(features(samples).spectrum.stereo)
    assert image is not None
    return image


def energy(samples: Samples) -> Energy:
    """Measure what must have an energy."""
    found = features(samples, RATE)
    measured = energy_over_time(found.energy, found.spectrum.bands, found.peaks.sample)
    assert measured is not None
    return measured


@pytest.mark.parametrize("rate", RATES)
def test_each_band_has_the_share_of_its_tones(rate: int) -> None:
    """Five tones of known powers, one for each band."""
    levels = {30: -20, 120: -14, 1_000: -26, 4_000: -30, 10_000: -34}
    samples = sum(tone(hz, 3, rate=rate, dbfs=level) for hz, level in levels.items())
    powers = 10 ** (np.array(list(levels.values())) / 10)
    assert shares(features(np.asarray(samples), rate)) == pytest.approx(
        (powers / powers.sum()).tolist(), abs=0.001
    )


@pytest.mark.parametrize("rate", [8_000, *RATES])
@pytest.mark.parametrize("apart_hz", [4, 9, 20])
@pytest.mark.parametrize("edge_hz", [60, 250])
def test_tones_beside_an_edge_have_their_own_bands(
    rate: int, apart_hz: float, edge_hz: float
) -> None:
    """A kick's fundamental may lie right below 60 Hz, and its bass line right above."""
    below, above = (
        tone(hz, 6, rate=rate, dbfs=level)
        for hz, level in ((edge_hz - apart_hz, -20), (edge_hz + apart_hz, -14))
    )
    found = shares(features(below + above, rate))
    assert found is not None
    share = 10**-2.0 / (10**-2.0 + 10**-1.4)
    first = 0 if edge_hz == 60 else 1
    assert found[first : first + 2] == pytest.approx([share, 1 - share], abs=0.005)


def test_an_edge_cuts_noise_in_two() -> None:
    """Noise from 40 to 80 Hz lies half below 60 Hz, and bins are ten wide."""
    spectrum = np.zeros(44_100 * 20 // 2 + 1, np.complex128)
    random = np.random.default_rng(4)
    spectrum[40 * 20 : 80 * 20] = np.exp(2j * np.pi * random.random(40 * 20))
    mono = np.fft.irfft(spectrum)
    noise = np.stack([mono, mono], axis=1) * 0.1 / np.abs(mono).max()
    found = shares(features(noise))
    assert found is not None
    assert found[0] == pytest.approx(0.5, abs=0.02)
    assert found[0] + found[1] == pytest.approx(1, abs=0.001)


def test_a_drum_and_a_bass_take_turns_at_an_edge() -> None:
    """Half a second of 55 Hz on the left, half a second of 66 Hz as loud on the right."""
    kick, bass = tone(55, 8, dbfs=-12) * [1, 0], tone(66, 8, dbfs=-12) * [0, 1]
    turn = np.arange(len(kick)) // 22_050 % 2 == 0
    found = shares(features(np.where(turn[:, None], kick, bass)))
    assert found is not None
    assert found[:2] == pytest.approx([0.5, 0.5], abs=0.06)


@pytest.mark.parametrize("name", ["house", "techno", "drum and bass"])
def test_bands_of_music_are_those_of_a_transform_of_the_whole(name: str) -> None:
    """Although a kick drum sounds right at the lowest edge."""
    sound = style(name, seconds=20)
    power = np.square(np.abs(np.fft.rfft(sound, axis=0))).sum(axis=1)
    firsts = [round(hz * 20) for hz in (20, 60, 250, 2_000, 6_000)]
    bands = np.add.reduceat(power, firsts)
    assert shares(features(sound, RATE)) == pytest.approx((bands / bands.sum()).tolist(), abs=0.01)


def test_a_track_has_the_bands_of_its_own_tones(tmp_path: Path) -> None:
    """Not those of its neighbour on the other side of an edge."""
    sound = np.concatenate([tone(57, 20), tone(63, 20)])
    cues = [CueTrack(title="t", start_time_sec=at) for at in (0.0, 20.0)]
    tracks = analyse(write(tmp_path / "a.wav", sound), cues=cues).tracks
    found = [track.analysis.band_balance for track in tracks]
    assert all(found)
    assert [balance.sub for balance in found if balance] == pytest.approx([1, 0], abs=0.01)


def test_white_noise_has_its_power_where_the_bands_are_wide() -> None:
    """By their widths, from 20 Hz to half the rate."""
    noise = 0.1 * np.random.default_rng(1).standard_normal((44_100 * 60, 2))
    widths = np.diff([20, 60, 250, 2_000, 6_000, 22_050])
    found = shares(features(noise))
    assert found == pytest.approx((widths / widths.sum()).tolist(), rel=0.05)
    assert sum(found or []) == pytest.approx(1)


def test_percentiles_of_brightness_tell_a_change() -> None:
    """Of 2 s of 200 Hz and 3 s of 3 kHz, one in five steps and more are dark."""
    sound = np.concatenate([tone(200, 2), tone(3_000, 3)])
    spectrum = features(sound).spectrum
    found = brightness(spectrum.centroid_hz, spectrum.power)
    assert found is not None
    assert found.p10_hz == pytest.approx(200, rel=0.005)
    assert [found.median_hz, found.p90_hz] == pytest.approx([3_000, 3_000], rel=0.005)


@pytest.mark.parametrize("rate", [8_000, *RATES])
@pytest.mark.parametrize("hz", [45, 60, 80])
def test_the_bass_of_a_low_tone_is_all_of_it(rate: int, hz: float) -> None:
    """Its loudness is that of the whole sound."""
    found = features(tone(hz, 5, rate=rate, dbfs=-12), rate)
    bass = integrated_lufs(found.spectrum.bass[:, None])
    assert bass == pytest.approx(integrated_lufs(found.energy), abs=0.1)


def test_the_bass_ends_at_150_hz() -> None:
    """3 dB down at the edge, and 24 dB for each octave above."""
    for hz, below_db in ((150, 3.0), (300, 24.1)):
        found = features(tone(hz, 5, dbfs=-6))
        whole, bass = (integrated_lufs(x) for x in (found.energy, found.spectrum.bass[:, None]))
        assert whole is not None
        assert bass == pytest.approx(whole - below_db, abs=0.3)


def test_equal_channels_have_no_width() -> None:
    """And are perfectly in phase, and balanced."""
    image = stereo(tone(440, 3))
    assert (image.width, image.balance) == (0.0, 0.0)
    assert image.phase_correlation == image.phase_correlation_min == pytest.approx(1)


def test_an_inverted_channel_is_all_side() -> None:
    """Width 1, correlation −1."""
    image = stereo(tone(440, 3) * [1, -1])
    assert image.width == pytest.approx(1)
    assert image.phase_correlation == image.phase_correlation_min == pytest.approx(-1)


def test_independent_noise_is_half_side() -> None:
    """Its correlation is zero."""
    image = stereo(0.1 * np.random.default_rng(2).standard_normal((44_100 * 10, 2)))
    assert image.width == pytest.approx(0.5, abs=0.005)
    assert image.phase_correlation == pytest.approx(0, abs=0.01)


def test_balance_is_that_of_the_powers() -> None:
    """The right channel at double amplitude has four fifths of the power."""
    assert stereo(tone(440, 3) * [0.5, 1]).balance == pytest.approx(0.6, abs=0.001)
    assert stereo(tone(440, 3) * [1, 0]).balance == pytest.approx(-1)


def test_a_silent_channel_is_not_in_phase_with_the_other() -> None:
    """It has no correlation, and counts as 0."""
    assert stereo(tone(440, 3) * [1, 0]).phase_correlation == 0.0


def test_the_least_correlation_finds_a_moment() -> None:
    """Half a second of inverted phase in ten."""
    sound = tone(440, 10)
    sound[44_100 * 5 : 44_100 * 5 + 22_050, 1] *= -1
    image = stereo(sound)
    assert image.phase_correlation_min == pytest.approx(-1, abs=0.01)
    assert image.phase_correlation == pytest.approx(0.9, abs=0.03)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("ambient", 1, 3),
        ("ballad", 3, 5),
        ("house", 6, 7.5),
        ("techno", 8, 9.3),
        ("drum and bass", 8, 9.5),
        ("hard", 9.5, 10),
    ],
)
def test_energy_sorts_styles_as_djs_do(name: str, low: float, high: float) -> None:
    """And a master that is 26 dB quieter is just as energetic."""
    sound = style(name, seconds=12)
    level = energy(sound).level
    assert low <= level <= high
    assert energy(sound * 0.05).level == pytest.approx(level, abs=0.01)


def test_the_curve_falls_in_a_breakdown() -> None:
    """The same track with a beatless, quiet middle."""
    drop, calm = style("house", seconds=20), 0.2 * style("ambient", seconds=20)
    curve = energy(np.concatenate([drop, calm, drop])).curve
    assert len(curve) == 60
    assert max(curve[25:35]) < 3 < 6 < min(curve[3:16] + curve[45:])


@pytest.mark.parametrize(("seconds", "interval"), [(599, 1), (601, 2), (3_600, 10), (21_600, 60)])
def test_a_curve_never_has_more_than_600_points(seconds: int, interval: int) -> None:
    """Whatever the length."""
    steps = seconds * 10
    ones = np.ones((steps, 10), np.float32)
    found = energy_over_time(ones, ones[:, :5], ones[:, 0])
    assert found is not None
    assert found.interval_sec == interval
    assert len(found.curve) == -(-seconds // interval) <= 600


def test_silence_has_none_of_these() -> None:
    """Not zero: none."""
    found = features(silence(3))
    spectrum = found.spectrum
    assert shares(found) is None
    assert stereo_image(spectrum.stereo) is None
    assert integrated_lufs(spectrum.bass[:, None]) is None
    assert energy_over_time(found.energy, spectrum.bands, found.peaks.sample) is None


def _spectra(found: Features) -> bytes:
    spectrum = found.spectrum
    parts = (
        spectrum.bands,
        spectrum.near_edges,
        found.leakage,
        spectrum.bass,
        spectrum.stereo,
        spectrum.offset,
        spectrum.centroid_hz,
    )
    return b"".join(part.tobytes() for part in parts)


def _clips(found: Features) -> bytes:
    clips = found.clipping_runs
    return clips.chunk.tobytes() + clips.runs.tobytes() + clips.samples.tobytes()


@pytest.mark.parametrize("kept", [_spectra, _clips])
def test_blocks_of_any_size_give_the_same_bits(kept: Callable[[Features], bytes]) -> None:
    """Of everything that is kept."""
    sound = np.clip(style("techno", seconds=5.37) * 1.2, -0.9, 0.9)
    whole = kept(features(sound))
    for block in (1_000, 44_100, 77_777):
        assert kept(features(sound, block=block)) == whole
