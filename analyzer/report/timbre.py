"""Brightness, bands, energy, stereo image and faults of a file or of one of its tracks."""

import numpy as np

from analyzer.features.extract import Features
from analyzer.features.grid import FRAMES_PER_STEP, STEPS_PER_CHUNK, chunks_around
from analyzer.measures.brightness import band_shares, brightness
from analyzer.measures.clipping import clipped
from analyzer.measures.energy import energy_over_time
from analyzer.measures.loudness import MOMENTARY_STEPS, integrated_lufs
from analyzer.measures.silence import silences, sounding
from analyzer.measures.stereo import WINDOW_STEPS, stereo_image
from analyzer.report.explained import Explained
from analyzer.report.scope import Scope
from offbeat.descriptors import BandBalance, Brightness, Clipping, EnergyCurve, Silence, Stereo

__all__ = ["timbre_figures"]

_TIME_DIGITS = 6
_HZ_DIGITS = 1
_LEVEL_DIGITS = 2
_SHARE_DIGITS = 4
_ENERGY_DIGITS = 1
_OFFSET_DIGITS = 6
_RATIO_DIGITS = 8
_CLIPS_LISTED = 10
_SILENCES_LISTED = 100
_SILENCE_STEPS = 10
"""A silence inside the sound has a second at least."""

_COARSE_BITS = 8
_STEREO = 2
_SILENT = "silent: no 0.1 s are above −70 dBFS"
_SHORT = "too short: a spectrum takes 0.1 s"

Figures = dict[str, object]


def timbre_figures(
    features: Features, scope: Scope, *, bit_depth: int | None, explained: Explained
) -> Figures:
    """Return what the sound is like, and what is wrong with it."""
    return {
        **_spectral(features, scope, explained),
        **_energy(features, scope, explained),
        "stereo": _stereo(features, scope, explained),
        "clipping": _clipping(features, scope, bit_depth=bit_depth, explained=explained),
        "dc_offset": _dc_offset(features, scope, explained),
        "silences": _silences(features, scope, explained),
    }


def _spectral(features: Features, scope: Scope, explained: Explained) -> Figures:
    """Return brightness, band balance and loudness of the bass."""
    spectrum, steps = features.spectrum, scope.steps
    bright = brightness(spectrum.centroid_hz[steps], spectrum.power[steps])
    spilt = features.spilt[chunks_around(steps)]
    shares = band_shares(spectrum.bands[steps], spectrum.near_edges[steps], spilt)
    because = _SILENT if len(spectrum.power[steps]) else _SHORT
    if bright is None:
        explained.null("average_brightness", "brightness", because=because)
    if shares is None:
        explained.null("band_balance", because=because)
    bass = integrated_lufs(spectrum.bass[steps][:, None])
    if bass is None:
        explained.null(
            "loudness_lufs_bass",
            because=f"too short: this loudness takes {MOMENTARY_STEPS / 10:g} s"
            if len(spectrum.bass[steps]) < MOMENTARY_STEPS
            else f"silent: no {MOMENTARY_STEPS / 10:g} s of bass are above −70 LUFS",
        )
    return {
        "average_brightness": bright and round(bright.mean_hz, _HZ_DIGITS),
        "brightness": bright
        and Brightness(
            median_hz=round(bright.median_hz, _HZ_DIGITS),
            p10_hz=round(bright.p10_hz, _HZ_DIGITS),
            p90_hz=round(bright.p90_hz, _HZ_DIGITS),
        ),
        "band_balance": None if shares is None else _band_balance(shares),
        "loudness_lufs_bass": None if bass is None else round(bass, _LEVEL_DIGITS),
        "bass_method": "dsp",
    }


def _band_balance(shares: list[float]) -> BandBalance:
    sub, bass, mid, presence, air = (round(share, _SHARE_DIGITS) for share in shares)
    return BandBalance(sub=sub, bass=bass, mid=mid, presence=presence, air=air)


def _energy(features: Features, scope: Scope, explained: Explained) -> Figures:
    steps = scope.steps
    energy = energy_over_time(
        features.energy[steps],
        features.spectrum.bands[steps],
        features.peaks.sample[: len(features.energy)][steps],
    )
    names = ("energy_level", "energy_curve")
    if energy is None:
        short = len(features.energy[steps]) < STEPS_PER_CHUNK
        explained.null(*names, because="too short: energy takes 1 s" if short else "silent")
        return dict.fromkeys(names)
    return {
        "energy_level": round(energy.level, _ENERGY_DIGITS),
        "energy_curve": EnergyCurve(
            interval_sec=energy.interval_sec,
            values=[round(value, _ENERGY_DIGITS) for value in energy.curve],
        ),
    }


def _stereo(features: Features, scope: Scope, explained: Explained) -> Stereo | None:
    channels = features.spectrum.offset.shape[1]
    powers = features.spectrum.stereo[scope.steps]
    image = stereo_image(powers) if channels == _STEREO else None
    if image is None:
        explained.null(
            "stereo",
            because=f"{channels} channel{'s'[: channels != 1]}: width and phase are those of two"
            if channels != _STEREO
            else "too short: a correlation takes 0.4 s"
            if len(powers) < WINDOW_STEPS
            else "silent: no 0.4 s are above −70 dBFS",
        )
        return None
    return Stereo(
        width=round(image.width, _SHARE_DIGITS),
        phase_correlation=round(image.phase_correlation, _SHARE_DIGITS),
        phase_correlation_min=round(image.phase_correlation_min, _SHARE_DIGITS),
        balance=round(image.balance, _SHARE_DIGITS),
    )


def _clipping(
    features: Features, scope: Scope, *, bit_depth: int | None, explained: Explained
) -> Clipping | None:
    if bit_depth is not None and bit_depth <= _COARSE_BITS:
        explained.null("clipping", because=f"{bit_depth} bits: a crest is as flat as a clipped one")
        return None
    found = clipped(features.clips, scope.with_rest)
    grid = features.grid
    end = features.frames if scope.with_rest.stop is None else scope.with_rest.stop * grid.step
    frames = end - (scope.with_rest.start or 0) * grid.step
    samples = frames * features.spectrum.offset.shape[1]
    return Clipping(
        runs=found.runs,
        samples=found.samples,
        # A run that begins on the edge of the track has its first samples before it.
        share=min(1.0, round(found.samples / samples, _RATIO_DIGITS)) if samples > 0 else 0.0,
        first_sec=[
            round(step * grid.step / grid.rate, _TIME_DIGITS)
            for step in found.steps[:_CLIPS_LISTED]
        ],
    )


def _dc_offset(features: Features, scope: Scope, explained: Explained) -> list[float] | None:
    offset = features.spectrum.offset[scope.steps]
    if not len(offset):
        explained.null("dc_offset", because="too short: an offset takes 0.1 s")
        return None
    means = offset.mean(axis=0, dtype=np.float64)
    return [round(value, _OFFSET_DIGITS) + 0.0 for value in means.tolist()]


def _silences(features: Features, scope: Scope, explained: Explained) -> list[Silence] | None:
    first = (scope.with_rest.start or 0) * FRAMES_PER_STEP
    stop = scope.with_rest.stop
    loud = features.loud[first : None if stop is None else stop * FRAMES_PER_STEP]
    if sounding(loud) is None:
        explained.null("silences", because="silent: there is no sound for them to interrupt")
        return None
    grid = features.grid
    return [
        Silence(
            start_sec=round(grid.frame_start(first + part.first) / grid.rate, _TIME_DIGITS),
            end_sec=round(grid.frame_start(first + part.last + 1) / grid.rate, _TIME_DIGITS),
        )
        for part in silences(loud, shortest=_SILENCE_STEPS * FRAMES_PER_STEP, most=_SILENCES_LISTED)
    ]
