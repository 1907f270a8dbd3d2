"""Clipping, offset and pauses, where they were put."""

from pathlib import Path

import numpy as np
import pytest

from analyzer.pipeline import analyse
from offbeat.analysis import Analysis, GlobalAnalysis
from offbeat.descriptors import Clipping
from offbeat.job import CueTrack
from tests.support.audio import Samples, silence, tone, write


def whole(path: Path, samples: Samples, subtype: str = "PCM_16") -> GlobalAnalysis:
    """Return the figures of a file."""
    return analyse(write(path / "a.wav", samples, subtype=subtype)).global_


def clipping(path: Path, samples: Samples, subtype: str = "PCM_16") -> Clipping:
    """Return what is clipped in a file."""
    found = whole(path, samples, subtype).clipping
    assert found is not None
    return found


def flat_tops(samples: Samples, ceiling: float) -> tuple[int, int]:
    """Count runs of three samples and more at ±ceiling, and the samples in them, one by one."""
    runs = count = 0
    for channel in samples.T:
        length, before = 0, 0.0
        for value in [*channel.tolist(), 0.0]:
            if abs(value) == ceiling and value == before:
                length += 1
            else:
                runs, count = (runs + 1, count + length) if length >= 3 else (runs, count)
                length = 1
            before = value
    return runs, count


@pytest.mark.parametrize("ceiling", [1.0, 0.7])
@pytest.mark.parametrize("hz", [97.3, 997])
def test_a_clipped_sine_is_counted_to_the_sample(tmp_path: Path, ceiling: float, hz: float) -> None:
    """At full scale and at a ceiling of its own, also where chunks of a second meet."""
    sound = np.clip(tone(hz, 3.3, dbfs=6), -ceiling, ceiling)
    found = clipping(tmp_path, sound, "FLOAT")
    runs, samples = flat_tops(sound, ceiling)
    assert (found.runs, found.samples) == (runs, samples)
    assert found.share == pytest.approx(samples / sound.size, abs=1e-7)
    assert found.first_sec[0] == 0.0
    assert len(found.first_sec) == 10


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("hz", [25, 50, 440])
def test_the_crest_of_a_sine_is_not_clipped(tmp_path: Path, hz: float, subtype: str) -> None:
    """Though rounding makes it flat for a few samples."""
    assert clipping(tmp_path, tone(hz, 3, dbfs=-0.0005), subtype).runs == 0


def test_one_flat_run_below_full_scale_is_no_ceiling(tmp_path: Path) -> None:
    """At full scale it counts."""
    sound = tone(440, 3, dbfs=-20)
    sound[50_000:50_005, 0] = 0.5
    assert clipping(tmp_path, sound).runs == 0
    sound[50_000:50_005, 0] = 1.0
    found = clipping(tmp_path, sound)
    assert (found.runs, found.samples) == (1, 5)
    assert found.first_sec == [1.1]


def test_clipping_is_that_of_the_track(tmp_path: Path) -> None:
    """A clean track beside a clipped one is clean."""
    sound = np.concatenate([tone(440, 3), np.clip(tone(440, 3, dbfs=3), -1, 1)])
    cues = [CueTrack.model_validate({"title": "t", "start_time_sec": at}) for at in (0, 3)]
    path = write(tmp_path / "a.wav", sound, subtype="FLOAT")
    first, second = (track.analysis.clipping for track in analyse(path, cues=cues).tracks)
    assert first is not None
    assert second is not None
    assert first.runs == 0 < second.runs
    assert second.first_sec[0] == 3.0


def test_8_bits_are_too_coarse_to_tell(tmp_path: Path) -> None:
    """Null, with the reason."""
    found = whole(tmp_path, tone(440, 2), "PCM_U8")
    assert found.clipping is None
    assert found.unavailable["clipping"].startswith("8 bits")


def test_an_offset_is_that_of_its_channel(tmp_path: Path) -> None:
    """In signed full scale."""
    found = whole(tmp_path, tone(441, 3) + np.array([0.05, -0.01]), "FLOAT").dc_offset
    assert found == pytest.approx([0.05, -0.01], abs=1e-5)


def pauses(figures: GlobalAnalysis | Analysis) -> list[float]:
    """Return start and end of each silence, one after the other."""
    assert figures.silences is not None
    return [edge for pause in figures.silences for edge in (pause.start_sec, pause.end_sec)]


def test_pauses_of_a_second_are_found_to_5_ms(tmp_path: Path) -> None:
    """Shorter ones, and what is before and after the sound, are none."""
    parts = [silence(2), tone(440, 3), silence(1.2), tone(440, 2), silence(0.9), tone(440, 2)]
    found = whole(tmp_path, np.concatenate([*parts, silence(3)]))
    assert pauses(found) == pytest.approx([5, 6.2], abs=0.0051)


def test_a_click_does_not_end_a_pause(tmp_path: Path) -> None:
    """Nor does it begin the sound."""
    gap = silence(3)
    gap[66_000:66_100] = 0.5
    found = whole(tmp_path, np.concatenate([tone(440, 2), gap, tone(440, 2)]))
    assert pauses(found) == pytest.approx([2, 5], abs=0.0051)


def test_pauses_of_a_track_are_on_the_clock_of_the_file(tmp_path: Path) -> None:
    """Each track has its own."""
    sound = np.concatenate([tone(440, 4), silence(2), tone(440, 4), silence(1.5), tone(440, 2)])
    path = write(tmp_path / "a.wav", sound)
    cues = [CueTrack.model_validate({"title": "t", "start_time_sec": at}) for at in (0, 8)]
    first, second = (track.analysis for track in analyse(path, cues=cues).tracks)
    assert pauses(first) == pytest.approx([4, 6], abs=0.0051)
    assert pauses(second) == pytest.approx([10, 11.5], abs=0.0051)


def test_only_the_longest_pauses_are_listed(tmp_path: Path) -> None:
    """A hundred of them, in the order of time."""
    parts = [part for k in range(103) for part in (tone(440, 0.1), silence(1.1 if k % 50 else 1.0))]
    found = pauses(whole(tmp_path, np.concatenate([*parts, tone(440, 0.1)])))
    assert len(found) == 2 * 100
    assert found == sorted(found)
    assert np.diff(found)[::2].min() > 1.05


def test_what_needs_two_channels_or_sound_says_so(tmp_path: Path) -> None:
    """Null with a reason, never a zero."""
    mono = whole(tmp_path, tone(440, 2)[:, :1])
    assert mono.stereo is None
    assert mono.unavailable["stereo"] == "1 channel: width and phase are those of two"
    silent = whole(tmp_path, silence(2))
    for name in ("stereo", "band_balance", "brightness", "energy_level", "energy_curve"):
        assert getattr(silent, name) is None
        assert silent.unavailable[name].startswith("silent")
    assert silent.silences is None
    assert silent.clipping == Clipping(runs=0, samples=0, share=0.0, first_sec=[])
    short = whole(tmp_path, tone(440, 0.05))
    for name in ("stereo", "band_balance", "energy_level", "loudness_lufs_bass", "dc_offset"):
        assert short.unavailable[name].startswith("too short")
