"""How far the sound is tuned from A = 440 Hz."""

import numpy as np

from analyzer.arrays import Complex64

__all__ = ["tuning_cents", "tuning_unity"]

_PARTIALS_FLAT = 2.5
"""Cents by which the odd partials of notes (5, 7: −14, −31) pull the mean down, in our material."""


_STRETCH_FRAMES = 50


def tuning_unity(tuning: Complex64) -> float:
    """Return how well pitches agree on a tuning within 10 s, from 0 to 1 where all lie on it.

    That of music is above 0.9; drums lie anywhere.
    """
    edges = np.arange(0, len(tuning), _STRETCH_FRAMES)
    together = np.abs(np.add.reduceat(tuning.astype(np.complex128), edges)).sum()
    return float(together / max(1e-9, float(np.abs(tuning).sum(dtype=np.float64))))


def tuning_cents(tuning: Complex64) -> float | None:
    """Return how many cents, −50 to 50, the pitches lie above those of A = 440 Hz.

    The circular mean of `Harmony.tuning`, shape (frames,), so that −49 and 49 are close. Null when
    there are no pitches.
    """
    total = complex(tuning.sum(dtype=np.complex128))
    if abs(total) < 1e-9:
        return None
    cents = float(np.angle(total)) / (2 * np.pi) * 100 + _PARTIALS_FLAT
    return cents - 100 if cents >= 50 else cents
