"""Where somebody sings or speaks: a small trained model over two seconds at a time.

Every half second the two seconds around it are described by 90 figures: the shape of the spectrum
and how it changes, how fast the bands pulse, how the partials move, and what is in the middle. A
network with one hidden layer makes a likelihood of them, and the best path through two states
makes segments. `tools/train/vocals.py` trains it and says how good it is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from analyzer.arrays import Float32, Float64, Mask, UInt8
from analyzer.features.voice import (
    MEL_SCALE,
    MELS_PER_STEP,
    PARTIALS,
    POWER_FLOOR_DB,
    POWER_RANGE_DB,
    Voice,
)
from analyzer.findings.viterbi import change_at_a_cost, likeliest_path
from analyzer.models.stored import load

__all__ = [
    "HOP_STEPS",
    "WINDOW_STEPS",
    "Segment",
    "VocalModel",
    "Vocals",
    "find_vocals",
    "load_model",
    "predict_vocals",
    "window_figures",
]

WINDOW_STEPS, HOP_STEPS = 20, 5
_STEP_SEC = 0.1
_GROUPS = np.array((0, 4, 8, 13, 18, 23, 29, 36))
"""Edges of seven groups of the 36 mel bands."""

_SHAPES, _MOVING_SHAPES, _FAST_SHAPES = 13, 10, 8
_PULSES_HZ = ((1.0, 3.0), (3.5, 6.0), (6.5, 10.0))
_PAIRS = ((1, 5), (2, 6), (1, 3))
_BATCH = 256
_ROWS = 40
_LEAST_SEC = 1.5
_SILENT_DB = -60.0
_SURE = 6.0
"""No window has more to say than this, as a logit."""

_PRESENT_SEC, _PRESENT_SHARE, _PRESENT_SHORT = 6.0, 0.05, 0.3
_CERTAIN = 1e-4


@dataclass(frozen=True)
class VocalModel:
    """Weights: figures are centred and scaled, then go through tanh units to one logit.

    Attributes:
        centre: Subtracted from the figures; shape (figures,).
        scale: What they are divided by.
        hidden: Weights of the units, shape (figures + 1, units): the last row are offsets.
        output: Weights of the logit, shape (units + 1,).
        caution: Subtracted from the logit: false alarms are worse than misses.
        stay: Cost of a change between the states, as logit.

    """

    centre: Float64
    scale: Float64
    hidden: Float64
    output: Float64
    caution: float
    stay: float

    def logits(self, figures: Float32) -> Float64:
        """Return the evidence for vocals of each row of figures."""
        scaled = ((figures - self.centre) / self.scale).clip(-4, 4)
        units = np.tanh(scaled @ self.hidden[:-1] + self.hidden[-1])
        return np.asarray(units @ self.output[:-1] + self.output[-1])


@dataclass(frozen=True)
class Segment:
    """A part with vocals, in steps from the first that was given, and how sure that is."""

    first: int
    end: int
    confidence: float


@dataclass(frozen=True)
class Vocals:
    """What was found.

    Attributes:
        present: Whether there are vocals worth the name.
        presence: Share of the time that is in segments.
        confidence: How likely `present` is right, 0.5 to 1.
        segments: In the order of time.
        rms: Level of the centred partials within the segments, full scale = 1.

    """

    present: bool
    presence: float
    confidence: float
    segments: list[Segment]
    rms: float


def load_model() -> VocalModel:
    """Return the weights that come with the analyzer."""
    return load("vocals.json", _vocal_model)


def _vocal_model(stored: dict[str, Any]) -> VocalModel:
    """Read what `tools.train.vocals` writes."""
    arrays = {name: np.array(stored[name]) for name in ("centre", "scale", "hidden", "output")}
    return VocalModel(**arrays, caution=stored["caution"], stay=stored["stay"])


def predict_vocals(voice: Voice, *, model: VocalModel | None = None) -> Float64:
    """Return the evidence for vocals of each window of a file, as a logit; shape (windows,).

    Window i begins with step 5·i. What is silent has none, whatever the model makes of it.
    """
    model = model or load_model()
    logits = [model.logits(figures) for figures in _batches(voice)]
    if not logits:
        return np.empty(0)
    kept = voice.partials[:, PARTIALS.index("power")]
    loudest = np.lib.stride_tricks.sliding_window_view(kept, WINDOW_STEPS)[::HOP_STEPS].max(axis=1)
    heard = _decibels(loudest) > _SILENT_DB
    return np.where(heard, np.concatenate(logits) - model.caution, -_SURE).clip(-_SURE, _SURE)


def find_vocals(
    evidence: Float64, voice: Voice, steps: slice, *, stay: float | None = None
) -> Vocals | None:
    """Return the vocals of some steps, from those windows that lie inside them; null without any.

    A change between singing and not singing costs `stay`, by default what the model says.
    """
    stay = load_model().stay if stay is None else stay
    start, stop, _ = steps.indices(len(voice.partials))
    first, last = -(-start // HOP_STEPS), (stop - WINDOW_STEPS) // HOP_STEPS
    logits = evidence[first : max(first, last + 1)]
    if not len(logits):
        return None
    total = stop - start
    states = np.stack([np.zeros(len(logits)), logits], axis=1)
    sung = likeliest_path(states, change_at_a_cost(2, stay)) == 1
    segments = _segments(sung, logits, first * HOP_STEPS - start, total)
    length = sum(segment.end - segment.first for segment in segments)
    least = min(_PRESENT_SEC / _STEP_SEC, _PRESENT_SHORT * total)
    present = length >= max(least, _PRESENT_SHARE * total)
    if present:
        confidence = sum(s.confidence * (s.end - s.first) for s in segments) / length
    else:
        strongest = np.sort(logits)[-max(1, len(logits) // 20) :].mean()
        confidence = max(0.5, 1 - _probability(float(strongest)))
    return Vocals(
        present=present,
        presence=length / total,
        confidence=min(confidence, 0.99),
        segments=segments,
        rms=_level(voice.partials[steps], segments),
    )


def window_figures(voice: Voice) -> Float32:
    """Return the figures of each window of a file, one window every half second: shape (n, 90)."""
    batches = list(_batches(voice))
    return np.concatenate(batches) if batches else np.empty((0, 0), np.float32)


def _batches(voice: Voice) -> Iterator[Float32]:
    """Yield the figures of some windows after others: of six hours they take 16 MB."""
    count = max(0, (len(voice.partials) - WINDOW_STEPS) // HOP_STEPS + 1)
    for first in range(0, count, _BATCH):
        last = min(first + _BATCH, count) - 1
        steps = slice(first * HOP_STEPS, last * HOP_STEPS + WINDOW_STEPS)
        yield _figures(voice.mel[steps], voice.side[steps], voice.partials[steps])


def _figures(mel: UInt8, side: UInt8, partials: UInt8) -> Float32:
    """Return the figures of each window of some steps; what windows share is worked out once."""
    frames = mel.reshape(-1, mel.shape[2]) * np.float32(1 / MEL_SCALE)
    # Cepstral shapes (MFCC; Davis and Mermelstein, 1980), their means, spreads and changes.
    rows = _times(frames, _cosines(mel.shape[2]))
    shapes = _Windows(rows, MELS_PER_STEP)
    changes = np.abs(np.diff(rows[:, :_FAST_SHAPES], axis=0))
    fast = _Windows(changes, MELS_PER_STEP).mean()
    windows = _Windows(_times(frames, _group_means()), MELS_PER_STEP)
    groups = windows.rows() - windows.mean()
    spread = np.sqrt(np.square(groups).mean(axis=0)) + 0.02
    # Modulation spectrum: syllables pulse at 3 to 6 Hz (Houtgast and Steeneken, 1985).
    spectrum = np.abs(np.fft.rfft(groups * _pulse_window(len(groups)), axis=0)) ** 2
    hz = np.fft.rfftfreq(len(groups), _STEP_SEC / MELS_PER_STEP)
    whole = spectrum[hz >= 1].sum(axis=0) + 1e-3
    pulses = [spectrum[(hz >= low) & (hz <= high)].sum(axis=0) / whole for low, high in _PULSES_HZ]
    # Do bands move together, as those of one voice do?
    pairs = [
        np.ascontiguousarray((groups[:, :, a] * groups[:, :, b]).T).mean(axis=1)
        / (spread[:, a] * spread[:, b])
        for a, b in _PAIRS
    ]
    places, kept = side * np.float32(1 / 255), partials * np.float32(1 / 255)
    place, parts = _Windows(places), _Windows(kept)
    centred = _each(places[:, 1:6].mean(axis=1))
    power = _each(kept[:, PARTIALS.index("power")])
    apart = centred - centred.mean(axis=1, keepdims=True)
    louder = power - power.mean(axis=1, keepdims=True)
    # Is the sound more in the middle whenever it is louder? A lead voice comes and goes there.
    together = (apart * louder).mean(axis=1) / (apart.std(axis=1) * louder.std(axis=1) + 1e-3)
    return np.concatenate(
        [
            shapes.mean(),
            shapes.std()[:, :_MOVING_SHAPES],
            fast,
            np.log(spread),
            *pulses,
            np.stack(pairs, axis=1),
            place.mean(),
            place.std(),
            parts.mean()[:, :-1],
            parts.std(),
            together[:, None],
        ],
        axis=1,
    )


class _Windows:
    """Windows of rows, in a layout in which all windows are summed up at once, row by row."""

    def __init__(self, rows: Float32, per_step: int = 1) -> None:
        """Take rows, so many per step; there may be one less, which windows then have less too."""
        hop = HOP_STEPS * per_step
        self._hops = -(-len(rows) // hop)
        self._length = WINDOW_STEPS * per_step - (self._hops * hop - len(rows))
        padded = np.zeros((self._hops * hop, rows.shape[1]), np.float32)
        padded[: len(rows)] = rows
        self._rows = np.ascontiguousarray(padded.reshape(-1, hop, rows.shape[1]).swapaxes(0, 1))

    def __iter__(self) -> Iterator[Float32]:
        """Yield the first row of every window, then the second, and so on: (windows, columns)."""
        hop = len(self._rows)
        count = self._hops - WINDOW_STEPS // HOP_STEPS + 1
        for row in range(self._length):
            skipped, place = divmod(row, hop)
            yield self._rows[place, skipped : skipped + count]

    def rows(self) -> Float32:
        """Return shape (rows, windows, columns)."""
        return np.stack(list(self))

    def mean(self) -> Float32:
        """Return the mean of each window: shape (windows, columns)."""
        return _mean(self, self._length)

    def std(self) -> Float32:
        """Return the standard deviation of each window: shape (windows, columns)."""
        mean = self.mean()
        return np.sqrt(_mean((np.square(row - mean) for row in self), self._length))


def _mean(rows: Iterable[Float32], count: int) -> Float32:
    each = iter(rows)
    total = next(each).copy()
    for row in each:
        total += row
    return np.asarray(total / np.float32(count))


def _each(values: Float32) -> Float32:
    """Return the windows of values of steps: shape (windows, steps)."""
    return np.lib.stride_tricks.sliding_window_view(values, WINDOW_STEPS)[::HOP_STEPS]


def _times(frames: Float32, weights: Float32) -> Float32:
    """Return a product of matrices, some rows at a time: for few, numpy has a faster way."""
    padded = np.zeros((-(-len(frames) // _ROWS) * _ROWS, frames.shape[1]), np.float32)
    padded[: len(frames)] = frames
    product = padded.reshape(-1, _ROWS, frames.shape[1]) @ weights
    return product.reshape(-1, weights.shape[1])[: len(frames)]


@cache
def _cosines(bands: int) -> Float32:
    """Return what makes cepstral shapes of bands: the mean is left out, as level says nothing."""
    angle = np.pi * np.arange(1, _SHAPES + 1) * (np.arange(bands)[:, None] + 0.5) / bands
    return np.asarray(np.cos(angle) / bands * 2, np.float32)


@cache
def _group_means() -> Float32:
    """Return what averages the bands of each group: shape (bands, groups)."""
    band = np.arange(_GROUPS[-1])[:, None]
    inside = (band >= _GROUPS[:-1]) & (band < _GROUPS[1:])
    return np.asarray(inside / inside.sum(axis=0), np.float32)


@cache
def _pulse_window(frames: int) -> Float32:
    return np.asarray(np.hanning(frames)[:, None, None], np.float32)


def _segments(sung: Mask, logits: Float64, offset: int, total: int) -> list[Segment]:
    """Return runs of sung windows; each speaks for the half second in its middle."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], sung, [False]]).astype(np.int8)))
    middle = offset + (WINDOW_STEPS - HOP_STEPS) // 2
    found = []
    for first, end in edges.reshape(-1, 2).tolist():
        start = 0 if first == 0 else first * HOP_STEPS + middle
        stop = total if end == len(sung) else end * HOP_STEPS + middle
        if (stop - start) * _STEP_SEC >= _LEAST_SEC:
            found.append(Segment(start, stop, _probability(float(logits[first:end].mean()))))
    return found


def _probability(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def _level(partials: UInt8, segments: list[Segment]) -> float:
    """Return the RMS of the partials between 150 Hz and 4 kHz in the middle, within segments."""
    tonal = partials[:, PARTIALS.index("tonal")] / 255.0
    power = tonal * 10 ** (_decibels(partials[:, PARTIALS.index("power")]) / 10)
    inside = [power[segment.first : segment.end] for segment in segments]
    return float(np.sqrt(np.concatenate(inside).mean())) if inside else 0.0


def _decibels(kept: UInt8) -> Float64:
    return np.asarray(kept / 255.0 * POWER_RANGE_DB - POWER_FLOOR_DB)
