"""Brightness, bands, energy, stereo image and faults in the result."""

from analyzer.features.grid import STEPS_PER_CHUNK
from analyzer.findings.energy import Energy
from analyzer.findings.faults import Clipping as ClippingFound
from analyzer.findings.findings import Findings
from analyzer.findings.loudness import MOMENTARY_STEPS
from analyzer.findings.stereo import WINDOW_STEPS
from analyzer.findings.stereo import Stereo as StereoFound
from analyzer.findings.timbre import STEREO_CHANNELS, Timbre
from analyzer.results.reasons import no_loudness, no_window
from analyzer.results.values import Values
from offbeat.descriptors import BandBalance, Brightness, Clipping, EnergyCurve, Silence, Stereo

__all__ = ["put_faults", "put_timbre"]

_TIME_DIGITS = 6
_HZ_DIGITS = 1
_LEVEL_DIGITS = 2
_SHARE_DIGITS = 4
_ENERGY_DIGITS = 1
_OFFSET_DIGITS = 6
_RATIO_DIGITS = 8
_CLIPS_LISTED = 10


def put_timbre(values: Values, found: Findings, *, channels: int) -> None:
    """Put what the sound is like."""
    timbre = found.timbre
    _put_brightness(values, timbre, no_window(found.steps, 1, "a spectrum"))
    values.put_rounded(
        "loudness_lufs_bass",
        timbre.bass_lufs,
        _LEVEL_DIGITS,
        missing=no_loudness(found.steps, MOMENTARY_STEPS, of=" of bass"),
    )
    values.put("bass_method", "dsp")
    _put_energy(values, timbre.energy, found.steps)
    plural = "s"[: channels != 1]
    values.put_or_explain(
        "stereo",
        timbre.stereo and _stereo(timbre.stereo),
        missing=no_window(found.steps, WINDOW_STEPS, "a correlation")
        if channels == STEREO_CHANNELS
        else f"{channels} channel{plural}: width and phase are those of two",
    )


def put_faults(values: Values, found: Findings, *, bit_depth: int | None) -> None:
    """Put what is wrong with the sound."""
    offset = found.timbre.dc_offset
    values.put_or_explain(
        "clipping",
        found.clipping and _clipping(found.clipping),
        missing=f"{bit_depth} bits: a crest is as flat as a clipped one",
    )
    values.put_or_explain(
        "dc_offset",
        None if offset is None else [round(value, _OFFSET_DIGITS) + 0.0 for value in offset],
        missing="too short: an offset takes 0.1 s",
    )
    values.put_or_explain(
        "silences",
        None
        if found.silences is None
        else [
            Silence(
                start_sec=round(silence.start_sec, _TIME_DIGITS),
                end_sec=round(silence.end_sec, _TIME_DIGITS),
            )
            for silence in found.silences
        ],
        missing="silent: there is no sound for them to interrupt",
    )


def _put_brightness(values: Values, timbre: Timbre, missing: str) -> None:
    bright, shares = timbre.brightness, timbre.band_shares
    if bright is None:
        values.leave_out("average_brightness", "brightness", missing=missing)
    else:
        values.put("average_brightness", round(bright.mean_hz, _HZ_DIGITS))
        values.put(
            "brightness",
            Brightness(
                median_hz=round(bright.median_hz, _HZ_DIGITS),
                p10_hz=round(bright.p10_hz, _HZ_DIGITS),
                p90_hz=round(bright.p90_hz, _HZ_DIGITS),
            ),
        )
    values.put_or_explain("band_balance", shares and _band_balance(shares), missing=missing)


def _band_balance(shares: list[float]) -> BandBalance:
    sub, bass, mid, presence, air = (round(share, _SHARE_DIGITS) for share in shares)
    return BandBalance(sub=sub, bass=bass, mid=mid, presence=presence, air=air)


def _put_energy(values: Values, energy: Energy | None, steps: int) -> None:
    if energy is None:
        short = steps < STEPS_PER_CHUNK
        values.leave_out(
            "energy_level",
            "energy_curve",
            missing="too short: energy takes 1 s" if short else "silent",
        )
        return
    values.put("energy_level", round(energy.level, _ENERGY_DIGITS))
    curve = [round(value, _ENERGY_DIGITS) for value in energy.curve]
    values.put("energy_curve", EnergyCurve(interval_sec=energy.interval_sec, values=curve))


def _stereo(image: StereoFound) -> Stereo:
    return Stereo(
        width=round(image.width, _SHARE_DIGITS),
        phase_correlation=round(image.phase_correlation, _SHARE_DIGITS),
        phase_correlation_min=round(image.phase_correlation_min, _SHARE_DIGITS),
        balance=round(image.balance, _SHARE_DIGITS),
    )


def _clipping(found: ClippingFound) -> Clipping:
    return Clipping(
        runs=found.runs,
        samples=found.samples,
        share=round(found.share, _RATIO_DIGITS),
        first_sec=[round(time, _TIME_DIGITS) for time in found.times_sec[:_CLIPS_LISTED]],
    )
