"""What vocals are trained on, and the training itself."""

import json
from pathlib import Path

import numpy as np
import pytest

from tools.render import espeak
from tools.train import soloists, vocal_material
from tools.train.melodies import Manner, Note, bend
from tools.train.sound_font import fluidsynth
from tools.train.vocals import Windows, area_under_curve, train, write


def test_the_same_seed_makes_the_same_piece() -> None:
    """Byte for byte, with vocals and without."""
    if fluidsynth().missing() or espeak.missing():
        pytest.skip(
            "no music can be made here: apt-get install fluidsynth fluid-soundfont-gm espeak-ng"
        )
    first, second = (
        vocal_material.make_vocal_piece(2, seconds=5, held_out=False, voice="words") for _ in "ab"
    )
    for one, other in zip(first, second, strict=True):
        assert one.samples.tobytes() == other.samples.tobytes()
    sung, unsung = first
    assert sung.sung.any()
    assert not unsung.sung.any()
    assert sung.samples.shape == unsung.samples.shape == (5 * vocal_material.RATE, 2)


def test_what_is_held_out_is_never_trained_on() -> None:
    """Voices, variants and instruments."""
    assert not set(soloists.HELD_OUT) & set(soloists.TRAINED)
    assert not set(vocal_material.VOICES_HELD_OUT) & set(vocal_material.VOICES)
    assert not set(vocal_material.VARIANTS_HELD_OUT) & set(vocal_material.VARIANTS)


def test_a_bent_line_stays_around_its_notes() -> None:
    """Vibrato of 50 cents, and a glide from note to note."""
    manner = Manner(glide=0.05, vibrato=50, vibrato_hz=5, drift=0, scoop=0)
    notes = [Note(0, 1, 60), Note(1, 1, 64)]
    pitch = bend(notes, 2, manner, np.random.default_rng(0))
    assert pitch[100:180] == pytest.approx(60, abs=0.51)
    assert pitch[300:380] == pytest.approx(64, abs=0.51)
    assert np.ptp(pitch[100:180]) > 0.9
    assert np.abs(np.diff(pitch)).max() < 0.5


def test_training_is_repeatable_and_learns(tmp_path: Path) -> None:
    """The same windows give the same file, and what can be told apart is."""
    random = np.random.default_rng(1)
    figures = random.normal(0, 1, (2_000, 20)).astype(np.float32)
    sung = figures[:, 3] + figures[:, 7] > 0
    data = Windows(figures, sung, np.full(2_000, "x"))
    model = train(data)
    write(model, tmp_path / "a.json")
    write(train(data), tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    stored = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert np.array_equal(stored["hidden"], model.hidden)
    assert ((model.logits(figures) > 0) == sung).mean() > 0.9


def test_the_area_under_the_curve_is_the_share_of_right_pairs() -> None:
    """Of three pairs of a true and a false score two are in order."""
    truth = np.array([True, False, True, True])
    assert area_under_curve(truth, np.array([0.1, 0.3, 0.5, 0.9])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_speech_of_any_rate_becomes_44_100_hz(rate: int) -> None:
    """A tone keeps its pitch and its level."""
    spoken = vocal_material.at_rate(np.sin(2 * np.pi * 500 * np.arange(rate) / rate), rate)
    middle = spoken[10_000:30_000]
    assert np.std(middle) == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert np.sum(np.diff(np.sign(middle)) > 0) == pytest.approx(500 * 20_000 / 44_100, abs=1.5)
