"""The samples of a file, as decoders give them and features take them."""

import numpy as np
import numpy.typing as npt

__all__ = ["Samples"]

Samples = npt.NDArray[np.float32]
"""Of shape (frames, channels), full scale = ±1, channels in the order of WAVE files."""
