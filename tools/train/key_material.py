"""The key's training material: one seed, one piece of sound with its key.

Every seed gives one piece for our own instruments and another for FluidSynth; the style goes round
with the seed, the arrangement, timbres, tuning, drums and loudness are drawn.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.render import wavetable_band
from tools.train.key_drums import drums
from tools.train.key_fluid import play_fluid
from tools.train.key_piece import Piece
from tools.train.key_scores import compose, styles

__all__ = ["RATE_HZ", "RENDERERS", "SEEDS", "Example", "example"]

RATE_HZ = 22_050
SEEDS = range(1000)
RENDERERS = ("numpy", "fluidsynth")


@dataclass(frozen=True, kw_only=True)
class Example:
    """A rendered piece.

    Attributes:
        piece: What is played, with its key.
        renderer: `numpy` or `fluidsynth`.
        cents: How far it is detuned.
        percussion: Whether there are drums.
        sound: Mono samples at `RATE_HZ`.

    """

    piece: Piece
    renderer: str
    cents: float
    percussion: bool
    sound: npt.NDArray[np.float32]


def example(seed: int, renderer: str) -> Example:
    """Return the piece of a seed and a renderer; the same at every call."""
    turn = RENDERERS.index(renderer)
    random = np.random.default_rng([4, seed, turn])
    names = styles()
    piece = compose(names[(seed + turn * len(names) // 2) % len(names)], random)
    cents = float(random.uniform(-45, 45))
    percussion = bool(random.random() < 0.55)
    if renderer == "fluidsynth":
        level = float(random.uniform(0.2, 1.0)) if percussion and random.random() < 0.7 else None
        sound = play_fluid(piece, RATE_HZ, cents=cents, drum_level=level, random=random)
    else:
        level = None
        frames = int((piece.seconds + 0.5) * RATE_HZ)
        sound = wavetable_band.play(piece.notes, frames, RATE_HZ, cents=cents, random=random)
    sound = sound / max(1e-9, float(np.sqrt(np.mean(sound**2))))
    if percussion and level is None:
        loud = 10 ** (random.uniform(-14, 10) / 20)
        beat = drums(len(sound) / RATE_HZ + 0.1, piece.bpm, RATE_HZ, random)
        sound = sound + loud * beat[: len(sound)]
    if random.random() < 0.3:
        sound = sound + 10 ** (random.uniform(-50, -15) / 20) * random.normal(size=len(sound))
    if random.random() < 0.25:
        sound = np.tanh(sound * random.uniform(0.5, 2.0))
    sound = sound * (0.3 / max(1e-9, float(np.abs(sound).max())))
    return Example(
        piece=piece,
        renderer=renderer,
        cents=cents,
        percussion=percussion,
        sound=sound.astype(np.float32),
    )
