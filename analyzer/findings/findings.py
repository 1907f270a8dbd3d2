"""All that is found in a file and in each of its tracks: features → findings, as one straight line.

The order is that of memory: first what takes most room, while nothing else does. The tracks are
decided when the rhythm of the file is known.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from analyzer.arrays import Float64
from analyzer.features.extract import Features
from analyzer.findings.faults import Clipping, Silence, find_clipping, find_silences
from analyzer.findings.levels import Levels, find_levels
from analyzer.findings.rhythm.part import PartRhythm, find_part_rhythm
from analyzer.findings.rhythm.rhythm import Rhythm, find_rhythm
from analyzer.findings.scope import Scope, of_file, of_track
from analyzer.findings.timbre import Timbre, find_timbre
from analyzer.findings.tonality import Tonality, find_tonality
from analyzer.findings.tracks import Span, decide_tracks
from analyzer.findings.trim import TrimPoints, find_trim_points
from analyzer.findings.vocals import Vocals, find_vocals, predict_vocals
from offbeat.job import CueTrack

__all__ = ["FileFindings", "Findings", "TrackFindings", "find"]


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found in a file, or in one of its tracks.

    Attributes:
        scope: Where it was looked for.
        steps: How many whole steps of 100 ms that are: what is too short has no loudness, say.
        levels: Loudness and peaks.
        timbre: What the sound is like.
        clipping: `None` for samples of 8 bits.
        silences: Pauses; `None` if all is silent.
        tonality: Key and tuning; `None` without tonal content.
        vocals: `None` if it is shorter than two seconds.
        rhythm: `None` without a steady beat.

    """

    scope: Scope
    steps: int
    levels: Levels
    timbre: Timbre
    clipping: Clipping | None
    silences: list[Silence] | None
    tonality: Tonality | None
    vocals: Vocals | None
    rhythm: PartRhythm | None


@dataclass(frozen=True)
class TrackFindings:
    """One track, and what was found in it."""

    track: Span
    findings: Findings


@dataclass(frozen=True, kw_only=True)
class FileFindings:
    """A file, and what was found in it and in its tracks.

    Attributes:
        trim: First and last sound; `None` if all is silent.
        rhythm: All beats of the file.
        whole: The file as a whole.
        tracks: In the order of time.

    """

    trim: TrimPoints | None
    rhythm: Rhythm
    whole: Findings
    tracks: Sequence[TrackFindings]


def find(
    features: Features,
    cues: Sequence[CueTrack],
    *,
    bit_depth: int | None,
    allowed_bpm: tuple[float, float] | None = None,
    stage_ended: Callable[[], None] = lambda: None,
) -> FileFindings:
    """Find everything.

    Args:
        features: Of the file.
        cues: The tracks that the producer knows of.
        bit_depth: Bits of a sample; `None` if the codec has none.
        allowed_bpm: Slowest and fastest tempo that are considered.
        stage_ended: Called where much memory has become free.

    Raises:
        InvalidJob: A cue track starts where the file has ended already.

    """
    scope = of_file(features)
    tonality = find_tonality(features, scope)
    stage_ended()
    trim = find_trim_points(features)
    rhythm = find_rhythm(
        features.onsets,
        # Single clicks are no sound, but they may be a beat.
        sound_sec=(trim.start_sec, trim.end_sec) if trim else (0.0, features.duration_sec),
        cues_sec=[cue.start_time_sec for cue in cues],
        allowed_bpm=allowed_bpm,
        stage_ended=stage_ended,
    )
    finder = _Finder(features, rhythm, predict_vocals(features.voice), bit_depth)
    stage_ended()
    whole = finder.find(scope, tonality)
    stage_ended()
    tracks = decide_tracks(cues, features.duration_sec)
    return FileFindings(
        trim=trim, rhythm=rhythm, whole=whole, tracks=[*finder.find_each(tracks, whole)]
    )


@dataclass(frozen=True)
class _Finder:
    """What the file and its tracks have in common."""

    features: Features
    rhythm: Rhythm
    vocal_evidence: Float64
    bit_depth: int | None

    def find(self, scope: Scope, tonality: Tonality | None) -> Findings:
        features = self.features
        return Findings(
            scope=scope,
            steps=len(features.energy[scope.steps]),
            levels=find_levels(features, scope),
            timbre=find_timbre(features, scope),
            clipping=find_clipping(features, scope, bit_depth=self.bit_depth),
            silences=find_silences(features, scope),
            tonality=tonality,
            vocals=find_vocals(self.vocal_evidence, features.voice, scope.steps),
            rhythm=find_part_rhythm(
                self.rhythm, features.onsets, start_sec=scope.start_sec, end_sec=scope.end_sec
            ),
        )

    def find_each(self, tracks: Sequence[Span], whole: Findings) -> list[TrackFindings]:
        last = len(tracks) - 1
        return [
            TrackFindings(
                track,
                whole  # a file and its only track are the same
                if track.boundaries == "file"
                else self._of_track(track, after=number > 0, before=number < last),
            )
            for number, track in enumerate(tracks)
        ]

    def _of_track(self, track: Span, *, after: bool, before: bool) -> Findings:
        scope = of_track(self.features, track, after_neighbour=after, before_neighbour=before)
        return self.find(scope, find_tonality(self.features, scope))
