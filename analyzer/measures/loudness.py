"""Integrated loudness by ITU-R BS.1770-4, from the K-weighted energies of 100-ms steps."""

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK_STEPS", "channel_weights", "integrated_lufs"]

BLOCK_STEPS = 4
"""A gating block is 400 ms long and overlaps the next by 75 %."""

_ABSOLUTE_GATE_LUFS = -70.0
_RELATIVE_GATE_LU = -10.0
_OFFSET_LUFS = -0.691
_SURROUND = 1.41
_WEIGHTS: dict[int, tuple[float, ...]] = {
    4: (1, 1, _SURROUND, _SURROUND),
    5: (1, 1, 1, _SURROUND, _SURROUND),
    6: (1, 1, 1, 0, _SURROUND, _SURROUND),
    7: (1, 1, 1, 0, 1, _SURROUND, _SURROUND),
    8: (1, 1, 1, 0, 1, 1, _SURROUND, _SURROUND),
}


def channel_weights(channels: int) -> npt.NDArray[np.float64]:
    """Return the weight of each channel, in the order of WAVE files.

    Up to three channels stand in front and weigh 1; L R Ls Rs · L R C Ls Rs · L R C LFE Ls Rs · 6.1
    · 7.1 follow. The LFE channel does not count, those at the side count 1.41, and those behind 1
    where there are some at the side as well.
    """
    return np.array(_WEIGHTS.get(channels, (1.0,) * channels), np.float64)


def integrated_lufs(energy: npt.NDArray[np.float64]) -> float | None:
    """Return the gated loudness in LUFS of energies of shape (steps, channels).

    Null when there is no whole block of 400 ms, or none above the absolute gate of −70 LUFS.
    """
    if len(energy) < BLOCK_STEPS:
        return None
    sums = energy @ channel_weights(energy.shape[1])
    blocks = sum(sums[k : len(sums) - BLOCK_STEPS + 1 + k] for k in range(BLOCK_STEPS))
    blocks = np.asarray(blocks) / BLOCK_STEPS
    audible = blocks[blocks > _energy(_ABSOLUTE_GATE_LUFS)]
    if not len(audible):
        return None
    gate = audible.mean() * 10 ** (_RELATIVE_GATE_LU / 10)
    return float(_OFFSET_LUFS + 10 * np.log10(audible[audible > gate].mean()))


def _energy(lufs: float) -> float:
    return float(10 ** ((lufs - _OFFSET_LUFS) / 10))
