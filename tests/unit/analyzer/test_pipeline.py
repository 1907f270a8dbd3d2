"""One file to its results, in this process: what every kind of file gives."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from analyzer.errors import (
    AudioFileNotFound,
    CorruptAudio,
    InvalidJob,
    LimitExceeded,
    UnsupportedFormat,
)
from analyzer.options import Options
from analyzer.pipeline import analyse
from offbeat.analysis import Results
from offbeat.job import CueTrack
from tests.support.audio import Samples, demo_music, silence, tone, write

LEVELS = [
    "loudness_lufs_total",
    "loudness_lufs_momentary_max",
    "loudness_lufs_short_term_max",
    "loudness_range_lu",
    "true_peak_dbtp",
    "sample_peak_dbfs",
    "replaygain_track_gain_db",
    "replaygain_track_peak",
    "average_brightness",
]


def cue(start: float, **more: object) -> CueTrack:
    """Build a cue track."""
    return CueTrack.model_validate({"title": "t", "start_time_sec": start} | more)


def digest(results: Results) -> str:
    """Return a fingerprint of every figure."""
    return hashlib.sha256(results.model_dump_json(by_alias=True).encode()).hexdigest()


def test_a_wav_that_starts_at_once(tmp_path: Path) -> None:
    """All figures of the whole file."""
    results = analyse(write(tmp_path / "a.wav", tone(1_000, 10, rate=48_000), rate=48_000))
    found = results.global_
    assert (found.duration_sec, found.frames) == (10.0, 480_000)
    assert (found.sample_rate_hz, found.channels) == (48_000, 2)
    assert (found.container, found.codec, found.bit_depth) == ("wav", "pcm_s16", 16)
    assert (found.trimmed_start_sec, found.leading_silence_sec) == (0.0, 0.0)
    assert (found.trimmed_end_sec, found.trailing_silence_sec) == (10.0, 0.0)
    assert found.loudness_lufs_total == pytest.approx(-20.0, abs=0.05)
    assert found.loudness_lufs_momentary_max == pytest.approx(-20.0, abs=0.05)
    assert found.loudness_lufs_short_term_max == pytest.approx(-20.0, abs=0.05)
    assert found.loudness_range_lu == pytest.approx(0.0, abs=0.01)
    assert found.true_peak_dbtp == pytest.approx(-20.0, abs=0.02)
    assert found.sample_peak_dbfs == pytest.approx(-20.0, abs=0.02)
    assert found.replaygain_track_gain_db == pytest.approx(2.0, abs=0.05)
    assert found.replaygain_track_peak == pytest.approx(0.1, abs=1e-4)
    assert found.average_brightness == pytest.approx(1_000, rel=0.005)
    assert found.stems == {}
    assert results.warnings == []
    (track,) = results.tracks
    assert (track.track_id, track.start_time_sec, track.end_time_sec) == (1, 0.0, 10.0)
    assert track.boundaries == "file"
    for name in LEVELS:
        assert getattr(track.analysis, name) == getattr(found, name)


def test_peaks_and_maxima_are_those_of_each_track(tmp_path: Path) -> None:
    """The file has the highest of its tracks, and its last sample belongs to the last one."""
    parts = [tone(997, 5, dbfs=-12), tone(997, 5.05, dbfs=-6), tone(997, 5.003, dbfs=-20)]
    sound = np.concatenate(parts)
    sound[-1] = 0.9
    results = analyse(write(tmp_path / "a.wav", sound), cues=[cue(0), cue(5), cue(10.05)])
    first, second, third = (track.analysis for track in results.tracks)
    for track, level in ((first, -12), (second, -6), (third, -20)):
        assert track.loudness_lufs_momentary_max == pytest.approx(level, abs=0.1)
        assert track.loudness_lufs_short_term_max == pytest.approx(level, abs=0.1)
    assert first.true_peak_dbtp == pytest.approx(-12, abs=0.05)
    assert second.sample_peak_dbfs == pytest.approx(-6, abs=0.05)
    assert third.replaygain_track_peak == pytest.approx(0.9, abs=1e-3)
    assert results.global_.replaygain_track_peak == third.replaygain_track_peak
    assert results.global_.loudness_lufs_short_term_max == second.loudness_lufs_short_term_max


def test_what_is_shorter_than_3_s_has_no_short_term_loudness(tmp_path: Path) -> None:
    """The rest is there."""
    found = analyse(write(tmp_path / "a.wav", tone(997, 2.9))).global_
    assert found.loudness_lufs_momentary_max == pytest.approx(-20, abs=0.1)
    for name in ("loudness_lufs_short_term_max", "loudness_range_lu"):
        assert getattr(found, name) is None
        assert found.unavailable[name] == "too short: this loudness takes 3 s"


def test_what_cannot_be_heard_is_null_with_a_reason(tmp_path: Path) -> None:
    """Never an invented figure."""
    results = analyse(write(tmp_path / "a.wav", tone(440, 1)))
    assert results.global_.global_beat_grid_timestamps is None
    assert "no steady beat" in results.global_.unavailable["global_beat_grid_timestamps"]
    analysis = results.tracks[0].analysis
    assert "no steady beat" in analysis.unavailable["stable_bpm"]
    for name in ("has_vocals", "vocal_energy_rms"):
        assert getattr(analysis, name) is None
        assert "too short" in analysis.unavailable[name]


def test_every_null_is_explained_and_nothing_is_left_out(tmp_path: Path) -> None:
    """Every field of the contract is written, of the file and of the track."""
    results = analyse(write(tmp_path / "a.wav", silence(2)))
    for figures in (results.global_, results.tracks[0].analysis):
        fields = type(figures).model_fields.keys()
        assert fields == figures.model_fields_set
        assert {name for name in fields if getattr(figures, name) is None} == set(
            figures.unavailable
        )


def test_stems_that_are_asked_for_are_null_with_a_reason(tmp_path: Path) -> None:
    """And empty when nobody asked."""
    path = write(tmp_path / "a.wav", tone(440, 1))
    asked = analyse(path, options=Options(stems=True)).global_
    assert asked.stems is None
    assert "OFFBEAT_OUTPUT_MOUNT_PATH" in asked.unavailable["stems"]


def test_each_cue_track_is_measured_on_its_own(tmp_path: Path) -> None:
    """Even when an edge lies inside a step of 100 ms."""
    parts = [
        tone(500, 5.03, dbfs=-12),
        tone(4_000, 6.01, dbfs=-30),
        silence(3),
    ]
    path = write(tmp_path / "a.wav", np.concatenate(parts))
    results = analyse(path, cues=[cue(5.03), cue(0.0), cue(11.04, track_id="end")])
    first, second, third = results.tracks
    assert first.analysis.loudness_lufs_total == pytest.approx(-12.0 - 0.7, abs=0.3)
    assert first.analysis.average_brightness == pytest.approx(500, rel=0.005)
    assert second.analysis.average_brightness == pytest.approx(4_000, rel=0.005)
    assert second.analysis.duration_sec == pytest.approx(6.01)
    assert third.track_id == "end"
    assert third.analysis.loudness_lufs_total is None
    assert "silent" in third.analysis.unavailable["loudness_lufs_total"]
    assert [track.boundaries for track in results.tracks] == ["cue"] * 3


def test_a_track_measures_as_the_same_sound_alone(tmp_path: Path) -> None:
    """Within 0.1 LU and 1 % in something like music."""
    sound = np.concatenate(list(demo_music(40)))
    whole = analyse(write(tmp_path / "a.wav", sound), cues=[cue(0), cue(11.11), cue(27.77)])
    track = whole.tracks[1].analysis
    alone = sound[round(11.11 * 44_100) : round(27.77 * 44_100)]
    apart = analyse(write(tmp_path / "b.wav", alone)).global_
    assert track.loudness_lufs_total == pytest.approx(apart.loudness_lufs_total, abs=0.1)
    assert track.average_brightness == pytest.approx(apart.average_brightness, rel=0.01)


def test_a_track_too_short_to_measure_says_so(tmp_path: Path) -> None:
    """It has a duration and nothing else."""
    results = analyse(write(tmp_path / "a.wav", tone(440, 2)), cues=[cue(0), cue(1.95)])
    short = results.tracks[1].analysis
    assert short.duration_sec == pytest.approx(0.05)
    assert "too short" in short.unavailable["loudness_lufs_total"]
    assert "too short" in short.unavailable["average_brightness"]


def test_a_cue_past_the_end_is_an_invalid_job(tmp_path: Path) -> None:
    """The sentence begins with the file as it was named."""
    path = write(tmp_path / "a.wav", tone(440, 2))
    with pytest.raises(InvalidJob, match=r"^mixes/a\.wav: cue track 't' starts at 2 s"):
        analyse(path, cues=[cue(2.0)], shown="mixes/a.wav")


def test_silence_is_completed_with_null_figures(tmp_path: Path) -> None:
    """Each with its reason; the validator of the contract checks that none lacks one."""
    results = analyse(write(tmp_path / "a.wav", silence(3)))
    found = results.global_
    assert found.duration_sec == 3.0
    for name in (
        "trimmed_start_sec",
        "trimmed_end_sec",
        "leading_silence_sec",
        "trailing_silence_sec",
        "loudness_lufs_total",
        "loudness_lufs_momentary_max",
        "loudness_lufs_short_term_max",
        "loudness_range_lu",
        "true_peak_dbtp",
        "sample_peak_dbfs",
        "replaygain_track_gain_db",
        "average_brightness",
    ):
        assert getattr(found, name) is None
        assert "silent" in found.unavailable[name]
    assert found.replaygain_track_peak == 0.0


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_one_sample_is_fine(tmp_path: Path, value: float) -> None:
    """It lasts 1/44,100 s."""
    results = analyse(write(tmp_path / "a.wav", [value]))
    assert results.global_.frames == 1
    assert results.global_.duration_sec == 1 / 44_100
    assert results.global_.loudness_lufs_total is None
    assert results.global_.replaygain_track_peak == pytest.approx(value, abs=1e-3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30])
@pytest.mark.parametrize("at", [0, 70_000, 132_299])
def test_values_that_are_no_samples_are_corrupt(tmp_path: Path, value: float, at: int) -> None:
    """In one channel, anywhere; the sentence says where."""
    samples = np.concatenate(list(demo_music(3))).astype(np.float32)
    samples[at, 1] = value
    path = write(tmp_path / "a.wav", samples, subtype="FLOAT")
    with pytest.raises(CorruptAudio, match=rf"at {at / 44_100:.3f} s"):
        analyse(path)


@pytest.mark.parametrize("level", [1.0, -1.0])
def test_a_constant_at_full_scale_is_clipped_once(tmp_path: Path, level: float) -> None:
    """Its largest and its smallest sample are the same; a track within it is no more than full."""
    path = write(tmp_path / "a.wav", np.full((44_100, 1), level), subtype="FLOAT")
    results = analyse(path, cues=[cue(0), cue(0.5)])
    for found in (results.global_, *(track.analysis for track in results.tracks)):
        assert found.clipping is not None
        assert found.clipping.share <= 1.0
    assert results.global_.clipping is not None
    assert results.global_.clipping.samples == 44_100


def test_float_files_may_pass_full_scale(tmp_path: Path) -> None:
    """That is what they are for."""
    results = analyse(write(tmp_path / "a.wav", 3 * tone(1_000, 2, dbfs=0), subtype="FLOAT"))
    assert results.global_.loudness_lufs_total == pytest.approx(9.54, abs=0.1)


LIMITS: dict[str, tuple[Callable[[], Samples], int, Options, str]] = {
    "too long": (lambda: tone(440, 3), 44_100, Options(max_duration_sec=2.5), "longer than 2.5 s"),
    "too many channels": (lambda: silence(0.1, channels=9), 44_100, Options(), "9 channels"),
    "too slow": (lambda: silence(0.1, rate=3_999), 3_999, Options(), "3,999 Hz"),
    "too fast": (lambda: silence(0.1, rate=384_001), 384_001, Options(), "384,001 Hz"),
}


@pytest.mark.parametrize(("samples", "rate", "options", "said"), LIMITS.values(), ids=LIMITS)
def test_limits_are_kept(
    tmp_path: Path, samples: Callable[[], Samples], rate: int, options: Options, said: str
) -> None:
    """Each with a sentence that names the limit."""
    with pytest.raises(LimitExceeded, match=said):
        analyse(write(tmp_path / "a.wav", samples(), rate=rate), options=options)


@pytest.mark.parametrize(
    ("rate", "channels"), [(4_000, 1), (8_000, 2), (11_025, 1), (96_000, 3), (384_000, 8)]
)
def test_everything_within_the_limits_is_measured(tmp_path: Path, rate: int, channels: int) -> None:
    """From telephone to studio."""
    samples = tone(1_000, 1.5, rate=rate, dbfs=[-20] * channels)
    found = analyse(write(tmp_path / "a.wav", samples, rate=rate)).global_
    assert (found.sample_rate_hz, found.channels) == (rate, channels)
    assert found.loudness_lufs_total is not None
    assert found.average_brightness == pytest.approx(1_000, rel=0.005)


@pytest.mark.parametrize(
    ("name", "subtype", "codec", "bit_depth"),
    [
        ("a.wav", "PCM_U8", "pcm_u8", 8),
        ("a.wav", "PCM_24", "pcm_s24", 24),
        ("a.wav", "PCM_32", "pcm_s32", 32),
        ("a.wav", "DOUBLE", "pcm_f64", 64),
        ("a.aiff", "PCM_16", "pcm_s16", 16),
        ("a.flac", "PCM_24", "flac", 24),
        ("a.ogg", "VORBIS", "vorbis", None),
        ("a.ogg", "OPUS", "opus", None),
        ("a.mp3", "MPEG_LAYER_III", "mp3", None),
    ],
)
def test_every_encoding_gives_the_same_figures(
    tmp_path: Path, name: str, subtype: str, codec: str, bit_depth: int | None
) -> None:
    """As far as it keeps the sound."""
    samples = tone(1_000, 5, rate=48_000)
    path = write(tmp_path / name, samples, rate=48_000, subtype=subtype)
    path = path.rename(tmp_path / "no-name-tells")
    found = analyse(path).global_
    assert (found.codec, found.bit_depth) == (codec, bit_depth)
    assert found.duration_sec == pytest.approx(5, abs=0.05)
    assert found.loudness_lufs_total == pytest.approx(-20, abs=0.1)
    assert found.average_brightness == pytest.approx(1_000, rel=0.02)


@pytest.mark.parametrize("subtype", ["IMA_ADPCM", "MS_ADPCM", "GSM610", "ULAW", "ALAW"])
def test_encodings_off_the_list_are_refused(tmp_path: Path, subtype: str) -> None:
    """Though libsndfile would read them."""
    samples = tone(440, 1, rate=8_000, dbfs=[-20])
    path = write(tmp_path / "a.wav", samples, rate=8_000, subtype=subtype)
    with pytest.raises(UnsupportedFormat, match="not decoded"):
        analyse(path)


@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_the_lfe_of_an_ogg_file_does_not_count(tmp_path: Path, subtype: str) -> None:
    """Its channels stand in another order: L C R Ls Rs LFE."""
    samples = tone(60, 2, rate=48_000, dbfs=[-300] * 5 + [-6])
    path = write(tmp_path / "a.ogg", samples, rate=48_000, subtype=subtype)
    loudness = analyse(path).global_.loudness_lufs_total
    assert loudness is None or loudness < -50


@pytest.mark.parametrize("name", ["a.wav", "a.aiff", "a.flac", "a.ogg", "a.mp3"])
def test_a_file_that_breaks_off_is_analysed_with_a_warning(tmp_path: Path, name: str) -> None:
    """Up to where it breaks."""
    path = write(tmp_path / name, np.concatenate(list(demo_music(20))))
    whole = analyse(path)
    assert whole.warnings == []
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    results = analyse(path)
    assert 2 < results.global_.duration_sec < 19
    assert results.global_.loudness_lufs_total is not None
    (warning,) = results.warnings
    assert "breaks off" in warning
    assert f"{results.global_.duration_sec:.3f} s" in warning


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_a_header_alone_is_corrupt(tmp_path: Path, name: str) -> None:
    """Nothing can be decoded."""
    path = write(tmp_path / name, tone(440, 5))
    path.write_bytes(path.read_bytes()[:44])
    with pytest.raises(CorruptAudio):
        analyse(path)


def test_a_file_without_a_frame_is_corrupt(tmp_path: Path) -> None:
    """Whole, and empty of sound."""
    with pytest.raises(CorruptAudio, match="holds no sound"):
        analyse(write(tmp_path / "a.wav", silence(0)))


def test_a_text_file_named_mp3_is_unsupported(tmp_path: Path) -> None:
    """With the name of what it is, behind its path."""
    path = tmp_path / "a.mp3"
    path.write_text("not music\n")
    with pytest.raises(UnsupportedFormat, match="looks like plain text") as refusal:
        analyse(path)
    assert str(refusal.value).startswith(f"{path}: ")


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    """With its path."""
    with pytest.raises(AudioFileNotFound, match=r"none\.wav: file not found"):
        analyse(tmp_path / "none.wav")


def test_an_open_file_is_analysed_as_well(tmp_path: Path) -> None:
    """And stays open."""
    path = write(tmp_path / "a.wav", tone(440, 1))
    with path.open("rb", buffering=0) as file:
        assert digest(analyse(file)) == digest(analyse(path))
        assert not file.closed


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_no_figure_depends_on_the_block_size(tmp_path: Path, name: str) -> None:
    """To the last bit, and on no run either."""
    sound = np.concatenate([silence(0.4321), *demo_music(25), silence(0.777)])
    path = write(tmp_path / name, sound)
    cues = [cue(0), cue(7.77), cue(19.191919)]
    expected = digest(analyse(path, cues=cues))
    for block_frames in (None, 997, 4_410, 44_100, 100_003, 10_000_000):
        assert digest(analyse(path, cues=cues, block_frames=block_frames)) == expected


def test_progress_only_grows(tmp_path: Path) -> None:
    """And is told after every block."""
    told: list[float] = []
    path = write(tmp_path / "a.wav", np.concatenate(list(demo_music(35))))
    analyse(path, report=lambda fraction, stage: told.append(fraction))
    assert len(told) == 4
    assert told == sorted(told)
    assert 0 < told[0] < told[-1] < 1
