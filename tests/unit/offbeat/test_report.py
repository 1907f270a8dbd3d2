"""A result as a person reads it."""

import pytest

from offbeat.analysis import Analysis, GlobalAnalysis, Results, Track
from offbeat.cli.report import clock, missing, print_result
from offbeat.failure import FailureReason
from offbeat.result import CompletedResult, FailedResult

NOT_YET = "not computed by this version"
ANALYSIS = Analysis(
    duration_sec=14.0,
    stable_bpm=None,
    key=None,
    loudness_lufs_total=-9.14,
    loudness_lufs_momentary_max=-6.0,
    loudness_lufs_short_term_max=-7.0,
    loudness_range_lu=6.54,
    true_peak_dbtp=0.34,
    sample_peak_dbfs=-0.1,
    replaygain_track_gain_db=-8.86,
    replaygain_track_peak=0.988553,
    loudness_lufs_bass=None,
    average_brightness=3087.4,
    has_vocals=None,
    vocal_energy_rms=None,
    unavailable=dict.fromkeys(
        ("stable_bpm", "key", "loudness_lufs_bass", "has_vocals", "vocal_energy_rms"), NOT_YET
    ),
)
RESULTS = Results.model_validate(
    {
        "global": GlobalAnalysis(
            duration_sec=3725.04,
            sample_rate_hz=44100,
            channels=2,
            frames=1,
            container="wav",
            codec="pcm_s16",
            bit_depth=16,
            trimmed_start_sec=0.5,
            trimmed_end_sec=3720.0,
            leading_silence_sec=0.5,
            trailing_silence_sec=5.04,
            loudness_lufs_total=-9.0,
            loudness_lufs_momentary_max=-6.0,
            loudness_lufs_short_term_max=-7.0,
            loudness_range_lu=11.26,
            true_peak_dbtp=0.34,
            sample_peak_dbfs=-0.1,
            replaygain_track_gain_db=-9.0,
            replaygain_track_peak=0.988553,
            average_brightness=3000.0,
            global_beat_grid_timestamps=None,
            global_drum_beat_grid_timestamps=None,
            stems=None,
            unavailable={
                "global_beat_grid_timestamps": NOT_YET,
                "global_drum_beat_grid_timestamps": NOT_YET,
                "stems": "not asked for",
            },
        ),
        "tracks": [
            Track(
                track_id=1,
                title="[b]Intro[/b]",
                artist="A DJ",
                start_time_sec=0.5,
                end_time_sec=14.5,
                boundaries="cue",
                analysis=ANALYSIS,
            )
        ],
        "warnings": ["the file breaks off"],
        "analyzer_version": "0.1.0",
    }
)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (312.5, "5:12.5"), (3725.04, "1:02:05.0")],
)
def test_times_are_read_as_on_a_player(seconds: float, shown: str) -> None:
    """Minutes and seconds carry over."""
    assert clock(seconds) == shown


def test_reasons_are_said_once() -> None:
    """Figures that are missing for one reason share its line."""
    assert missing(RESULTS) == {
        NOT_YET: [
            "global_beat_grid_timestamps",
            "global_drum_beat_grid_timestamps",
            "stable_bpm",
            "key",
            "loudness_lufs_bass",
            "has_vocals",
            "vocal_energy_rms",
        ],
        "not asked for": ["stems"],
    }


def test_a_completed_result_shows_figures_and_gaps(capsys: pytest.CaptureFixture[str]) -> None:
    """Figures, dashes, reasons and warnings are there; a title's brackets are no markup."""
    print_result(CompletedResult(job_id=42, run_id="9f", attempt=1, results=RESULTS))
    said = capsys.readouterr().out
    assert "job 42 completed" in said
    assert "1:02:05.0" in said
    assert "wav / pcm_s16, 44,100 Hz, 2 ch, 16 bits" in said
    assert "A DJ – [b]Intro[/b]" in said
    assert "-9.0 LUFS, range 11.3 LU, loudest 3 s -7.0 LUFS" in said
    assert "0.3 dBTP" in said
    assert "3,000 Hz" in said
    assert "-9.1    6.5   0.3     –   3,087       –" in said
    assert said.count(NOT_YET) == 1
    assert "warning: the file breaks off" in said


def test_a_table_without_gaps_is_100_columns_wide(capsys: pytest.CaptureFixture[str]) -> None:
    """Titles are folded before it grows further."""
    full = ANALYSIS.model_dump() | {
        "duration_sec": 36_000.0,
        "stable_bpm": 126.04,
        "key": {"musical": "C# minor", "camelot": "12A"},
        "loudness_lufs_bass": -14.2,
        "average_brightness": 10_118.0,
        "has_vocals": True,
        "vocal_energy_rms": 0.04,
        "unavailable": {},
    }
    track = RESULTS.tracks[0].model_copy(
        update={"title": "Intro", "artist": None, "analysis": Analysis.model_validate(full)}
    )
    print_result(
        CompletedResult(
            job_id=42,
            run_id="9f",
            attempt=1,
            results=RESULTS.model_copy(update={"tracks": [track]}),
        )
    )
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "12A  C# minor" in line]
    assert len(row.rstrip()) <= 100


def test_a_failed_result_shows_why(capsys: pytest.CaptureFixture[str]) -> None:
    """Sentence, reason, what Kubernetes said and the last log lines are there."""
    print_result(
        FailedResult.because(
            FailureReason.OUT_OF_MEMORY,
            "a.mp3: needs more than 512 MiB",
            job_id="a",
            run_id="9f",
            attempt=3,
            detail="OOMKilled",
            log_tail=["last words"],
        )
    )
    said = capsys.readouterr().out
    assert "job a failed" in said
    assert "needs more than 512 MiB (out_of_memory; pushing it again will not help)" in said
    assert "OOMKilled" in said
    assert "last words" in said
