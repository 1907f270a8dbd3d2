"""The whole way from onset strengths to a beat grid, for a file of any length."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analyzer.arrays import FrameNumbers, Mask, TimesSec
from analyzer.features.onsets import Onsets
from analyzer.findings.rhythm.activation import beat_log_odds
from analyzer.findings.rhythm.attacks import measure
from analyzer.findings.rhythm.bars import Bars, find_bars
from analyzer.findings.rhythm.drums import drum_probability
from analyzer.findings.rhythm.grid import lay_grid
from analyzer.findings.rhythm.octave import TempoHypothesis, find_tempo_hypotheses
from analyzer.findings.rhythm.periods import PERIOD_FRAMES, Periods, find_periods
from analyzer.findings.rhythm.pulse import Pulse, find_pulse
from analyzer.findings.rhythm.regions import BeatRegion, fit_regions
from analyzer.findings.rhythm.tracking import track_beats

__all__ = ["Rhythm", "find_rhythm"]

_SHORTEST_SEC = 8.0
"""A part between cues that is shorter has no tempo of its own."""


@dataclass(frozen=True)
class Rhythm:
    """The beats of a file; arrays of shape (beats,).

    Attributes:
        beats_sec: All beats, in order.
        period_sec: Of the beat around each, as it is played.
        heard: Whether an attack was heard at each.
        drums: How probable it is that drums play around each.
        bars: What each is in its bar.
        regions: The steady regions.
        hypotheses: The tempo of each block of 20 s, with what else it could be.
        pulse: The tempo up to the octave, and how clear it is.

    """

    beats_sec: TimesSec
    period_sec: TimesSec
    heard: Mask
    drums: TimesSec
    bars: Bars
    regions: Sequence[BeatRegion]
    hypotheses: Sequence[TempoHypothesis]
    pulse: Pulse


def find_rhythm(
    onsets: Onsets,
    *,
    sound_sec: tuple[float, float],
    cues_sec: Sequence[float] = (),
    allowed_bpm: tuple[float, float] | None = None,
    stage_ended: Callable[[], None] = lambda: None,
) -> Rhythm:
    """Return the beats of a file.

    Args:
        onsets: Its onset strengths.
        sound_sec: Where its sound begins and ends: there are no beats outside.
        cues_sec: Where tracks begin: each has a tempo of its own.
        allowed_bpm: Slowest and fastest tempo that are considered.
        stage_ended: Called where much memory has become free.

    """
    pulses: list[Pulse] = []
    hypotheses: list[TempoHypothesis] = []
    periods: list[Periods] = []
    for section in _sections(onsets, cues_sec):
        pulse = find_pulse(section)
        read = find_tempo_hypotheses(section, pulse, allowed_bpm=allowed_bpm)
        pulses.append(pulse)
        hypotheses += read
        periods.append(find_periods(section, pulse, read))
    stage_ended()
    joined = Periods.joined(periods)
    frames = track_beats(beat_log_odds(onsets, joined), joined)
    return _beats(onsets, frames, Pulse.joined(pulses), hypotheses, sound_sec)


def _sections(onsets: Onsets, cues_sec: Sequence[float]) -> Iterator[Onsets]:
    """Yield what lies between cues: tracks have tempi of their own. Short ones go together."""
    count = len(onsets.strength)
    least = round(_SHORTEST_SEC / onsets.interval_sec)
    start = 0
    for cue in sorted(cues_sec):
        frame = round((cue - onsets.start_sec) / onsets.interval_sec / PERIOD_FRAMES)
        end = frame * PERIOD_FRAMES
        if start + least <= end <= count - least:
            yield _part(onsets, start, end)
            start = end
    yield _part(onsets, start, count)


def _part(onsets: Onsets, start: int, end: int) -> Onsets:
    start_sec = onsets.start_sec + start * onsets.interval_sec
    return Onsets(onsets.strength[start:end], onsets.interval_sec, start_sec)


def _beats(
    onsets: Onsets,
    frames: FrameNumbers,
    pulse: Pulse,
    hypotheses: Sequence[TempoHypothesis],
    sound_sec: tuple[float, float],
) -> Rhythm:
    """Lay a grid through the tracked beats of the whole file."""
    measured = measure(onsets, frames)
    regions = fit_regions(measured)
    grid = lay_grid(measured, regions, sound_sec)
    return Rhythm(
        grid.beats_sec,
        grid.period_sec,
        grid.heard,
        drum_probability(onsets, grid.beats_sec),
        find_bars(onsets, grid.beats_sec),
        grid.regions,
        hypotheses,
        pulse,
    )
