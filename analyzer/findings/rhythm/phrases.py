"""Where phrases of eight bars begin: where, every eight bars, the music changes most.

Music for dancing is built of blocks of eight bars. Between two of them something enters or leaves;
within them much less does. What is compared are the eight bars' ways to begin a phrase: by how much
the four bars after a bar line differ, in the strength of each band, from the four before it.
"""

from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float64
from analyzer.features.onsets import BANDS, Onsets
from analyzer.findings.viterbi import change_at_a_cost, likeliest_path

__all__ = ["BARS_PER_PHRASE", "PhraseStarts", "find_phrases"]

BARS_PER_PHRASE = 8
_AROUND = 4
_BARS_AT_ONCE = 64
_FEWEST_BARS = 3 * BARS_PER_PHRASE
_CHANGE_COST = 6.0
_SHARPNESS = 1.5


@dataclass(frozen=True)
class PhraseStarts:
    """Starts of phrases in seconds, and how sure they are, 0–1."""

    times_sec: Float64
    confidence: float


def find_phrases(onsets: Onsets, downbeats_sec: Float64) -> PhraseStarts | None:
    """Return the phrases of consecutive bars; none when there are fewer than three phrases."""
    bars = len(downbeats_sec) - 1
    if bars < _FEWEST_BARS:
        return None
    novelty = _novelty(_bar_strengths(onsets, downbeats_sec))
    evidence = (novelty - novelty.mean()) / max(float(novelty.std()), 1e-9)
    evidence = np.minimum(evidence, 3.0)
    # Which bar modulo eight begins phrases: each bar speaks for one of them.
    begins = np.zeros((bars, BARS_PER_PHRASE))
    begins[np.arange(bars), np.arange(bars) % BARS_PER_PHRASE] = evidence
    phase = likeliest_path(begins, change_at_a_cost(BARS_PER_PHRASE, _CHANGE_COST))
    starts = (np.arange(bars) - phase) % BARS_PER_PHRASE == 0
    # How far the evidence of this way to count stands above that of the next best one.
    sums = np.array(
        [
            evidence[(np.arange(bars) - phase - other) % BARS_PER_PHRASE == 0].sum()
            for other in range(BARS_PER_PHRASE)
        ]
    )
    margin = (sums[0] - sums[1:].max()) / np.sqrt(starts.sum())
    confidence = float(1 / (1 + np.exp(-_SHARPNESS * (margin - 1))))
    return PhraseStarts(downbeats_sec[:-1][starts], confidence)


def _bar_strengths(onsets: Onsets, downbeats_sec: Float64) -> Float64:
    """Return the mean strength of each band in each bar, as logarithms: shape (bars, bands)."""
    edges = np.rint((downbeats_sec - onsets.start_sec) / onsets.interval_sec).astype(np.intp)
    edges = np.clip(edges, 0, len(onsets.strength) - 1)
    sums = np.empty((len(edges) - 1, BANDS), np.int64)
    for bar in range(0, len(sums), _BARS_AT_ONCE):
        part = edges[bar : bar + _BARS_AT_ONCE + 1]
        strength = onsets.strength[part[0] : max(part[-1], part[-2] + 1)]
        sums[bar : bar + _BARS_AT_ONCE] = np.add.reduceat(
            strength, part[:-1] - part[0], axis=0, dtype=np.int64
        )
    return np.asarray(np.log1p(sums / np.maximum(np.diff(edges), 1)[:, None]))


def _novelty(bars: Float64) -> Float64:
    """Return how much each bar line parts: shape (bars,)."""
    total = np.concatenate([np.zeros((1, bars.shape[1])), np.cumsum(bars, axis=0)])
    line = np.arange(len(bars))
    first = np.maximum(line - _AROUND, 0)
    last = np.minimum(line + _AROUND, len(bars))
    before = (total[line] - total[first]) / np.maximum(line - first, 1)[:, None]
    after = (total[last] - total[line]) / np.maximum(last - line, 1)[:, None]
    distance = np.abs(after - before).sum(axis=1)
    distance[0] = 0.0
    return np.asarray(distance)
