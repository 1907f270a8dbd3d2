"""Which multiple of the pulse people tap: half, double, three quarters, or the pulse itself.

That is a convention, and a network has learnt it from music of which the tempo is known
(`tools/train/rhythm.py`). For each hypothesis it sees the autocorrelation of five bands at beats,
bars and subdivisions *of that hypothesis*, how the low drums are followed by the high ones (in
half-time the snare comes two beats after the kick drum, not one), how much happens in a beat, and
the tempo.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from analyzer.arrays import Float32, Float64, FrameNumbers, UInt8
from analyzer.features.onsets import Onsets
from analyzer.findings.rhythm.pulse import Pulse
from analyzer.findings.viterbi import Scores, likeliest_path
from analyzer.models.network import Network, load_network

__all__ = ["Block", "TempoHypothesis", "candidates_of", "find_tempo_hypotheses", "inputs", "look"]

MULTIPLES = (1 / 2, 2 / 3, 3 / 4, 1, 4 / 3, 3 / 2, 2, 8 / 3, 3, 4)
SLOWEST_BPM, FASTEST_BPM = 48.0, 225.0

_WINDOW = 2048
_HOP = 1024
_LAGS = 1024
_GROUPS = ((0,), (1, 2), (3, 4), (5, 6), (7,))
_PAIRS = ((0, 2), (0, 3), (2, 3))
_RATIOS = (1/8, 1/6, 1/4, 1/3, 1/2, 2/3, 3/4, 1, 4/3, 3/2, 5/3, 2, 5/2, 3, 4, 6, 8)  # fmt: skip
_PAIR_RATIOS = (1/2, 1, 3/2, 2, 3, 4)  # fmt: skip
_TEMPO_CENTRES_BPM = 50.0 * (220 / 50) ** (np.arange(9) / 8)
_TOLERANCE = 0.012
_BATCH = 8
"""Blocks that are looked at together."""

_SILENT = 0.5
_SAME_TEMPO = 0.06
_SWITCH_COST = 6.0


@dataclass(frozen=True)
class Block:
    """What is known of 20.5 s.

    Attributes:
        time_sec: The middle.
        auto: Autocorrelation of each group of bands, shape (groups, lags).
        cross: Correlation of pairs of groups, lags from −10 to 10 s, shape (pairs, lags).
        density: Attacks a second in each group, shape (groups,).
        balance: Share of each group in the strength, shape (groups,).
        interval_sec: Of a lag.

    """

    time_sec: float
    auto: Float32
    cross: Float32
    density: Float64
    balance: Float32
    interval_sec: float


@dataclass(frozen=True)
class TempoHypothesis:
    """The tempo of one block, and what else it could be.

    Attributes:
        time_sec: The middle of the block.
        bpm: The hypothesis that fits this block and its neighbours best.
        candidates_bpm: All hypotheses, this one among them, shape (candidates,).
        log_odds: Of each by itself, shape (candidates,).

    """

    time_sec: float
    bpm: float
    candidates_bpm: Float64
    log_odds: Float64


def look(onsets: Onsets) -> Iterator[Block]:
    """Yield what the network needs to know of each block, 10.2 s apart; a short file is one."""
    count = max(1, 1 + -(-(len(onsets.strength) - _WINDOW) // _HOP))
    for first in range(0, count, _BATCH):
        yield from _blocks(onsets, range(first, min(first + _BATCH, count)))


def _blocks(onsets: Onsets, numbers: range) -> Iterator[Block]:
    begins = np.array(numbers) * _HOP
    frames = np.minimum(len(onsets.strength) - begins, _WINDOW)
    groups = _groups(onsets.strength[begins[0] : begins[-1] + _WINDOW], len(begins))
    mean = groups.mean(axis=2, keepdims=True)
    attacks = _attacks(groups)
    groups -= mean
    spread = np.sqrt(np.square(groups).mean(axis=2, keepdims=True))
    groups /= np.where(spread > _SILENT, spread, np.inf)
    spectrum = np.fft.rfft(groups, 2 * _WINDOW, axis=2)
    unbiased = (1 / (_WINDOW - np.arange(_LAGS + 1))).astype(np.float32)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    auto = np.fft.irfft(power, axis=2)[:, :, : _LAGS + 1] * unbiased
    ones, others = ([pair[at] for pair in _PAIRS] for at in (0, 1))
    lags = np.fft.irfft(spectrum[:, ones].conj() * spectrum[:, others], axis=2)
    cross = np.concatenate([lags[:, :, -_LAGS:], lags[:, :, : _LAGS + 1]], axis=2)
    cross *= np.concatenate([unbiased[:0:-1], unbiased])
    for at, (begin, length) in enumerate(zip(begins.tolist(), frames.tolist(), strict=True)):
        yield Block(
            onsets.start_sec + (begin + length / 2) * onsets.interval_sec,
            auto[at].astype(np.float32, copy=False),
            cross[at].astype(np.float32, copy=False),
            attacks[at] / (length * onsets.interval_sec),
            np.asarray(mean[at, :, 0] / max(float(mean[at].sum()), 1e-6), np.float32),
            onsets.interval_sec,
        )


def _groups(strength: UInt8, blocks: int) -> Float32:
    """Return the strength of each group in windows, zeros after its end: (blocks, groups, …)."""
    padded = np.zeros((len(_GROUPS), (blocks - 1) * _HOP + _WINDOW), np.float32)
    for group, bands in enumerate(_GROUPS):
        strength[:, list(bands)].sum(axis=1, out=padded[group, : len(strength)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_HOP]
    return np.array(windows.transpose(1, 0, 2), order="C")


def candidates_of(pulse_sec: float) -> Float64:
    """Return the tempi in beats a minute that a pulse of this period can be read as."""
    bpm = 60 / pulse_sec * np.array(MULTIPLES)
    return bpm[(bpm >= SLOWEST_BPM) & (bpm <= FASTEST_BPM)]


def inputs(block: Block, candidates_bpm: Float64) -> Float32:
    """Return what the network sees of each hypothesis: shape (candidates, inputs)."""
    period = 60 / candidates_bpm / block.interval_sec
    auto = _at(block.auto, period[:, None] * np.array(_RATIOS), 0)
    ratios = np.array(_PAIR_RATIOS)
    both = np.concatenate([-ratios[::-1], ratios])
    cross = _at(block.cross, period[:, None] * both, _LAGS)
    octave = np.log2(candidates_bpm[:, None] / _TEMPO_CENTRES_BPM)
    tempo = np.exp(-0.5 * np.square(octave / 0.2))
    busy = np.log(1e-2 + block.density * 60 / candidates_bpm[:, None])
    balance = np.broadcast_to(block.balance, busy.shape)
    count = len(candidates_bpm)
    parts = [auto.reshape(count, -1), cross.reshape(count, -1), tempo, busy, balance]
    return np.concatenate(parts, axis=1).astype(np.float32)


def find_tempo_hypotheses(
    onsets: Onsets,
    pulse: Pulse,
    *,
    allowed_bpm: tuple[float, float] | None = None,
    network: Network | None = None,
) -> Sequence[TempoHypothesis]:
    """Return the hypothesis of each block: a path on which changing one's mind has a price."""
    network = network or load_network("rhythm.json", "octave")
    times, candidates, odds = [], [], []
    for block in look(onsets):
        nearest = int(np.abs(pulse.time_sec - block.time_sec).argmin())
        bpm = candidates_of(float(pulse.period_sec[nearest]))
        times.append(block.time_sec)
        candidates.append(bpm)
        odds.append(network(inputs(block, bpm))[:, 0].astype(np.float64))
    scores = [
        _within(bpm, log_odds, allowed_bpm) for bpm, log_odds in zip(candidates, odds, strict=True)
    ]
    chosen = likeliest_path(scores, partial(_reach, candidates))
    return [
        TempoHypothesis(time, float(bpm[choice]), bpm, log_odds)
        for time, bpm, log_odds, choice in zip(times, candidates, odds, chosen, strict=True)
    ]


def _within(
    bpm: Float64,
    log_odds: Float64,
    allowed_bpm: tuple[float, float] | None,
) -> Float64:
    """Rule out what the producer rules out, if anything is left then."""
    if allowed_bpm is None:
        return log_odds
    inside = (bpm >= allowed_bpm[0] * 0.99) & (bpm <= allowed_bpm[1] * 1.01)
    return np.where(inside, log_odds, log_odds - 1e3)


def _reach(candidates: Sequence[Float64], block: int, score: Scores) -> tuple[FrameNumbers, Scores]:
    """Keep the tempo, or read another multiple of it from here on at a price."""
    apart = np.abs(np.log(candidates[block][:, None] / candidates[block - 1]))
    reached = score - _SWITCH_COST * (apart > _SAME_TEMPO)
    return reached.argmax(axis=1), reached.max(axis=1)


def _at(values: Float32, lags: Float64, zero: int) -> Float64:
    """Return the highest value around each lag: (rows of values) × lags → (…, rows, lags)."""
    slack = np.maximum(1.0, np.abs(lags) * _TOLERANCE)
    last = values.shape[1] - 2
    position = lags + np.array([-1.0, -0.5, 0.0, 0.5, 1.0])[:, None, None] * slack + zero
    np.clip(position, 0, last + 0.999, out=position)
    below = position.astype(np.intp)
    rest = position - below
    highest = (values.take(below, axis=1) * (1 - rest) + values.take(below + 1, axis=1) * rest).max(
        axis=1
    )
    heard = np.abs(lags) <= _LAGS
    return np.moveaxis(np.where(heard, highest, 0.0), 0, 1)


def _attacks(groups: Float32) -> Float64:
    """Count the local maxima of each group that rise above its mean by its spread."""
    threshold = groups.mean(axis=-1) + groups.std(axis=-1) + 1.0
    middle = groups[..., 1:-1]
    peak = (middle > groups[..., :-2]) & (middle >= groups[..., 2:])
    peak &= middle > threshold[..., None]
    return np.asarray(peak.sum(axis=-1, dtype=np.float64))
