"""The generators of the accuracy benchmark: their truth is what can be heard."""

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.accuracy import harmony
from benchmarks.accuracy.composer import compose_drums
from benchmarks.accuracy.grooves import GROOVES, Groove
from benchmarks.accuracy.harmony import harmony_exam
from benchmarks.accuracy.numpy_band import play
from benchmarks.accuracy.pieces import Piece, random_for
from benchmarks.accuracy.real_music import load_labels
from benchmarks.accuracy.rhythm import choose_groove, rhythm_exam
from benchmarks.accuracy.scales import KeyName, parse_key
from benchmarks.accuracy.score import Score, steady_clock, wandering_clock
from tools.render.notes import Hit
from tools.render.waves import RATE


@pytest.mark.parametrize("groove", GROOVES, ids=lambda groove: f"{groove.style} {groove.name}")
def test_lines_of_a_groove_fill_its_bar(groove: Groove) -> None:
    """Each line has 9, 12 or 16 steps that divide its beats evenly."""
    steps = {3: {9, 12}, 4: {12, 16}}[groove.beats]
    assert {len(line) for bar in groove.bars for _, line in bar} <= steps


@pytest.mark.parametrize("groove", GROOVES, ids=lambda groove: f"{groove.style} {groove.name}")
def test_no_stroke_leaves_the_piece(groove: Groove) -> None:
    """Swing moves strokes within their bar."""
    hits = compose_drums(groove, 9, np.random.default_rng(1))
    assert min(hit.at for hit in hits) >= 0
    assert max(hit.at for hit in hits) < 9 * groove.beats


def test_a_stroke_sounds_where_its_clock_says() -> None:
    """The first sample above silence is within half a millisecond of the beat."""
    clock = steady_clock(100, 4, start_sec=0.5)
    score = Score(beats=4, beats_per_bar=4, hits=[Hit(2.0, "snare", 1.0)])
    samples = play(score, clock, np.random.default_rng(3))
    first = int(np.argmax(np.abs(samples).max(axis=1) > 1e-4)) / RATE
    assert first == pytest.approx(0.5 + 2 * 0.6, abs=5e-4)


def test_a_wandering_clock_keeps_its_order_and_its_tempo() -> None:
    """Beats never cross, and the tempo stays within a few percent."""
    clock = wandering_clock(120, 200, start_sec=0.1, random=np.random.default_rng(5))
    assert (np.diff(clock.times) > 0.4).all()
    assert clock.bpm == pytest.approx(120, rel=0.05)


def test_tempo_and_groove_fit() -> None:
    """A groove is only played at tempi where its style reads as that number."""
    random = np.random.default_rng(7)
    for _ in range(200):
        groove, bpm = choose_groove(list(GROOVES), float(random.uniform()), random)
        assert groove.slowest <= bpm <= groove.fastest
        assert not ("ballad" in groove.name and 64 < bpm < 76)


def test_the_same_seed_makes_the_same_piece() -> None:
    """A piece depends on its seed and its name alone."""
    piece = next(p for p in rhythm_exam(10_000, quick=True).pieces if p.group == "clicks")
    assert piece.render is not None
    first, again = piece.render(random_for(piece)), piece.render(random_for(piece))
    assert first.truth == again.truth
    assert np.array_equal(first.samples, again.samples)


def test_seeds_make_other_pieces() -> None:
    """Another seed draws other numbers for a piece of the same name."""
    piece = Piece(name="x", group="x", seed=10_000)
    other = Piece(name="x", group="x", seed=10_001)
    assert random_for(piece).integers(1 << 60) != random_for(other).integers(1 << 60)


def test_cadences_come_in_every_key() -> None:
    """All 24 keys are asked for, also when it must be quick."""
    pieces = harmony_exam(10_000, quick=True).pieces
    names = {piece.name.split("/")[2] for piece in pieces if piece.group == "cadences"}
    assert {parse_key(name) for name in names} == {
        KeyName(tonic, mode) for tonic in range(12) for mode in ("major", "minor")
    }


def test_hard_pieces_are_in_their_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """No note of any piece contradicts its mode, and its tonic is in the bass."""
    wide = {
        "major": {0, 2, 4, 5, 6, 7, 9, 10, 11},  # major, lydian, mixolydian
        "minor": {0, 1, 2, 3, 5, 7, 8, 9, 10, 11},  # minor, harmonic, dorian, phrygian
    }
    played: list[Score] = []

    def keep(_band: str, score: Score, *_: object, **__: object) -> npt.NDArray[np.float32]:
        played.append(score)
        return np.zeros((1, 2), np.float32)

    monkeypatch.setattr(harmony, "perform", keep)
    for piece in harmony_exam(10_000, quick=True).pieces:
        assert piece.render is not None
        key = parse_key(piece.render(random_for(piece)).truth.key or "")
        degrees = {(round(note.pitch) - key.tonic) % 12 for note in played[-1].notes}
        assert degrees <= wide[key.mode], piece.name
        basses = [note.pitch % 12 for note in played[-1].notes if note.part in {"bass", "pad"}]
        assert key.tonic in basses, piece.name


@pytest.mark.parametrize(
    ("text", "tonic", "mode"),
    [
        ("A minor", 9, "minor"),
        ("Bb major", 10, "major"),
        ("f♯ min", 6, "minor"),
        ("Cb", 11, "major"),
    ],
)
def test_key_names_are_read_in_any_spelling(text: str, tonic: int, mode: str) -> None:
    """Sharps and flats name the same keys."""
    key = parse_key(text)
    assert (key.tonic, key.mode) == (tonic, mode)


def test_labels_of_real_music_are_well_formed() -> None:
    """Each label names a tempo or a key, and how sure that is."""
    for label in load_labels():
        assert label.bpm or label.key
        assert bool(label.bpm) == bool(label.bpm_sure)
        assert bool(label.key) == bool(label.key_sure)
        if label.key:
            parse_key(label.key)
