"""The sound font that training material is played with, and its FluidSynth."""

from pathlib import Path

from tools.render.fluidsynth import FluidSynth
from tools.render.midi import Resolution

__all__ = ["fluidsynth"]

_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")


def fluidsynth(ticks: int = 2000) -> FluidSynth:
    """Return the synthesiser, whose messages fall on so many ticks a second."""
    return FluidSynth(font=_FONT, resolution=Resolution(ticks, ticks), loads_on_demand=True)
