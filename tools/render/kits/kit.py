"""A kit of one-shots, and how its drums are struck and stand in the stereo picture."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.render.mixing import add_panned
from tools.render.notes import Hit
from tools.render.waves import RATE

__all__ = ["DrumKit", "Sound", "strike"]

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class DrumKit:
    """One-shots by drum, in variants that take turns; every attack begins at sample 0.

    Attributes:
        sounds: Mono samples at 44.1 kHz.
        pans: Where each drum stands, −1 to 1.
        levels: How loud each drum is.
        response: Power of the velocity that its loudness follows.

    """

    sounds: dict[str, tuple[Sound, ...]]
    pans: dict[str, float]
    levels: dict[str, float]
    response: float


def strike(hits: Iterable[Hit], kit: DrumKit, frames: int) -> npt.NDArray[np.float32]:
    """Mix hits in seconds to (2, frames); those before second 0 are left out."""
    out = np.zeros((2, frames), np.float32)
    for index, hit in enumerate(hits):
        variants = kit.sounds[hit.drum]
        start = round(hit.at * RATE)
        if 0 <= start < frames:
            gain = kit.levels[hit.drum] * hit.velocity**kit.response
            add_panned(out, variants[index % len(variants)], start, gain, kit.pans[hit.drum])
    return out
