"""Results: the names that consumers rely on, and nulls that explain themselves."""

import json

import pytest
from pydantic import ValidationError

from offbeat.analysis import Analysis, GlobalAnalysis, Results, Track
from offbeat.descriptors import Key
from offbeat.failure import RETRYABLE, FailureReason
from offbeat.result import CancelledResult, CompletedResult, FailedResult, dump_result, parse_result

ANALYSIS = Analysis(
    duration_sec=312.5,
    stable_bpm=126.0,
    key=Key(musical="A minor", camelot="8A"),
    loudness_lufs_total=-9.1,
    loudness_lufs_momentary_max=-6.0,
    loudness_lufs_short_term_max=-7.0,
    loudness_range_lu=6.5,
    true_peak_dbtp=0.3,
    sample_peak_dbfs=-0.1,
    replaygain_track_gain_db=-8.9,
    replaygain_track_peak=0.988553,
    loudness_lufs_bass=-14.0,
    average_brightness=3087.0,
    has_vocals=True,
    vocal_energy_rms=0.04,
)
GLOBAL = GlobalAnalysis(
    duration_sec=3620.0,
    sample_rate_hz=44100,
    channels=2,
    frames=159_642_000,
    container="mp3",
    codec="mp3",
    bit_depth=None,
    trimmed_start_sec=0.0,
    trimmed_end_sec=3619.0,
    leading_silence_sec=0.0,
    trailing_silence_sec=1.0,
    loudness_lufs_total=-9.0,
    loudness_lufs_momentary_max=-6.0,
    loudness_lufs_short_term_max=-7.0,
    loudness_range_lu=6.5,
    true_peak_dbtp=0.3,
    sample_peak_dbfs=-0.1,
    replaygain_track_gain_db=-8.9,
    replaygain_track_peak=0.988553,
    average_brightness=3000.0,
    global_beat_grid_timestamps=[],
    global_drum_beat_grid_timestamps=[],
    stems={},
    unavailable={"bit_depth": "a lossy codec has none"},
)
COMPLETED = CompletedResult(
    job_id=42,
    run_id="9f",
    attempt=1,
    results=Results.model_validate(
        {
            "global": GLOBAL,
            "tracks": [
                Track(
                    track_id=1,
                    start_time_sec=0.0,
                    end_time_sec=312.5,
                    boundaries="cue",
                    analysis=ANALYSIS,
                )
            ],
            "analyzer_version": "0.1.0",
        }
    ),
)


def failed(**changes: object) -> FailedResult:
    """Build a failed result."""
    fields: dict[str, object] = {
        "reason": FailureReason.FILE_NOT_FOUND,
        "error": "mixes/043.mp3: file not found",
        "job_id": 43,
        "run_id": "9f",
        "attempt": 1,
    }
    return FailedResult.because(**(fields | changes))  # type: ignore[arg-type]


def test_consumers_find_every_name_that_they_know() -> None:
    """The field names of the contract are those that are written."""
    written = json.loads(dump_result(COMPLETED))
    assert {"job_id", "status", "run_id", "attempt", "results"} <= written.keys()
    assert {
        "duration_sec",
        "trimmed_start_sec",
        "global_beat_grid_timestamps",
        "global_drum_beat_grid_timestamps",
        "stems",
    } <= written["results"]["global"].keys()
    track = written["results"]["tracks"][0]
    assert {"track_id", "start_time_sec", "analysis"} <= track.keys()
    assert {
        "duration_sec",
        "stable_bpm",
        "key",
        "loudness_lufs_total",
        "loudness_lufs_bass",
        "loudness_lufs_momentary_max",
        "loudness_lufs_short_term_max",
        "loudness_range_lu",
        "true_peak_dbtp",
        "sample_peak_dbfs",
        "replaygain_track_gain_db",
        "replaygain_track_peak",
        "average_brightness",
        "has_vocals",
        "vocal_energy_rms",
    } <= track["analysis"].keys()
    assert {"musical": "A minor", "camelot": "8A"}.items() <= track["analysis"]["key"].items()


def test_a_failed_result_is_exactly_this() -> None:
    """A failed result without extras has these fields and no other."""
    assert json.loads(dump_result(failed())) == {
        "job_id": 43,
        "status": "failed",
        "error": "mixes/043.mp3: file not found",
        "reason": "file_not_found",
        "retryable": False,
        "run_id": "9f",
        "attempt": 1,
    }


@pytest.mark.parametrize(
    "result",
    [
        COMPLETED,
        failed(),
        failed(job_id=None, attempt=0, detail="OOMKilled", log_tail=["a", "b"]),
        CancelledResult(job_id="x", run_id="9f", attempt=2),
    ],
)
def test_a_result_is_read_back_as_it_was_written(
    result: CompletedResult | FailedResult | CancelledResult,
) -> None:
    """Writing and reading a result changes nothing."""
    assert parse_result(dump_result(result)) == result


@pytest.mark.parametrize("reason", FailureReason)
def test_retryable_follows_from_the_reason(reason: FailureReason) -> None:
    """A consumer learns from the result whether pushing again can help."""
    assert failed(reason=reason).retryable is (reason in RETRYABLE)


def test_a_null_figure_without_a_reason_is_refused() -> None:
    """No figure is missing without a word."""
    with pytest.raises(ValidationError, match="null figures"):
        Analysis.model_validate(ANALYSIS.model_dump() | {"stable_bpm": None})


def test_a_reason_for_a_figure_that_is_there_is_refused() -> None:
    """No reason is left over."""
    with pytest.raises(ValidationError, match="explained"):
        Analysis.model_validate(ANALYSIS.model_dump() | {"unavailable": {"key": "why"}})


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"status": "other"}', b"[]"])
def test_what_is_no_result_is_refused(raw: bytes) -> None:
    """A stranger's message in the results queue is not taken for a result."""
    with pytest.raises(ValidationError):
        parse_result(raw)
