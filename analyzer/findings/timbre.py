"""What the sound of a file or of one of its tracks is like."""

from dataclasses import dataclass

import numpy as np

from analyzer.features.extract import Features
from analyzer.features.grid import chunks_around
from analyzer.findings.brightness import Brightness, band_shares, brightness
from analyzer.findings.energy import Energy, energy_over_time
from analyzer.findings.loudness import integrated_lufs
from analyzer.findings.scope import Scope
from analyzer.findings.stereo import Stereo, stereo_image

__all__ = ["STEREO_CHANNELS", "Timbre", "find_timbre"]

STEREO_CHANNELS = 2


@dataclass(frozen=True, kw_only=True)
class Timbre:
    """Brightness, bands, energy, stereo image and offset.

    Attributes:
        brightness: Centroids over time; `None` if no step is audible.
        band_shares: Share of the power in each of five bands; `None` if no step is audible.
        bass_lufs: Integrated loudness below 150 Hz; `None` if it is nowhere above −70 LUFS.
        energy: From ambient to hard; `None` if there is no whole second, or no sound.
        stereo: Width and phase; `None` unless two channels are audible.
        dc_offset: Mean of the samples of each channel; `None` if there is no whole step.

    """

    brightness: Brightness | None
    band_shares: list[float] | None
    bass_lufs: float | None
    energy: Energy | None
    stereo: Stereo | None
    dc_offset: list[float] | None


def find_timbre(features: Features, scope: Scope) -> Timbre:
    """Measure the whole steps of a scope."""
    spectrum, steps = features.spectrum, scope.steps
    offset = spectrum.offset[steps]
    return Timbre(
        brightness=brightness(spectrum.centroid_hz[steps], spectrum.power[steps]),
        band_shares=band_shares(
            spectrum.bands[steps],
            spectrum.near_edges[steps],
            features.leakage[chunks_around(steps)],
        ),
        bass_lufs=integrated_lufs(spectrum.bass[steps][:, None]),
        energy=energy_over_time(
            features.energy[steps],
            spectrum.bands[steps],
            features.peaks.sample[: len(features.energy)][steps],
        ),
        stereo=stereo_image(spectrum.stereo[steps])
        if features.channels == STEREO_CHANNELS
        else None,
        dc_offset=offset.mean(axis=0, dtype=np.float64).tolist() if len(offset) else None,
    )
