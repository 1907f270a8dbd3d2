"""Networks that need no weights, and a separation that runs with them."""

from collections.abc import Sequence

import numpy as np

from analyzer.arrays import Float32
from analyzer.stems.models import Activation, StemModel
from analyzer.stems.separator import Separator

__all__ = ["TWO", "Share", "a_separator"]

TWO = StemModel(
    name="test",
    stems=("vocals", "accompaniment"),
    encoder=Activation.RELU,
    decoder=Activation.RELU,
    checkpoint="",
)


class Share:
    """Estimates so much of the magnitude, and remembers how often it was asked."""

    def __init__(self, share: float) -> None:
        self.share = np.float32(share)
        self.blocks = 0

    def __call__(self, magnitude: Float32) -> Float32:
        """Estimate."""
        self.blocks += 1
        return magnitude * self.share


def a_separator(*shares: float, wanted: Sequence[str] | None = None) -> Separator:
    """Return a separator whose first stem has so much of everything, and whose second so much."""
    return Separator(TWO, [Share(share) for share in shares or (1.0, 1.0)], wanted)
