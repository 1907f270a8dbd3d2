"""The key of a stretch of sound, how sure it is, and where it changes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analyzer.arrays import Float32, Float64, UInt8
from analyzer.features.harmony import Harmony
from analyzer.findings.key.chords import chord_features, chord_probabilities
from analyzer.findings.key.evidence import (
    BLOCK_FRAMES,
    LEAST_TONAL_FRAMES,
    Tally,
    end_evidence,
    evidence,
    tally,
)
from analyzer.findings.key.model import KeyModel, Profiles
from analyzer.findings.key.notes import notes, semitones
from analyzer.findings.key.tuning import tuning_cents, tuning_unity
from analyzer.findings.viterbi import change_at_a_cost, likeliest_path

__all__ = ["KeyEstimate", "KeySegment", "ScoredKey", "estimate_key"]

_LEAST_UNITY = 0.6
_MUSICAL_UNITY, _MUSICAL_SHARE = 0.9, 0.5
_LEAST_SHARE = 0.15
_PART_BLOCKS = 150
_ENDS_MATTER_FRAMES = 10 * 60 * 5
_REACH_BLOCKS = 1
_CHANGE_COST = 6.0
"""Of changing the key from one block to the next, as a natural logarithm."""


@dataclass(frozen=True)
class ScoredKey:
    """A key, by its tonic's pitch class (C = 0), and the probability of it."""

    tonic: int
    minor: bool
    confidence: float


@dataclass(frozen=True)
class KeySegment:
    """Frames from `first` up to `end` that are in one key."""

    first: int
    end: int
    key: ScoredKey


@dataclass(frozen=True, kw_only=True)
class KeyEstimate:
    """What was found.

    Attributes:
        key: The likeliest key.
        runner_up: The one after it.
        tuning_cents: Cents above A = 440 Hz.
        stretches: Keys over time; they follow one another without gaps.

    """

    key: ScoredKey
    runner_up: ScoredKey
    tuning_cents: float
    segments: tuple[KeySegment, ...]


@dataclass(frozen=True)
class _Heard:
    counted: Tally
    ends: Float32


def estimate_key(
    harmony: Harmony, model: KeyModel, *, from_start_to_end: bool
) -> KeyEstimate | None:
    """Return the key of all frames; null where there are too few notes to tell.

    Args:
        harmony: The frames that count.
        model: What was trained.
        from_start_to_end: Whether a piece begins and ends with them: the chords there count more.
            Not of anything longer than 10 min.

    """
    cents = tuning_cents(harmony.tuning)
    if cents is None:
        return None
    heard = _hear(harmony.pitch_salience, cents, model)
    if not _has_notes(heard.counted, tuning_unity(harmony.tuning)):
        return None
    content = evidence(heard.counted.over(slice(None)))
    if from_start_to_end and len(harmony.pitch_salience) <= _ENDS_MATTER_FRAMES:
        scores = model.whole.scores(np.concatenate([content, heard.ends[None]], axis=1))
    else:
        scores = model.part.scores(content)
    likely = _probabilities(scores)[0]
    best, second = np.argsort(-likely, kind="stable")[:2]
    return KeyEstimate(
        key=_scored(best, likely[best]),
        runner_up=_scored(second, likely[second]),
        tuning_cents=cents,
        segments=_segments(heard.counted, model.part, len(harmony.pitch_salience)),
    )


def _has_notes(counted: Tally, unity: float) -> bool:
    """Return whether there are notes, rather than drums that ring.

    Notes are clear most of the time, or else they agree on a tuning; drums do neither.
    """
    tonal, strong = float(counted.tonal.sum()), float(counted.strong.sum())
    least = _LEAST_SHARE if unity >= _MUSICAL_UNITY else _MUSICAL_SHARE
    return strong >= max(LEAST_TONAL_FRAMES, least * tonal) and unity >= _LEAST_UNITY


def _hear(pitches: UInt8, cents: float, model: KeyModel) -> _Heard:
    """Count in parts of ten minutes, so that hours take no more memory."""
    if not len(pitches):
        raise ValueError("there are no frames")
    counted = Tally.empty(-(-len(pitches) // BLOCK_FRAMES))
    ends = np.zeros((0, 12), np.float32)
    for start in range(0, len(pitches), _PART_BLOCKS * BLOCK_FRAMES):
        part = pitches[start : start + _PART_BLOCKS * BLOCK_FRAMES]
        found = notes(semitones(part, cents))
        chords = chord_probabilities(chord_features(found), model.chords)
        counted.put(start // BLOCK_FRAMES, tally(found, chords))
        if len(pitches) <= _ENDS_MATTER_FRAMES:
            ends = end_evidence(found, chords)
    return _Heard(counted, ends)


def _segments(counted: Tally, profiles: Profiles, frames: int) -> tuple[KeySegment, ...]:
    """Return the likeliest keys of blocks, each seen with its neighbours, by Viterbi."""
    likely, tonal = [], []
    for at in range(0, len(counted.tonal), _PART_BLOCKS):
        first = max(0, at - _REACH_BLOCKS)
        near = counted.part(slice(first, at + _PART_BLOCKS + _REACH_BLOCKS))
        windows = near.around(_REACH_BLOCKS).part(slice(at - first, at - first + _PART_BLOCKS))
        likely.append(_probabilities(profiles.scores(evidence(windows))))
        tonal.append(windows.tonal)
    logs = np.log(np.concatenate(likely) + 1e-6)
    logs[np.concatenate(tonal) < LEAST_TONAL_FRAMES] = 0.0
    path = likeliest_path(logs, change_at_a_cost(logs.shape[1], _CHANGE_COST))
    edges = [0, *(np.flatnonzero(np.diff(path)) + 1), len(path)]
    out = []
    for first, end in pairwise(edges):
        scores = profiles.scores(evidence(counted.over(slice(first, end))))
        key, last = path[first], min(frames, end * BLOCK_FRAMES)
        scored = _scored(key, _probabilities(scores)[0, key])
        out.append(KeySegment(int(first) * BLOCK_FRAMES, int(last), scored))
    return tuple(out)


def _probabilities(scores: Float64) -> Float64:
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(likely / likely.sum(axis=1, keepdims=True))


def _scored(index: int | np.intp, confidence: float) -> ScoredKey:
    return ScoredKey(int(index) // 2, bool(index % 2), float(confidence))
