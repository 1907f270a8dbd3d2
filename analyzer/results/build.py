"""The whole result: the file and every track of it, each value rounded, named or explained."""

from collections.abc import Sequence

from analyzer.features.extract import Features
from analyzer.findings.findings import FileFindings, Findings, TrackFindings
from analyzer.options import Options
from analyzer.results.key import put_key
from analyzer.results.loudness import put_levels
from analyzer.results.rhythm import put_beats, put_file_beats, put_rhythm
from analyzer.results.stems import NOT_ASKED_FOR, StemsOutcome, put_stems
from analyzer.results.timbre import put_faults, put_timbre
from analyzer.results.trim import put_trim_points
from analyzer.results.values import Values
from analyzer.results.vocals import put_vocals
from analyzer.results.waveform import NO_MOUNT, WaveformOutcome, put_waveform
from analyzer.stream import StreamFacts
from offbeat import __version__
from offbeat.analysis import Analysis, GlobalAnalysis, Results, Track

__all__ = ["build_results"]

_TIME_DIGITS = 6


def build_results(
    facts: StreamFacts,
    features: Features,
    found: FileFindings,
    *,
    options: Options,
    warnings: Sequence[str],
    waveform: WaveformOutcome = NO_MOUNT,
    stems: StemsOutcome = NOT_ASKED_FOR,
) -> Results:
    """Return the result of what was found."""
    return Results(
        global_=_file(facts, features, found, options=options, waveform=waveform, stems=stems),
        tracks=[_track(facts, features, track) for track in found.tracks],
        warnings=list(warnings),
        analyzer_version=__version__,
    )


def _file(
    facts: StreamFacts,
    features: Features,
    found: FileFindings,
    *,
    options: Options,
    waveform: WaveformOutcome,
    stems: StemsOutcome,
) -> GlobalAnalysis:
    values = Values()
    _put_facts(values, facts, features)
    put_stems(values, stems)
    put_trim_points(
        values,
        found.trim,
        duration_sec=features.duration_sec,
        silence_top_db=options.silence_top_db,
    )
    put_rhythm(values, found.whole.rhythm)
    put_file_beats(values, found.rhythm, found.whole.rhythm)
    put_waveform(values, waveform)
    _put_sound(values, facts, features, found.whole)
    return values.validated(GlobalAnalysis)


def _track(facts: StreamFacts, features: Features, track: TrackFindings) -> Track:
    span, found = track.track, track.findings
    values = Values()
    values.put("duration_sec", round(span.end_sec - span.start_sec, _TIME_DIGITS))
    put_rhythm(values, found.rhythm)
    put_beats(values, found.rhythm)
    _put_sound(values, facts, features, found)
    return Track(
        track_id=span.track_id,
        title=span.title,
        artist=span.artist,
        start_time_sec=span.start_sec,
        end_time_sec=span.end_sec,
        boundaries=span.boundaries,
        analysis=values.validated(Analysis),
    )


def _put_sound(values: Values, facts: StreamFacts, features: Features, found: Findings) -> None:
    """Put what files and tracks both have, apart from their rhythm."""
    put_levels(values, found)
    put_timbre(values, found, channels=facts.channels)
    put_faults(values, found, bit_depth=facts.bit_depth)
    put_key(values, found)
    put_vocals(values, found, features.grid)


def _put_facts(values: Values, facts: StreamFacts, features: Features) -> None:
    values.put("duration_sec", features.duration_sec)
    values.put("frames", features.frames)
    values.put("sample_rate_hz", facts.rate)
    values.put("channels", facts.channels)
    values.put("container", facts.container)
    values.put("codec", facts.codec)
    missing = f"{facts.codec} is lossy: it has no bit depth"
    values.put_or_explain("bit_depth", facts.bit_depth, missing=missing)
