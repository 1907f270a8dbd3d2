"""The trained weights of chords and keys, from `analyzer/models/key.json`."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

import numpy as np

from analyzer.arrays import Float32, Float64
from analyzer.findings.key.chords import CHORD_FEATURES
from analyzer.findings.key.evidence import END_EVIDENCE, EVIDENCE
from analyzer.findings.key.hierarchy import agreement
from analyzer.models.stored import load

__all__ = ["KeyModel", "Profiles", "load_key_model"]


_HIERARCHY = 6.0
"""Natural logarithms that full agreement with the tonal hierarchy is worth. Up to 8 the keys of
records are right more often, but those of loops and drones that dwell off their tonic less."""


class _Section(TypedDict):
    """One of the models in the file."""

    sharpness: float
    constant: dict[str, float]
    major: dict[str, list[float]]
    minor: dict[str, list[float]]


@dataclass(frozen=True)
class Profiles:
    """A log-linear model of 24 keys.

    Attributes:
        weights: Of each evidence by interval above the tonic, shape (2, names, 12): major, minor.
        constant: Of major and minor, shape (2,).
        sharpness: What scores are multiplied by, so that probabilities are met; to that comes how
            far the notes agree with the tonal hierarchy.

    """

    weights: Float64
    constant: Float64
    sharpness: float

    def scores(self, evidence: Float32) -> Float64:
        """Return a score for each key: shape (blocks, 24), of evidence (blocks, names, 12).

        Keys are in the order C major, C minor, C sharp major and so on.
        """
        flat = evidence.reshape(len(evidence), -1).astype(np.float64)
        scores = flat @ self._turned.T + np.tile(self.constant, 12)
        return np.asarray(scores * self.sharpness + _HIERARCHY * agreement(evidence))

    @cached_property
    def _turned(self) -> Float64:
        """The weights of each key's own pitch classes: shape (24, names * 12)."""
        turned = np.stack([np.roll(self.weights, tonic, axis=2) for tonic in range(12)])
        return turned.reshape(24, -1)


@dataclass(frozen=True)
class KeyModel:
    """All that was trained.

    Attributes:
        chords: Weights of `chord_probabilities`.
        whole: Keys of pieces from beginning to end.
        part: Keys of any stretch of sound.

    """

    chords: Float32
    whole: Profiles
    part: Profiles


def load_key_model() -> KeyModel:
    """Return the model that comes with the analyzer."""
    return load("key.json", _key_model)


def _key_model(stored: dict[str, _Section]) -> KeyModel:
    """Read what `tools.train.key` writes."""
    chords = stored["chords"]
    return KeyModel(
        chords=np.concatenate(
            [_rows(chords, CHORD_FEATURES).reshape(2, -1), _constant(chords)[:, None]], axis=1
        ).astype(np.float32),
        whole=_profiles(stored["whole"], (*EVIDENCE, *END_EVIDENCE)),
        part=_profiles(stored["part"], EVIDENCE),
    )


def _profiles(section: _Section, names: tuple[str, ...]) -> Profiles:
    return Profiles(_rows(section, names), _constant(section), section["sharpness"])


def _rows(section: _Section, names: tuple[str, ...]) -> Float64:
    rows = (section["major"], section["minor"])
    return np.array([[row[name] for name in names] for row in rows], np.float64)


def _constant(section: _Section) -> Float64:
    return np.array([section["constant"]["major"], section["constant"]["minor"]])
