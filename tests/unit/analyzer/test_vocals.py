"""Vocals: what is kept of a voice, and what is made of it."""

from pathlib import Path

import numpy as np
import pytest

from analyzer.features.extract import Extractor
from analyzer.features.voice import PARTIALS, Voice
from analyzer.findings.vocals import (
    HOP_STEPS,
    Vocals,
    find_vocals,
    load_model,
    predict_vocals,
    window_figures,
)
from analyzer.pipeline import analyse
from offbeat.job import CueTrack
from tests.support.audio import Samples, silence, tone, write
from tests.support.styles import RATE, STYLES, style
from tools.train.melodies import Note
from tools.train.singing import Voice as Singer
from tools.train.singing import draw_voice, sing

ALL = slice(None)


def voice(samples: Samples, rate: int = RATE, block: int | None = None) -> Voice:
    """Take in samples, in blocks of some size."""
    extractor = Extractor(rate, samples.shape[1], silence_top_db=60)
    for start in range(0, len(samples), block or len(samples)):
        extractor.add(samples[start : start + (block or len(samples))].astype(np.float32))
    return extractor.finish().voice


def vocals(samples: Samples) -> Vocals:
    """Look for vocals in what is long enough."""
    kept = voice(samples)
    found = find_vocals(predict_vocals(kept), kept, ALL)
    assert found is not None
    return found


def kept(samples: Samples, name: str) -> float:
    """Return the median of a figure of the partials, 0 to 1."""
    return float(np.median(voice(samples).partials[5:-1, PARTIALS.index(name)]) / 255)


def gliding(cents_per_sec: float) -> Samples:
    """Return a harmonic tone that rises steadily."""
    time = np.arange(4 * RATE) / RATE
    phase = np.cumsum(220 * 2 ** (cents_per_sec * time / 1_200) / RATE)
    mono = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 12))
    return np.stack([mono, mono], axis=1) * 0.1


def singing(seconds: float, sung: list[tuple[float, float]], seed: int = 2) -> Samples:
    """Return syllables with vibrato in some spans, in the middle of both channels."""
    random = np.random.default_rng(seed)
    singer: Singer = draw_voice(random)
    notes = [
        Note(float(at), 0.8, round(singer.centre) + int(random.integers(-3, 4)))
        for start, end in sung
        for at in np.arange(start, end - 0.5, 0.8)
    ]
    mono = sing(notes, seconds, singer, random)
    return np.asarray(np.stack([mono, mono], axis=1) / np.abs(mono).max())


def test_steady_partials_are_steady() -> None:
    """And those of a glide move, by what they glide in 100 ms."""
    assert kept(gliding(0), "steady") > 0.9
    assert kept(gliding(300), "moving") > 0.9
    assert kept(gliding(300), "shift") == pytest.approx(0.3, abs=0.06)


def test_noise_has_no_partials() -> None:
    """Its peaks stand out by chance, and little of its power is in them."""
    noise = 0.1 * np.random.default_rng(3).standard_normal((4 * RATE, 2))
    assert kept(noise, "tonal") < 0.3
    assert kept(gliding(0), "tonal") > 0.95


def test_the_side_is_told_from_the_middle() -> None:
    """In each band."""
    assert not voice(gliding(0)).side.any()
    assert (voice(gliding(0) * [1, -1]).side[:, :3] == 255).all()


@pytest.mark.parametrize("block", [1_000, RATE, 77_777])
def test_blocks_of_any_size_give_the_same_bytes(block: int) -> None:
    """Also where partials are followed from one chunk to the next."""
    sound = gliding(200)
    whole, parts = voice(sound), voice(sound, block=block)
    for name in ("mel", "side", "partials"):
        assert getattr(whole, name).tobytes() == getattr(parts, name).tobytes()


@pytest.mark.parametrize("name", STYLES)
def test_nobody_sings_in_instrumentals(name: str) -> None:
    """False alarms are worse than misses."""
    found = vocals(style(name, seconds=15))
    assert not found.present
    assert found.confidence >= 0.5


@pytest.mark.parametrize("name", ["house", "ballad"])
def test_a_singer_is_found_where_she_sings(name: str) -> None:
    """Over a beat, with a pause of ten seconds."""
    sung = singing(30, [(0, 10), (20, 30)])
    found = vocals(0.3 * style(name, seconds=30) + 0.7 * sung)
    assert found.present
    marked = np.zeros(300, np.bool_)
    for segment in found.segments:
        marked[segment.first : segment.end] = True
    assert marked[:100].mean() > 0.7
    assert marked[200:].mean() > 0.7
    assert marked[115:185].mean() < 0.2
    assert found.presence == pytest.approx(marked.mean())
    assert found.rms > 0.01


def test_silence_is_not_sung() -> None:
    """And that is certain."""
    found = vocals(silence(10))
    assert (found.present, found.presence, found.segments, found.rms) == (False, 0.0, [], 0.0)
    assert found.confidence == 0.99


def test_what_is_shorter_than_a_window_has_no_answer(tmp_path: Path) -> None:
    """Null, with the reason."""
    found = analyse(write(tmp_path / "a.wav", tone(440, 1.9))).global_
    for name in ("has_vocals", "vocal_energy_rms", "vocals"):
        assert getattr(found, name) is None
        assert found.unavailable[name] == "too short: vocals take 2 s"


def test_the_level_is_that_of_the_partials_in_the_middle() -> None:
    """Of a tone of known level that is taken for a voice; what is inverted has none."""
    sure = np.full(17, 6.0)
    for sound, expected in ((gliding(0), 0.1), (gliding(0) * [1, -1], 0.0)):
        found = find_vocals(sure, voice(np.tile(sound, (3, 1))[: 10 * RATE]), ALL)
        assert found is not None
        harmonics = np.sqrt(sum(0.5 / k**2 for k in range(1, 12)))
        assert found.rms == pytest.approx(expected * harmonics, rel=0.05, abs=1e-4)


def test_each_track_has_its_own_on_the_clock_of_the_file(tmp_path: Path) -> None:
    """Sung in the second of two tracks."""
    sound = 0.3 * style("house", seconds=40) + 0.7 * singing(40, [(20, 40)])
    path = write(tmp_path / "a.wav", sound, rate=RATE)
    cues = [CueTrack.model_validate({"title": "t", "start_time_sec": at}) for at in (0, 20.05)]
    first, second = (track.analysis for track in analyse(path, cues=cues).tracks)
    assert (first.has_vocals, second.has_vocals) == (False, True)
    assert second.vocals is not None
    assert second.vocals.method == "dsp"
    assert 20.05 <= second.vocals.segments[0].start_sec < 24
    assert second.vocals.segments[-1].end_sec <= 40


def test_windows_of_a_track_lie_inside_it() -> None:
    """None looks at a neighbour."""
    kept = voice(gliding(0))
    evidence = np.full(len(window_figures(kept)), -6.0)
    evidence[0] = 6.0
    found = find_vocals(evidence, kept, slice(HOP_STEPS - 4, None))
    assert found is not None
    assert not found.segments


def test_the_model_fits_the_figures() -> None:
    """As many weights as there are figures, and a file of a few kilobytes."""
    figures = window_figures(voice(gliding(0)))
    model = load_model()
    assert figures.shape[1] == len(model.centre) == len(model.scale) == len(model.hidden) - 1
    assert model.hidden.shape[1] == len(model.output) - 1
