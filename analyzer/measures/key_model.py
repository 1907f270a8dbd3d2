"""The trained weights of chords and keys, from `analyzer/models/key.json`."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from analyzer.measures.chords import CHORD_FEATURES, Array
from analyzer.measures.key_evidence import END_EVIDENCE, EVIDENCE

__all__ = ["MODES", "KeyModel", "Profiles", "load_key_model", "parse_key_model"]

MODES = ("major", "minor")


@dataclass(frozen=True)
class Profiles:
    """A log-linear model of 24 keys.

    Attributes:
        weights: Of each evidence by interval above the tonic, shape (2, names, 12): major, minor.
        constant: Of major and minor, shape (2,).
        sharpness: What scores are multiplied by, so that probabilities are met.

    """

    weights: Array
    constant: Array
    sharpness: float

    def scores(self, evidence: Array) -> Array:
        """Return one score for each key: shape (12, 2), for evidence of shape (names, 12)."""
        out = np.empty((12, 2), np.float64)
        for tonic in range(12):
            turned = np.roll(evidence, -tonic, axis=1).astype(np.float64)
            out[tonic] = (self.weights * turned).sum(axis=(1, 2)) + self.constant
        return out * self.sharpness


@dataclass(frozen=True)
class KeyModel:
    """All that was trained.

    Attributes:
        chords: Weights of `chord_probabilities`.
        whole: Keys of pieces from beginning to end.
        part: Keys of any stretch of sound.

    """

    chords: Array
    whole: Profiles
    part: Profiles


@cache
def load_key_model() -> KeyModel:
    """Return the model that comes with the analyzer."""
    return parse_key_model((files("analyzer.models") / "key.json").read_text("utf-8"))


def parse_key_model(text: str) -> KeyModel:
    """Return the model in a JSON text of the form that `tools.train.key` writes."""
    raw = json.loads(text)
    chords = np.array(
        [
            [*(w for name in CHORD_FEATURES for w in raw["chords"][mode][name]),
             raw["chords"][mode]["constant"]]
            for mode in MODES
        ],
        np.float32,
    )
    return KeyModel(
        chords=chords,
        whole=_profiles(raw["whole"], (*EVIDENCE, *END_EVIDENCE)),
        part=_profiles(raw["part"], EVIDENCE),
    )


def _profiles(raw: dict[str, dict[str, list[float]]], names: tuple[str, ...]) -> Profiles:
    return Profiles(
        weights=np.array([[raw[mode][name] for name in names] for mode in MODES]),
        constant=np.array([raw["constant"][mode] for mode in MODES]),
        sharpness=float(raw["sharpness"]),
    )
