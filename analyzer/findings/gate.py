"""Which steps have a say in a mean over time."""

import numpy as np
import numpy.typing as npt

from analyzer.arrays import Mask

__all__ = ["audible"]

_ABSOLUTE_GATE_DB = -70.0
_RELATIVE_GATE_DB = -30.0


def audible(power: npt.NDArray[np.floating]) -> Mask:
    """Return the steps whose mean square is above −70 dB, and at most 30 dB below their mean.

    Neither silence nor a tail of hiss has a say. Array of shape (steps,); there may be none.
    """
    above = power > 10 ** (_ABSOLUTE_GATE_DB / 10)
    if not above.any():
        return above
    mean = power[above].mean(dtype=np.float64)
    return np.asarray(above & (power > mean * 10 ** (_RELATIVE_GATE_DB / 10)))
