"""Training material: deterministic, with a truth that agrees with itself and with the sound."""

import numpy as np
import pytest

from tools.train.rhythm_material import RhythmPiece, draw_plan, make_piece
from tools.train.sound_font import fluidsynth
from tools.train.styles import STYLES, Style

SECONDS = 12.0


def seed_of(renderer: str, style: str) -> int:
    """Find the first seed that this renderer plays, steadily and with drums."""
    for seed in range(1000):
        plan = draw_plan(seed, SECONDS, style)
        if plan.renderer == renderer and plan.drummed and not plan.ends:
            return seed
    raise AssertionError(f"no seed for {renderer}")


def piece_of(renderer: str, style: str = "techno") -> RhythmPiece:
    """Make a short piece by one renderer."""
    if renderer != "synth" and fluidsynth().missing():
        pytest.skip("needs fluidsynth and fluid-soundfont-gm")
    return make_piece(seed_of(renderer, style), seconds=SECONDS, style=style)


@pytest.fixture(scope="module", params=["synth", "fluidsynth"])
def piece(request: pytest.FixtureRequest) -> RhythmPiece:
    """One piece of each renderer."""
    return piece_of(request.param)


def test_same_seed_same_bytes(piece: RhythmPiece) -> None:
    """A seed gives the same sound and truth to the last bit."""
    again = make_piece(piece.seed, seconds=SECONDS, style=piece.style)
    assert again.samples.tobytes() == piece.samples.tobytes()
    assert again.beats.tobytes() == piece.beats.tobytes()


def test_shape(piece: RhythmPiece) -> None:
    """Samples are finite stereo float32 of the length asked for, within full scale."""
    assert piece.samples.shape == (round(SECONDS * piece.rate), 2)
    assert piece.samples.dtype == np.float32
    assert 0.05 < np.max(np.abs(piece.samples)) <= 1.0


def test_beats_agree_with_bpm(piece: RhythmPiece) -> None:
    """Beats increase by the beat period of a steady style, and downbeats are every fourth."""
    np.testing.assert_allclose(np.diff(piece.beats), 60.0 / piece.bpm, atol=1e-9)
    np.testing.assert_array_equal(np.diff(np.searchsorted(piece.beats, piece.downbeats)), 4)


def test_sound_starts_on_the_beats(piece: RhythmPiece) -> None:
    """The level rises within 3 ms of the beats on average, where a kick falls on every beat."""
    steps = np.abs(np.diff(piece.samples.mean(axis=1), prepend=0.0))
    level = np.log(np.convolve(steps, np.ones(44) / 44)[43:] + 1e-5)
    reach = round(0.04 * piece.rate)
    places = np.round(piece.beats * piece.rate).astype(int)
    inside = places[(places > reach) & (places < len(level) - reach)]
    mean = np.mean([level[place - reach : place + reach] for place in inside], axis=0)
    rise = np.argmax(mean[88:] - mean[:-88]) + 44 - reach
    assert abs(rise) / piece.rate < 0.003


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_tempo_is_in_the_range_of_the_style(style: Style) -> None:
    """Every style draws tempi of its own range, in its own metre."""
    for seed in range(5):
        plan = draw_plan(seed, SECONDS, style.name)
        assert plan.style.bpm[0] <= plan.bpm <= plan.style.bpm[1]


def test_all_families_come_up() -> None:
    """All families come up among the first seeds, by weight."""
    families = {draw_plan(seed, SECONDS).style.family for seed in range(300)}
    assert families == {style.family for style in STYLES.values()}
