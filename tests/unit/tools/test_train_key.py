"""What the key is trained on and how, without playing a note."""

import numpy as np
import pytest

from analyzer.findings.key.chords import rotations
from tools.train.key_fit import fit_tied
from tools.train.key_harmony import Chord, parse_chords
from tools.train.key_progressions import PROGRESSIONS
from tools.train.key_score import mirex
from tools.train.key_scores import compose, styles

A_MINOR, C_MAJOR, E_MINOR, A_MAJOR, D_MINOR = 19, 0, 9, 18, 5


@pytest.mark.parametrize(
    ("found", "truth", "worth"),
    [
        (A_MINOR, A_MINOR, 1.0),
        (E_MINOR, A_MINOR, 0.5),
        (D_MINOR, A_MINOR, 0.0),
        (C_MAJOR, A_MINOR, 0.3),
        (A_MINOR, C_MAJOR, 0.3),
        (A_MAJOR, A_MINOR, 0.2),
        (C_MAJOR, E_MINOR, 0.0),
    ],
)
def test_confusions_are_worth_what_mirex_says(found: int, truth: int, worth: float) -> None:
    """A fifth above counts half, one below nothing."""
    assert mirex(found, truth) == worth


def test_numerals_are_read() -> None:
    """Case is the third, a flat lowers, a suffix adds."""
    assert parse_chords("i bVII V7 iih7") == [
        Chord(0, (0, 3, 7)),
        Chord(10, (0, 4, 7)),
        Chord(7, (0, 4, 7, 10)),
        Chord(2, (0, 3, 6, 10)),
    ]


def test_a_loop_has_its_tonic() -> None:
    """A key that no chord names cannot be learned; where it closes, the tonic is added."""
    for name, family in PROGRESSIONS.items():
        for numerals in family.progressions:
            roots = {chord.root for chord in parse_chords(numerals)}
            assert family.closes or 0 in roots, (name, numerals)


@pytest.mark.parametrize("style", styles())
def test_a_seed_gives_the_same_piece(style: str) -> None:
    """And notes that an instrument has, within its length."""
    one, other = (compose(style, np.random.default_rng(7)) for _ in range(2))
    assert one == other
    assert all(20 <= note.pitch <= 100 for note in one.notes)
    assert max(note.at for note in one.notes) < one.seconds


def test_a_fit_knows_every_root_after_a_few() -> None:
    """Weights are shared: roots that were never seen are told as well."""
    random = np.random.default_rng(0)
    roots = np.repeat(np.arange(12), 6)
    minor = np.tile([0, 1], 36)
    rows = np.zeros((72, 1, 12), np.float32)
    for row, root, third in zip(rows, roots, np.where(minor, 3, 4), strict=True):
        row[0, [root, (root + third) % 12, (root + 7) % 12]] = 1
    rows += random.normal(0, 0.05, rows.shape).astype(np.float32)
    truth = 2 * roots + minor
    seen = roots < 5
    fit = fit_tied(rotations(rows[seen]), truth[seen], penalty=1e-3)
    assert (fit.scores(rotations(rows)).argmax(axis=1) == truth).all()
