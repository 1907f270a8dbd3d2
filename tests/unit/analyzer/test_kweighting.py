"""The K-weighting filter against the standard's table, its own response and plain recursion."""

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.kweighting import KWeighting, k_weighting_stages

RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]

# Each CPU adds the n <= 68 float32 products of a dot product in an order of its own, with an error
# of about √n·2⁻²⁴·Σ|product| (Higham & Mary 2019, doi:10.1137/18M1226312). For samples of 0.3 RMS
# that is 1.8e-5 by way of the four states, which ring with up to 46, and 1.2e-5 in the sum itself.
ROUNDING = 3e-5


def filtered(samples: npt.NDArray[np.float32], rate: int, chunk: int) -> npt.NDArray[np.float64]:
    """Run samples of shape (channels, frames) through the filter, chunk by chunk."""
    weighting = KWeighting(rate, len(samples), chunk)
    chunks = range(0, samples.shape[1], chunk)
    parts = [weighting.filter(samples[:, at : at + chunk]).copy() for at in chunks]
    return np.concatenate(parts, axis=1).astype(np.float64)


def recursion(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    """Filter one channel sample by sample, as the standard draws it."""
    signal = samples.astype(np.float64)
    for stage in k_weighting_stages(rate):
        (b0, b1, b2), (a1, a2) = stage.b, stage.a
        x1 = x2 = y1 = y2 = 0.0
        out = np.empty_like(signal)
        for index, x in enumerate(signal):
            y = b0 * x + b1 * x1 + b2 * x2 - a1 * y1 - a2 * y2
            x1, x2, y1, y2 = x, x1, y, y1
            out[index] = y
        signal = out
    return signal


def test_coefficients_at_48_khz_are_those_of_the_standard() -> None:
    """ITU-R BS.1770-4, tables 1 and 2."""
    shelf, high_pass = k_weighting_stages(48_000)
    assert shelf.b == pytest.approx((1.53512485958697, -2.69169618940638, 1.19839281085285))
    assert shelf.a == pytest.approx((-1.69065929318241, 0.73248077421585))
    assert high_pass.b == pytest.approx((1.0, -2.0, 1.0))
    assert high_pass.a == pytest.approx((-1.99004745483398, 0.99007225036621))


@pytest.mark.parametrize("rate", RATES[2:])
@pytest.mark.parametrize("hz", [20, 40, 100, 500, 1_000, 2_000, 4_000])
def test_every_rate_has_the_response_of_48_khz(rate: int, hz: int) -> None:
    """Up to a tenth of the rate, where the bilinear transform bends frequencies little."""
    gain, reference = 1.0, 1.0
    for stage, known in zip(k_weighting_stages(rate), k_weighting_stages(48_000), strict=True):
        gain *= stage.gain(hz, rate)
        reference *= known.gain(hz, 48_000)
    tolerance_db = 0.05 if hz <= rate / 20 else 0.15
    assert 20 * np.log10(gain / reference) == pytest.approx(0, abs=tolerance_db)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [50, 997, 3_000])
def test_a_sine_comes_out_with_the_analytic_gain(rate: int, hz: int) -> None:
    """Within 0.001 dB, once the filter has settled."""
    time = np.arange(4 * rate) / rate
    sine = (0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[None]
    settled = filtered(sine, rate, rate)[0, rate:]
    gain = np.prod([stage.gain(hz, rate) for stage in k_weighting_stages(rate)])
    power = np.sqrt(2 * np.mean(settled**2)) / 0.5
    assert 20 * np.log10(power / gain) == pytest.approx(0, abs=0.001)


@pytest.mark.parametrize("chunk", [441, 1_000, 4_096, 11_021])
def test_blocked_products_equal_the_plain_recursion(chunk: int) -> None:
    """Noise, an impulse and a step, whatever the chunk."""
    random = np.random.default_rng(1)
    samples = (0.3 * random.standard_normal(2 * 11_021)).astype(np.float32)
    samples[7_000] += 0.7
    samples[15_000:] += 0.2
    samples = samples[: len(samples) // chunk * chunk]
    blocked = filtered(samples[None], 44_100, chunk)[0]
    assert np.abs(blocked - recursion(samples, 44_100)).max() < ROUNDING


def test_channels_do_not_hear_each_other() -> None:
    """Each channel has a memory of its own."""
    random = np.random.default_rng(2)
    samples = (0.3 * random.standard_normal((3, 9_000))).astype(np.float32)
    together = filtered(samples, 48_000, 3_000)
    for channel in range(3):
        alone = filtered(samples[channel : channel + 1], 48_000, 3_000)[0]
        assert np.abs(together[channel] - alone).max() < 2 * ROUNDING


def test_silence_after_sound_decays_to_zero() -> None:
    """States do not linger as denormal numbers."""
    samples = np.zeros((1, 48_000 * 4), np.float32)
    samples[0, :100] = 1.0
    assert not filtered(samples, 48_000, 48_000)[0, -48_000:].any()
