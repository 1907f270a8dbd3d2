"""Key, tuning and keys over time in the result."""

from analyzer.findings.findings import Findings
from analyzer.findings.key.estimate import ScoredKey
from analyzer.findings.tonality import TimedKey, Tonality
from analyzer.results.key_names import camelot, musical, open_key
from analyzer.results.values import Values
from offbeat.descriptors import Key, KeyCandidate, KeySegment

__all__ = ["put_key"]

_CONFIDENCE_DIGITS = 3
_CENTS_DIGITS = 1
_TIME_DIGITS = 3


def put_key(values: Values, found: Findings) -> None:
    """Put the key, and keys over time."""
    if found.tonality is None:
        missing = "no tonal content: no 4 s of it are notes in one tuning"
        values.leave_out("key", "key_segments", missing=missing)
        return
    values.put("key", _key(found.tonality))
    values.put("key_segments", [_segment(segment) for segment in found.tonality.segments])


def _key(found: Tonality) -> Key:
    return Key(
        **_candidate(found.key).model_dump(),
        runner_up=_candidate(found.runner_up),
        tuning_cents=round(found.tuning_cents, _CENTS_DIGITS),
    )


def _candidate(key: ScoredKey) -> KeyCandidate:
    return KeyCandidate(
        musical=musical(key.tonic, minor=key.minor),
        camelot=camelot(key.tonic, minor=key.minor),
        open_key=open_key(key.tonic, minor=key.minor),
        confidence=round(key.confidence, _CONFIDENCE_DIGITS),
    )


def _segment(segment: TimedKey) -> KeySegment:
    key = segment.key
    return KeySegment(
        start_sec=round(segment.start_sec, _TIME_DIGITS),
        end_sec=round(segment.end_sec, _TIME_DIGITS),
        musical=musical(key.tonic, minor=key.minor),
        camelot=camelot(key.tonic, minor=key.minor),
        confidence=round(key.confidence, _CONFIDENCE_DIGITS),
    )
