"""The sound font that the examination is played with, and its FluidSynth."""

from pathlib import Path

from tools.render.fluidsynth import FluidSynth
from tools.render.midi import Resolution

__all__ = ["FLUIDSYNTH", "GAIN", "PEAK"]

GAIN, PEAK = 0.4, 0.89
FLUIDSYNTH = FluidSynth(
    font=Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    resolution=Resolution(ticks=19_200, moments=10_000, tail_sec=1),
    loads_on_demand=False,
)
