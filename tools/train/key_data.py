"""From rendered pieces to what is trained on: notes, chord labels, and evidence of keys."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer.features.harmony import HarmonyMeter
from analyzer.findings.key.chords import chord_features, chord_probabilities, rotations
from analyzer.findings.key.evidence import end_evidence, evidence, tally, tonal_frames
from analyzer.findings.key.notes import notes, semitones
from analyzer.findings.key.tuning import tuning_cents
from tools.train.key_fit import Fit
from tools.train.key_material import RATE_HZ, Example
from tools.train.key_piece import Piece

__all__ = ["Heard", "chord_examples", "hear", "key_examples"]

Array = npt.NDArray[np.float32]
_FRAME_SEC = 0.2
_EVERY = 12
_UNKNOWN = -1


@dataclass(frozen=True)
class Heard:
    """What the analyzer hears of a piece.

    Attributes:
        piece: The piece.
        renderer: Who played it.
        cents: How far it is detuned, and how far it was heard to be.
        found: Notes, shape (frames, notes).
        whole: Whether it is heard from beginning to end.

    """

    piece: Piece
    renderer: str
    cents: tuple[float, float]
    found: Array
    whole: bool
    percussion: bool

    @property
    def key(self) -> int:
        """Return 2 · tonic + minor."""
        return 2 * self.piece.tonic + self.piece.minor


def hear(example: Example) -> Heard:
    """Return what the meters make of a piece."""
    meter = HarmonyMeter(RATE_HZ, RATE_HZ)
    for start in range(0, len(example.sound), RATE_HZ):
        chunk = example.sound[start : start + RATE_HZ]
        meter.add(np.pad(chunk, (0, RATE_HZ - len(chunk))), len(chunk))
    harmony = meter.finish()
    cents = tuning_cents(harmony.tuning) or 0.0
    found = notes(semitones(harmony.pitch_salience, cents))
    return Heard(
        example.piece, example.renderer, (example.cents, cents), found, True, example.percussion
    )


def chord_examples(heard: list[Heard]) -> tuple[Array, npt.NDArray[np.intp]]:
    """Return every twelfth frame's chord features from each root, and 2 · root + minor."""
    features, truth = [], []
    for one in heard:
        labels = _labels(one.piece, len(one.found))
        use = np.flatnonzero((labels != _UNKNOWN) & tonal_frames(one.found))[::_EVERY]
        features.append(rotations(chord_features(one.found)[use]))
        truth.append(labels[use])
    return np.concatenate(features), np.concatenate(truth)


def key_examples(heard: list[Heard], chords: Fit) -> Array:
    """Return the evidence of each piece, that of its ends last, as seen from each tonic."""
    weights = np.concatenate([chords.weights, chords.constant[:, None]], axis=1)
    rows = []
    for one in heard:
        likely = chord_probabilities(chord_features(one.found), weights.astype(np.float32))
        content = evidence(tally(one.found, likely).over(slice(None)))[0]
        rows.append(rotations(np.concatenate([content, end_evidence(one.found, likely)])))
    return np.stack(rows)


def _labels(piece: Piece, frames: int) -> npt.NDArray[np.intp]:
    labels = np.full(frames, _UNKNOWN, np.intp)
    for index, chord in enumerate(piece.chords):
        thirds = {3, 4} & set(chord.notes)
        if not thirds:
            continue
        start = int(np.ceil(index * piece.chord_seconds / _FRAME_SEC))
        end = int((index + 1) * piece.chord_seconds / _FRAME_SEC)
        labels[start:end] = 2 * ((piece.tonic + chord.root) % 12) + (3 in thirds)
    return labels
