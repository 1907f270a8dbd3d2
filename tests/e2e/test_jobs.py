"""Jobs that succeed: real music, with and without cue tracks."""

import json
import struct
from pathlib import Path

import pytest
import soundfile

from offbeat.result import CompletedResult
from tests.e2e.installation import Installation, run

pytestmark = pytest.mark.e2e


def test_real_music_without_cues(installation: Installation, audio: Path, music: list[str]) -> None:
    """Every file comes back with the length that libsndfile reports for it."""
    paths = music[:4]
    installation.push(*({"job_id": f"plain {path}", "relative_path": path} for path in paths))
    for path in paths:
        result = installation.result(f"plain {path}")
        assert isinstance(result, CompletedResult), result
        whole = result.results.global_
        expected = soundfile.info(str(audio / path))
        assert whole.frames == expected.frames
        assert whole.duration_sec == pytest.approx(expected.frames / expected.samplerate)
        assert (whole.container, whole.codec) == ("ogg", "vorbis")
        assert whole.loudness_lufs_total is not None
        assert -40 < whole.loudness_lufs_total < 0
        assert [track.boundaries for track in result.results.tracks] == ["file"]


def test_real_music_with_cues(installation: Installation, audio: Path, music: list[str]) -> None:
    """Each cue track has figures of its own, in order of time, under the producer's names."""
    path = music[0]
    info = soundfile.info(str(audio / path))
    length = info.frames / info.samplerate
    cues = [
        {"title": "Third", "start_time_sec": 60.0, "artist": "Somebody"},
        {"title": "First", "start_time_sec": 0.0},
        {"title": "Second", "start_time_sec": 20.5, "track_id": "b"},
    ]
    installation.push({"job_id": 9_007_199_254_740_993, "relative_path": path, "cue_tracks": cues})
    result = installation.result(9_007_199_254_740_993)
    assert isinstance(result, CompletedResult), result
    tracks = result.results.tracks
    assert [track.title for track in tracks] == ["First", "Second", "Third"]
    assert [track.start_time_sec for track in tracks] == [0.0, 20.5, 60.0]
    assert [track.end_time_sec for track in tracks] == pytest.approx([20.5, 60.0, length])
    assert tracks[1].track_id == "b"
    assert len({track.analysis.average_brightness for track in tracks}) == 3


def test_an_absolute_path_inside_the_mount(installation: Installation, audio: Path) -> None:
    """`file_path` names the file as a Job sees it; the leading sound is not trimmed."""
    assert (audio / "tone-10s.wav").exists()
    installation.push({"job_id": 7, "file_path": "/mnt/audio-storage/tone-10s.wav", "own": [1, 2]})
    result = installation.result(7)
    assert isinstance(result, CompletedResult), result
    assert result.results.global_.duration_sec == 10.0
    assert result.results.global_.trimmed_start_sec == 0.0
    assert result.attempt == 1


def test_the_waveform_lies_in_the_output_mount(installation: Installation, audio: Path) -> None:
    """A Job writes it as user 10001, with a read-only root; others read what the result names."""
    assert (audio / "tone-10s.wav").exists()
    installation.push({"job_id": "Wave ü", "relative_path": "tone-10s.wav"})
    result = installation.result("Wave ü")
    assert isinstance(result, CompletedResult), result
    waveform = result.results.global_.waveform
    assert waveform is not None, result.results.global_.unavailable["waveform"]
    assert {file.band for file in waveform.files} == {"full", "low", "mid", "high"}
    for file in waveform.files:
        path = installation.settings.output / file.path
        assert path.parent.name == result.run_id
        if file.format == "dat":
            assert path.stat().st_size == 20 + 2 * file.pixels * file.bits // 8
    finest = waveform.files[0]
    raw = (installation.settings.output / finest.path).read_bytes()
    assert struct.unpack_from("<5i", raw) == (1, 0, 44_100, 256, -(-441_000 // 256))
    values = struct.unpack_from(f"<{2 * finest.pixels}h", raw, 20)
    assert (min(values), max(values)) == (-16_000, 15_840)


def test_redis_cli_is_all_a_producer_and_a_consumer_need(
    installation: Installation, audio: Path
) -> None:
    """LPUSH a job, BRPOP a result: the contract in plain Redis."""
    assert (audio / "tone-2s.wav").exists()
    cli = ("exec", "deploy/redis", "--", "sh", "-c")
    message = json.dumps({"job_id": 42, "relative_path": "tone-2s.wav"})
    command = f"redis-cli --no-auth-warning -a $PASSWORD LPUSH audio_analysis_queue '{message}'"
    installation.kubectl(*cli, command)
    popped = installation.kubectl(
        *cli, "redis-cli --no-auth-warning -a $PASSWORD --json BRPOP audio_results_queue 60"
    )
    queue, raw = json.loads(popped)
    result = json.loads(raw)
    assert queue == "audio_results_queue"
    assert (result["job_id"], result["status"], result["attempt"]) == (42, "completed", 1)
    whole, (track,) = result["results"]["global"], result["results"]["tracks"]
    assert whole["duration_sec"] == 2.0
    assert whole["trimmed_start_sec"] == 0.0
    assert {"global_beat_grid_timestamps", "global_drum_beat_grid_timestamps", "stems"} <= set(
        whole
    )
    assert set(track["analysis"]) >= {
        *("duration_sec", "stable_bpm", "key", "loudness_lufs_total", "loudness_lufs_bass"),
        *("average_brightness", "has_vocals", "vocal_energy_rms"),
    }


def test_helm_test_passes(installation: Installation) -> None:
    """The chart's own test sends a message and finds its result."""
    settings = installation.settings
    said = run(
        *("helm", "test", settings.release, "-n", settings.namespace, "--logs"), timeout_sec=240
    )
    assert "OK after" in said
    assert not installation.pop_all(), "the test left its result to strangers"


def test_stems_lie_in_the_output_mount(
    installation: Installation, audio: Path, music: list[str]
) -> None:
    """A pod of the profile `stems` separates real music within its limit of memory."""
    path = min(music, key=lambda name: (audio / name).stat().st_size)
    installation.push(
        {"job_id": "stems", "relative_path": path, "profile": "stems", "options": {"stems": True}}
    )
    result = installation.result("stems")
    assert isinstance(result, CompletedResult), result
    whole = result.results.global_
    assert whole.stems is not None, whole.unavailable["stems"]
    assert list(whole.stems) == ["vocals", "accompaniment"]
    for name in whole.stems.values():
        stem = soundfile.info(str(installation.settings.output / name))
        assert (stem.format, stem.samplerate) == ("FLAC", whole.sample_rate_hz)
        assert stem.frames == whole.frames
    folder = (installation.settings.output / name).parent
    assert not [path.name for path in folder.iterdir() if path.name.startswith(".")]
