"""Which chord sounds in each frame: a log-linear model, the same for all twelve roots."""

import numpy as np

from analyzer.arrays import Float32

__all__ = ["CHORD_FEATURES", "chord_features", "chord_probabilities", "rotations"]


CHORD_FEATURES = ("treble", "bass", "lowest", "middle")
_TREBLE = 24
"""First note, above C1, that is not bass: 131 Hz."""

_HIGH = 48
_SMOOTH = np.array([0.5, 1, 1, 1, 0.5], np.float32) / 4
_QUIET = 0.15


def chord_features(found: Float32) -> Float32:
    """Return square-rooted pitch-class shares of ranges of notes: shape (frames, features, 12).

    Of all above the bass; of the bass; of the lowest note; of the two octaves above the bass.
    """
    below = np.cumsum(found, axis=1) - found
    # A soft minimum: a note counts as the lowest the less there is below it.
    lowest = found * np.exp(-8 * below)
    parts = (found[:, _TREBLE:], found[:, :_TREBLE], lowest, found[:, _TREBLE:_HIGH])
    folded = np.stack([part.reshape(len(found), -1, 12).sum(axis=1) for part in parts], axis=1)
    return np.asarray(np.sqrt(folded / (folded.sum(axis=2, keepdims=True) + np.float32(_QUIET))))


def rotations(features: Float32) -> Float32:
    """Return features as seen from each of the twelve pitch classes.

    Shape (…, features, 12) becomes (…, 12, features · 12): root, then what lies above it.
    """
    turned = np.stack([np.roll(features, -root, axis=-1) for root in range(12)], axis=-3)
    return turned.reshape(*turned.shape[:-2], features.shape[-2] * 12)


def chord_probabilities(features: Float32, weights: Float32) -> Float32:
    """Return probabilities of major and minor chords: shape (frames, 12, 2).

    Args:
        features: Those of `chord_features`.
        weights: Shape (2, features · 12 + 1), major and minor; the last is the constant.

    """
    scores = np.empty((len(features), 12, 2), np.float32)
    flat = features.reshape(len(features), -1)
    for root in range(12):
        turned = np.roll(weights[:, :-1].reshape(2, -1, 12), root, axis=2).reshape(2, -1)
        scores[:, root] = flat @ turned.T + weights[:, -1]
    padded = np.pad(scores, ((2, 2), (0, 0), (0, 0)), mode="edge")
    smooth = sum(
        (share * padded[at : at + len(scores)] for at, share in enumerate(_SMOOTH)),
        start=np.zeros_like(scores),
    )
    smooth -= smooth.max(axis=(1, 2), keepdims=True, initial=-np.inf)
    likely = np.exp(smooth)
    return np.asarray(likely / likely.sum(axis=(1, 2), keepdims=True), np.float32)
