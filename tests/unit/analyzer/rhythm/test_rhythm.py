"""From sound to tempo, beats and bars: the whole way, with the networks as they are shipped."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from analyzer.options import Options
from analyzer.pipeline import analyse
from offbeat.analysis import GlobalAnalysis
from offbeat.cli.mix import make_mix
from offbeat.job import CueTrack
from tests.support.audio import silence, write
from tests.support.drums import groove

RATE = 44_100
Samples = npt.NDArray[np.float64]


def measured(path: Path, sound: Samples, options: Options | None = None) -> GlobalAnalysis:
    """Return the figures of a file of this sound."""
    return analyse(write(path / "a.wav", sound, rate=RATE), options=options or Options()).global_


def near(found: list[float] | None, truth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how far each true beat is from the nearest that was found, in seconds."""
    assert found is not None
    return np.asarray(np.abs(np.array(found)[None, :] - truth[:, None]).min(axis=1))


@pytest.mark.parametrize(
    ("style", "bpm"),
    [
        ("house", 124.0),
        ("rock", 96.7),
        ("drum_and_bass", 174.0),
        ("half_time", 140.0),
        ("waltz", 132.0),
    ],
)
def test_tempo_and_beats_of_a_groove(style: str, bpm: float, tmp_path: Path) -> None:
    """In the octave that is read on the record, to 0.05 beats a minute and 20 ms."""
    piece = groove(style, bpm, 30)
    found = measured(tmp_path, piece.samples)
    assert found.stable_bpm == pytest.approx(bpm, abs=0.05)
    assert near(found.global_beat_grid_timestamps, piece.beats_sec[1:-2]).max() < 0.02
    assert found.tempo is not None
    assert found.tempo.stability > 0.95
    assert found.downbeats is None or found.downbeats.beats_per_bar == piece.beats_per_bar


def test_the_grid_goes_on_through_a_breakdown(tmp_path: Path) -> None:
    """15 s without drums leave it where it was, and are marked."""
    piece = groove("house", 126.0, 60, silent=(20.0, 35.0))
    found = measured(tmp_path, piece.samples)
    assert near(found.global_beat_grid_timestamps, piece.beats_sec[1:-2]).max() < 0.02
    assert found.beat_regions is not None
    assert any(region.interpolated for region in found.beat_regions)
    drums = np.array(found.global_drum_beat_grid_timestamps)
    assert not ((drums > 23) & (drums < 32)).any()


def test_each_cue_track_has_a_tempo_of_its_own(tmp_path: Path) -> None:
    """Of 12 s in the demo's mix, in which a window of the pulse reaches from one into the next."""
    mix = make_mix()
    cues = [CueTrack(title=title, start_time_sec=start) for start, title in mix.cues]
    path = write(tmp_path / "a.wav", mix.samples, rate=RATE)
    house, breakbeat, _ = (track.analysis.stable_bpm for track in analyse(path, cues=cues).tracks)
    assert house == pytest.approx(124, abs=0.2)
    assert breakbeat == pytest.approx(172, abs=0.2)


def test_a_hint_overrules_the_octave(tmp_path: Path) -> None:
    """The producer knows better."""
    piece = groove("house", 124.0, 20)
    found = measured(tmp_path, piece.samples, Options(bpm_max=100.0))
    assert found.stable_bpm == pytest.approx(62, abs=0.05)


def test_a_metronome_of_bare_clicks_has_a_tempo(tmp_path: Path) -> None:
    """Though clicks are no sound where silence is cut off."""
    sound = silence(30)
    beats = np.arange(0.5, 29, 60 / 111)
    sound[np.round(beats * RATE).astype(int)] = 0.5
    found = measured(tmp_path, sound)
    assert found.stable_bpm is not None
    assert near(found.global_beat_grid_timestamps, beats[1:-2]).max() < 0.002


@pytest.mark.parametrize("kind", ["silence", "noise", "tone"])
def test_what_has_no_beat_has_no_tempo(kind: str, tmp_path: Path) -> None:
    """And says so."""
    time = np.arange(20 * RATE) / RATE
    sound = {
        "silence": silence(20)[:, 0],
        "noise": 0.1 * np.random.default_rng(0).standard_normal(20 * RATE),
        "tone": 0.1 * np.sin(2 * np.pi * 220 * time),
    }[kind]
    found = measured(tmp_path, np.stack([sound, sound], axis=1))
    assert found.stable_bpm is None
    assert found.unavailable["global_beat_grid_timestamps"] == "no steady beat is heard"
