"""Pixels of a waveform: against the arithmetic of audiowaveform, written out sample by sample."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from analyzer.features import waveform
from analyzer.features.downmix import Downmix
from analyzer.features.grid import Grid
from analyzer.features.waveform import (
    Pixels,
    Quantiser,
    Waveform,
    WaveformMeter,
    merged,
    quantiser_of,
)
from tests.support.audio import tone, write

Integers = npt.NDArray[np.int64]


def measure(
    samples: npt.ArrayLike, *, rate: int = 44_100, quantiser: Quantiser = Quantiser.SHORT
) -> Waveform:
    """Feed samples of shape (frames, channels) chunk by chunk."""
    sound = np.asarray(samples, np.float32)
    grid = Grid(rate)
    downmix = Downmix(grid, sound.shape[1])
    meter = WaveformMeter(downmix, rate, quantiser)
    for start in range(0, len(sound), grid.chunk):
        part = sound[start : start + grid.chunk]
        planes = np.zeros((sound.shape[1], grid.chunk), np.float32)
        planes[:, : len(part)] = part.T
        meter.add(planes, downmix.add(planes), len(part))
    return meter.finish()


def by_hand(shorts: Integers, samples_per_pixel: int) -> list[tuple[int, int]]:
    """Return the pixels of 16-bit samples of shape (frames, channels) as audiowaveform has them."""
    mono = [int(sum(map(int, frame)) / len(frame)) for frame in shorts]
    groups = [mono[i : i + samples_per_pixel] for i in range(0, len(mono), samples_per_pixel)]
    return [(min(group), max(group)) for group in groups]


def pairs(pixels: Pixels, band: int = 0) -> list[tuple[int, int]]:
    """Return smallest and largest value of each pixel."""
    low, high = pixels.low[:, band].tolist(), pixels.high[:, band].tolist()
    return list(zip(low, high, strict=True))


def noise(frames: int, channels: int, *, seed: int = 1) -> Integers:
    """Return 16-bit noise, from one end of the scale to the other."""
    return np.random.default_rng(seed).integers(-32_768, 32_768, (frames, channels))


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_pixels_are_those_of_audiowaveform(channels: int) -> None:
    """Over three chunks, none of which is a multiple of a pixel, and an odd tail."""
    shorts = noise(100_003, channels)
    found = measure(shorts / 32_768)
    assert pairs(found.full) == by_hand(shorts, 256)


def test_a_pixel_may_be_all_below_or_all_above_zero() -> None:
    """No zero slips in, neither between chunks nor at the end."""
    below = measure(np.full((44_100 + 300, 2), -0.5)).full
    above = measure(np.full((44_100 + 300, 2), 0.25)).full
    assert set(pairs(below)) == {(-16_384, -16_384)}
    assert set(pairs(above)) == {(8_192, 8_192)}


def test_channels_are_divided_towards_zero() -> None:
    """As integers are in C: the mean of −1 and −2 is −1."""
    assert pairs(measure(np.array([[-1, -2]]) / 32_768).full) == [(-1, -1)]


@pytest.mark.parametrize("frames", [1, 255, 256, 257, 44_100, 44_101])
def test_every_frame_has_its_pixel(frames: int) -> None:
    """In the whole sound and in the bands alike."""
    found = measure(np.zeros((frames, 2)))
    assert len(found.full.low) == len(found.bands.low) == -(-frames // 256)


@pytest.mark.parametrize(
    ("name", "subtype", "codec", "bits"),
    [
        ("a.wav", "PCM_U8", "pcm_u8", 8),
        ("a.wav", "PCM_16", "pcm_s16", 16),
        ("a.wav", "PCM_24", "pcm_s24", 24),
        ("a.flac", "PCM_24", "flac", 24),
        ("a.ogg", "VORBIS", "vorbis", None),
    ],
)
def test_samples_become_the_integers_that_libsndfile_gives(
    tmp_path: Path, name: str, subtype: str, codec: str, bits: int | None
) -> None:
    """These are what audiowaveform reads; both come from one file."""
    path = write(tmp_path / name, tone(997, 0.3, dbfs=[-1.0, -7.0]), subtype=subtype)
    shorts, _ = soundfile.read(path, dtype="int16")
    floats, _ = soundfile.read(path, dtype="float32")
    found = measure(floats, quantiser=quantiser_of(codec, bits))
    assert pairs(found.full) == by_hand(shorts, 256)


def test_float_files_are_scaled_and_cut_as_audiowaveform_does() -> None:
    """Times 32767, towards zero; what clips stays at the end of the scale."""
    found = measure([[0.9999], [-0.99999], [7.0], [-7.0]], quantiser=quantiser_of("pcm_f32", 32))
    assert pairs(found.full) == [(-32_768, 32_767)]
    found = measure([[0.9999], [-0.99999]], quantiser=Quantiser.FLOAT)
    assert pairs(found.full) == [(-32_766, 32_763)]


@pytest.mark.parametrize("zoom", [512, 1_024, 4_096])
def test_a_coarser_zoom_is_what_the_samples_give(zoom: int) -> None:
    """Although it is made from the finest one."""
    shorts = noise(60_001, 2)
    finest = measure(shorts / 32_768).full
    assert pairs(merged(finest, zoom // 256)) == by_hand(shorts, zoom)


@pytest.mark.parametrize("most", [16, 64, 1_000])
def test_a_long_file_is_thinned_without_a_trace(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """It equals what the samples give at the zoom that it ends with, also in the bands."""
    shorts = noise(150_001, 2)
    whole = measure(shorts / 32_768)
    monkeypatch.setattr(waveform, "_MOST_PIXELS", most)
    thin = measure(shorts / 32_768)
    factor = thin.samples_per_pixel // 256
    assert pairs(thin.full) == by_hand(shorts, thin.samples_per_pixel)
    assert len(thin.full.low) <= most
    for band in range(3):
        assert pairs(thin.bands, band) == pairs(merged(whole.bands, factor), band)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 88_210, 384_000])
@pytest.mark.parametrize(("hz", "band"), [(80, 0), (900, 1), (3_700, 2)])
def test_each_band_has_its_tones(rate: int, hz: int, band: int) -> None:
    """Near full height in its own band, and little in the others."""
    bands = measure(tone(hz, 0.5, rate=rate, dbfs=-6.0), rate=rate).bands
    zoom = max(1, round(rate * 0.05 / 256))
    inner = merged(bands, zoom)
    heights = np.abs(inner.high[2:-2]).min(axis=0)
    assert heights[band] == pytest.approx(63.7, rel=0.15)
    loudest = np.abs(inner.high[2:-2]).max(axis=0)
    assert max(np.delete(loudest, band)) < 20


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("at", [0.1, 1.5])
def test_bands_stand_where_the_sound_does(rate: int, at: float) -> None:
    """A click has its pixel in all bands that its filters spread it to, also across chunks."""
    click = np.zeros((2 * rate, 2))
    frame = round(at * rate)
    click[frame] = 1.0
    found = measure(click, rate=rate)
    pixel = frame // 256
    assert int(np.argmax(found.full.high[:, 0])) == pixel
    for band in range(3 if rate > 8_000 else 2):
        height = found.bands.high[:, band].astype(int) - found.bands.low[:, band]
        if height.max() > 1:
            assert abs(int(np.argmax(height)) - pixel) <= 1
