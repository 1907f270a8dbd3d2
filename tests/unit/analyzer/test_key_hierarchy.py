"""How well notes agree with the tonal hierarchy of each key."""

import numpy as np
import pytest

from analyzer.findings.key.evidence import EVIDENCE
from analyzer.findings.key.hierarchy import agreement
from analyzer.findings.key.model import Profiles

MAJOR_SCALE, MINOR_CHORD = (0, 2, 4, 5, 7, 9, 11), (0, 3, 7)


def evidence(*pitch_classes: int) -> np.ndarray:
    """Return the evidence of a block of which all is known that counts: its notes."""
    block = np.zeros((1, len(EVIDENCE), 12), np.float32)
    for name in ("treble_root", "bass_root"):
        block[0, EVIDENCE.index(name), list(pitch_classes)] = 1
    return block


@pytest.mark.parametrize("tonic", range(12))
def test_a_chord_agrees_most_with_its_own_key(tonic: int) -> None:
    """Keys are in the order C major, C minor, C sharp major and so on."""
    notes = [(tonic + above) % 12 for above in MINOR_CHORD]
    assert int(agreement(evidence(*notes))[0].argmax()) == 2 * tonic + 1


def test_every_key_is_worth_the_same_when_turned() -> None:
    """A scale agrees with its key as much as any other with its own."""
    worth = [
        agreement(evidence(*((tonic + step) % 12 for step in MAJOR_SCALE)))[0, 2 * tonic]
        for tonic in range(12)
    ]
    assert worth == pytest.approx([worth[0]] * 12)
    assert 0.5 < worth[0] < 1


def test_all_notes_alike_agree_with_no_key() -> None:
    """Nor does silence."""
    assert agreement(evidence(*range(12)))[0] == pytest.approx([0.0] * 24, abs=1e-6)
    assert agreement(evidence())[0] == pytest.approx([0.0] * 24)


@pytest.mark.parametrize("tonic", range(12))
def test_agreement_decides_where_nothing_else_does(tonic: int) -> None:
    """Scores hold it beside what was trained, here nothing."""
    silent = Profiles(np.zeros((2, len(EVIDENCE), 12)), np.zeros(2), 1.0)
    notes = [(tonic + above) % 12 for above in MINOR_CHORD]
    scores = silent.scores(evidence(*notes))[0]
    assert int(scores.argmax()) == 2 * tonic + 1
    assert scores.max() > scores.min()
