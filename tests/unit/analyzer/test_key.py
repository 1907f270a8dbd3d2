"""Keys of chords and cadences, in all tunings, and what has no key."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.features.extract import Extractor
from analyzer.features.harmony import Harmony, HarmonyMeter
from analyzer.findings.key.estimate import KeyEstimate, estimate_key
from analyzer.findings.key.model import load_key_model
from analyzer.pipeline import analyse
from analyzer.results.key_names import camelot, musical, open_key
from offbeat.job import CueTrack
from tests.support.audio import write
from tests.support.chords import CADENCE_MAJOR, CADENCE_MINOR, clatter, play_chords

RATE = 22_050
MODEL = load_key_model()


def harmony(sound: npt.NDArray[np.float32]) -> Harmony:
    """Feed a sound in chunks of a second."""
    meter = HarmonyMeter(RATE, RATE)
    for start in range(0, len(sound), RATE):
        chunk = sound[start : start + RATE]
        meter.add(np.pad(chunk, (0, RATE - len(chunk))), len(chunk))
    return meter.finish()


def read(sound: npt.NDArray[np.float32]) -> KeyEstimate:
    """Return the key of a piece."""
    reading = estimate_key(harmony(sound), MODEL, from_start_to_end=True)
    assert reading is not None
    return reading


@pytest.mark.parametrize("tonic", range(12))
@pytest.mark.parametrize("minor", [False, True])
def test_a_cadence_has_its_key(tonic: int, minor: bool) -> None:
    """All 24, each in a tuning of its own between −40 and 40 cents."""
    cents = -40 + 80 * tonic / 11
    sound = play_chords(CADENCE_MINOR if minor else CADENCE_MAJOR, tonic, cents=cents)
    reading = read(sound)
    assert (reading.key.tonic, reading.key.minor) == (tonic, minor)
    assert reading.key.confidence > 0.5


def test_loud_drums_without_pitch_change_nothing() -> None:
    """Noise that is louder than the chords."""
    sound = play_chords(CADENCE_MINOR, 9)
    noisy = sound + 2 * clatter(len(sound) / RATE + 1)[: len(sound)]
    key = read(noisy).key
    assert (key.tonic, key.minor) == (9, True)


def test_a_runner_up_is_another_key() -> None:
    """And less likely."""
    reading = read(play_chords(CADENCE_MAJOR, 2))
    assert (reading.runner_up.tonic, reading.runner_up.minor) != (2, False)
    assert reading.runner_up.confidence < reading.key.confidence


def test_a_modulation_is_seen_over_time() -> None:
    """A minor for 36 s, then C sharp minor."""
    first, second = (play_chords(CADENCE_MINOR * 3, tonic) for tonic in (9, 1))
    before, after = read(np.concatenate([first, second])).segments
    assert (before.key.tonic, after.key.tonic) == (9, 1)
    assert before.first == 0
    assert before.end == after.first == pytest.approx(36 * 5, abs=25)
    assert after.end == 72 * 5


@pytest.mark.parametrize(
    "sound",
    [np.zeros(10 * RATE, np.float32), clatter(12), 0.1 * np.sign(clatter(12, seed=1))],
    ids=["silence", "drums", "noise"],
)
def test_what_has_no_pitch_has_no_key(sound: npt.NDArray[np.float32]) -> None:
    """It is null, not a guess."""
    assert estimate_key(harmony(sound), MODEL, from_start_to_end=True) is None


def test_too_little_sound_has_no_key() -> None:
    """Three seconds of a chord."""
    sound = play_chords([(0, 4, 7)], 0, beat=3)
    assert estimate_key(harmony(sound), MODEL, from_start_to_end=True) is None


@pytest.mark.parametrize(
    ("tonic", "minor", "names"),
    [
        (9, True, ("A minor", "8A", "1m")),
        (0, False, ("C major", "8B", "1d")),
        (4, True, ("E minor", "9A", "2m")),
        (6, False, ("F# major", "2B", "7d")),
        (8, True, ("G# minor", "1A", "6m")),
        (1, False, ("Db major", "3B", "8d")),
        (4, False, ("E major", "12B", "5d")),
        (5, False, ("F major", "7B", "12d")),
    ],
)
def test_names(tonic: int, minor: bool, names: tuple[str, str, str]) -> None:
    """In words, on the Camelot wheel, and as Open Key."""
    named = (
        musical(tonic, minor=minor),
        camelot(tonic, minor=minor),
        open_key(tonic, minor=minor),
    )
    assert named == names


def test_only_the_interior_of_a_track_counts(tmp_path: Path) -> None:
    """What is blended with its neighbour at the edge is another key's."""
    a, b = play_chords(CADENCE_MINOR * 4, 9), play_chords(CADENCE_MINOR * 4, 1)
    path = write(tmp_path / "mix.wav", np.concatenate([a, b]), rate=RATE)
    cues = [
        CueTrack(title="a", start_time_sec=0),
        CueTrack(title="b", start_time_sec=len(a) / RATE - 8),
    ]
    results = analyse(path, cues=cues)
    first, second = (track.analysis.key for track in results.tracks)
    assert first is not None
    assert second is not None
    assert (first.musical, second.musical) == ("A minor", "C# minor")
    segments = results.global_.key_segments
    assert segments is not None
    assert [segment.camelot for segment in segments] == ["8A", "12A"]
    assert (segments[0].start_sec, segments[-1].end_sec) == (0, results.global_.duration_sec)


def test_a_missing_key_is_explained(tmp_path: Path) -> None:
    """The reason stands beside it."""
    results = analyse(write(tmp_path / "a.wav", clatter(8), rate=RATE))
    assert results.global_.key is None
    assert "no tonal content" in results.global_.unavailable["key"]
    assert "key_segments" in results.tracks[0].analysis.unavailable


def test_pitches_do_not_depend_on_blocks() -> None:
    """Fed by 997 samples or at once, to the last bit."""
    sound = play_chords(CADENCE_MAJOR, 5, rate=44_100)[:, None]
    rows = []
    for size in (997, len(sound)):
        extractor = Extractor(44_100, 1, silence_top_db=60)
        for start in range(0, len(sound), size):
            extractor.add(sound[start : start + size])
        rows.append(extractor.finish().harmony)
    assert np.array_equal(rows[0].pitch_salience, rows[1].pitch_salience)
    assert np.array_equal(rows[0].tuning, rows[1].tuning)


def test_seven_semitones_up_is_seven_semitones_up() -> None:
    """Transposed pitches give the transposed key with the same certainty."""
    low = harmony(play_chords(CADENCE_MINOR, 2))
    high = Harmony(np.roll(low.pitch_salience, 7 * 3, axis=1), low.tuning)
    high.pitch_salience[:, : 7 * 3] = 0
    one, other = (estimate_key(h, MODEL, from_start_to_end=True) for h in (low, high))
    assert one is not None
    assert other is not None
    assert ((one.key.tonic + 7) % 12, one.key.minor) == (other.key.tonic, other.key.minor)
    assert other.key.confidence == pytest.approx(one.key.confidence, abs=0.1)
