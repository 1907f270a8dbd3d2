"""How well notes agree with the tonal hierarchy of each key, as listeners rated it.

Probe-tone ratings say how well each pitch class fits after a context in the key (Krumhansl and
Kessler, "Tracing the dynamic changes in perceived tonal organization in a spatial representation of
musical keys", Psychological Review 89, 1982). What was trained on short synthetic loops knows their
chords, but not how records spread their notes over minutes.
"""

from functools import cache

import numpy as np

from analyzer.arrays import Float32, Float64
from analyzer.findings.key.evidence import EVIDENCE

__all__ = ["agreement"]


_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_TREBLE, _BASS = EVIDENCE.index("treble_root"), EVIDENCE.index("bass_root")
_BASS_SHARE = 0.25
_LEAST = 1e-6


def agreement(evidence: Float32) -> Float64:
    """Return correlations from -1 to 1 with each key: shape (blocks, 24).

    Of evidence (blocks, names, 12), the square roots of the shares of treble and bass count, which
    one loud note cannot rule. Where all notes are as frequent, or there are none, it is 0.
    """
    notes = evidence[:, _TREBLE] + np.float64(_BASS_SHARE) * evidence[:, _BASS]
    return _unit(notes) @ _ratings().T


@cache
def _ratings() -> Float64:
    """Return ratings for C major, C minor, C sharp major and so on, as unit vectors."""
    turned = [np.roll(mode, tonic) for tonic in range(12) for mode in (_MAJOR, _MINOR)]
    return _unit(np.array(turned))


def _unit(rows: Float64) -> Float64:
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=1, keepdims=True))
    return np.asarray(centred / np.maximum(length, _LEAST))
