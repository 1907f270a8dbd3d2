"""From what stands out of the spectrum to the notes that explain it.

A note has partials, and a partial is no note: every frame is explained by as few notes as possible,
by non-negative least squares (Mauch and Dixon, "Approximate note transcription for the improved
identification of difficult chords", ISMIR 2010).
"""

import math
from functools import cache

import numpy as np

from analyzer.arrays import Float32, UInt8
from analyzer.features.harmony import BINS, BINS_PER_SEMITONE

__all__ = ["NOTES", "notes", "semitones"]

NOTES = BINS // BINS_PER_SEMITONE
_REACH = 50.0
"""Cents from a semitone at which a bin no longer belongs to it."""

_PARTIALS = 14
_FALL = 0.9
_ROUNDS = 12
_AT_ONCE = 4096
_PIECE = 1000


def semitones(pitches: UInt8, cents: float) -> Float32:
    """Return pitches on semitones of a tuning in cents, full scale 1: shape (frames, notes)."""
    bins = np.arange(BINS) * 100 / BINS_PER_SEMITONE
    away = np.abs(bins[:, None] - (np.arange(NOTES) * 100 + cents))
    share = np.where(away < _REACH, np.cos(np.pi * away / (2 * _REACH)) ** 2, 0) / 255
    share = share.astype(np.float32)
    out = np.empty((len(pitches), NOTES), np.float32)
    pieces = max(1, len(pitches) // _PIECE)
    for piece in range(pieces):
        part = slice(piece * len(pitches) // pieces, (piece + 1) * len(pitches) // pieces)
        np.matmul(pitches[part].astype(np.float32), share, out=out[part])
    return out


def notes(heard: Float32) -> Float32:
    """Return how strong each note is, shape (frames, notes), for semitones of that shape."""
    answers = _partials()
    gram = answers @ answers.T
    found = np.empty_like(heard)
    for start in range(0, len(heard), _AT_ONCE):
        target = heard[start : start + _AT_ONCE] @ answers.T
        part = target.copy()
        # Multiplicative updates keep all notes ≥ 0 (Lee and Seung, 2001).
        for _ in range(_ROUNDS):
            part *= target / (part @ gram + np.float32(1e-6))
        found[start : start + _AT_ONCE] = part
    return found


@cache
def _partials() -> Float32:
    """Return the semitones that each note is heard at: unit vectors, shape (notes, notes)."""
    answers = np.zeros((NOTES, NOTES))
    for partial in range(1, _PARTIALS + 1):
        above = round(12 * math.log2(partial))
        for note in range(NOTES - above):
            answers[note, note + above] += _FALL ** (partial - 1)
    length = np.sqrt(np.square(answers).sum(axis=1, keepdims=True))
    return np.asarray(answers / length, np.float32)
