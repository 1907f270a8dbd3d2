"""Train the network that hears vocals, and say how well it does on voices that it has never heard.

`python -m tools.train.vocals` writes `analyzer/models/vocals.json`, the same bytes every time, and
prints the validation that `docs/analysis/` quotes. It needs FluidSynth, espeak-ng and the music
of four games: `apt install fluidsynth fluid-soundfont-gm espeak-ng singularity-music noiz2sa-data
parsec47-data gunroar-data`.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

from tools.train import arithmetic

if __name__ == "__main__":
    arithmetic.fix()  # before numpy is imported

import numpy as np
from numpy.typing import NDArray

from analyzer.features.extract import Extractor
from analyzer.features.voice import Voice
from analyzer.findings.vocals import (
    HOP_STEPS,
    WINDOW_STEPS,
    VocalModel,
    find_vocals,
    predict_vocals,
    window_figures,
)
from tools.train.vocal_material import RATE, VocalPiece, make_vocal_piece

MODEL = Path(__file__).parents[2] / "analyzer" / "models" / "vocals.json"
_TRAINED = range(660)
_VALIDATED = range(800, 840)
_SECONDS = 14.0
_UNITS, _EPOCHS, _BATCH, _RATE, _DECAY, _NOISE = 48, 20, 128, 2e-3, 2e-3, 0.1
_CAUTION, _STAY = 1.5, 5.0
_SUNG, _UNSUNG = 0.6, 0.05
_DIGITS = 4

Floats = NDArray[np.float64]
Figures = NDArray[np.float32]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Heard:
    """A piece as the analyzer hears it: features, and how much of each window's middle is sung."""

    voice: Voice
    figures: Figures
    sung: Floats
    steps: Bools
    kind: str


@dataclass(frozen=True)
class Windows:
    """Windows that are clearly sung or clearly not."""

    figures: Figures
    sung: Bools
    kind: NDArray[np.str_]


def hear(piece: VocalPiece) -> Heard:
    """Take a piece's features as the analyzer does."""
    extractor = Extractor(RATE, 2, silence_top_db=60)
    extractor.add(piece.samples)
    voice = extractor.finish().voice
    figures = window_figures(voice)
    quarter = WINDOW_STEPS // 4
    middles = [
        piece.sung[start + quarter : start + WINDOW_STEPS - quarter].mean()
        for start in range(0, len(figures) * HOP_STEPS, HOP_STEPS)
    ]
    return Heard(voice, figures, np.array(middles), piece.sung, piece.kind)


def gather(seeds: range, *, held_out: bool) -> list[Heard]:
    """Make and hear the pieces of some seeds, each with and without vocals."""
    return [
        hear(piece)
        for seed in seeds
        for piece in make_vocal_piece(seed, seconds=_SECONDS, held_out=held_out)
    ]


def windows(heard: list[Heard]) -> Windows:
    """Leave out what is neither sung nor unsung."""
    sung = np.concatenate([piece.sung for piece in heard])
    clear = (sung >= _SUNG) | (sung <= _UNSUNG)
    kinds = np.concatenate([np.full(len(piece.sung), piece.kind) for piece in heard])
    figures = np.concatenate([piece.figures for piece in heard])
    return Windows(figures[clear], sung[clear] >= _SUNG, kinds[clear])


def train(data: Windows) -> VocalModel:
    """Fit the network by Adam (Kingma and Ba, 2015) on the logistic loss, both classes alike."""
    random = np.random.default_rng(0)
    figures = data.figures.astype(np.float64)
    centre, scale = figures.mean(axis=0), figures.std(axis=0) + 1e-6
    scaled = ((figures - centre) / scale).clip(-4, 4)
    count, width = scaled.shape
    hidden = random.standard_normal((width + 1, _UNITS)) / np.sqrt(width)
    output = random.standard_normal(_UNITS + 1) / np.sqrt(_UNITS)
    hidden[-1], output[-1] = 0, 0
    weight = np.where(data.sung, 0.5 / data.sung.mean(), 0.5 / (1 - data.sung.mean()))
    fitted = (hidden, output)
    means, squares = ([np.zeros_like(part) for part in fitted] for _ in range(2))
    turn = 0
    for epoch in range(_EPOCHS):
        rate = _RATE * (0.5 + 0.5 * np.cos(np.pi * epoch / _EPOCHS))
        order = random.permutation(count)
        for start in range(0, count, _BATCH):
            chosen = order[start : start + _BATCH]
            shown = scaled[chosen] + _NOISE * random.standard_normal((len(chosen), width))
            units = np.tanh(shown @ hidden[:-1] + hidden[-1])
            likely = 1 / (1 + np.exp(-(units @ output[:-1] + output[-1])))
            error = (likely - data.sung[chosen]) * weight[chosen] / len(chosen)
            back = error[:, None] * output[:-1] * (1 - units * units)
            slopes = (
                np.vstack([shown.T @ back, back.sum(axis=0)]) + _DECAY * hidden,
                np.append(units.T @ error, error.sum()) + _DECAY * output,
            )
            turn += 1
            for part, slope in enumerate(slopes):
                means[part] += 0.1 * (slope - means[part])
                squares[part] += 0.001 * (slope * slope - squares[part])
                spread = np.sqrt(squares[part] / (1 - 0.999**turn)) + 1e-8
                fitted[part][:] -= rate * means[part] / (1 - 0.9**turn) / spread
    return VocalModel(
        centre=_rounded(centre),
        scale=_rounded(scale),
        hidden=_rounded(hidden),
        output=_rounded(output),
        caution=_CAUTION,
        stay=_STAY,
    )


def write(model: VocalModel, path: Path) -> None:
    """Write the weights, a row to a line."""
    names = ("centre", "scale", "hidden", "output")
    lines = [f'"{name}": {_rows(getattr(model, name))}' for name in names]
    lines += [f'"caution": {model.caution}', f'"stay": {model.stay}']
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{" + ",\n".join(lines) + "}\n", encoding="utf-8")


def validate(model: VocalModel, heard: list[Heard]) -> None:
    """Print how well windows, seconds and whole pieces are told."""
    data = windows(heard)
    logits = model.logits(data.figures) - model.caution
    print(f"windows of 2 s: AUC {area_under_curve(data.sung, logits):.3f}")
    for kind in sorted(set(data.kind.tolist())):
        own = data.kind == kind
        shares = [
            f"{(logits[own & which] > 0).mean():.3f} of {int((own & which).sum())} {name}"
            for name, which in (("sung", data.sung), ("unsung", ~data.sung))
            if (own & which).any()
        ]
        print(f"  {kind:<7} heard as vocals: {', '.join(shares)}")
    hits = false = missed = 0
    present: dict[bool, list[bool]] = {True: [], False: []}
    for piece in heard:
        evidence = predict_vocals(piece.voice, model=model)
        found = find_vocals(evidence, piece.voice, slice(None), stay=model.stay)
        assert found is not None  # noqa: S101
        marked = np.zeros(len(piece.voice.partials), np.bool_)
        for segment in found.segments:
            marked[segment.first : segment.end] = True
        truth = piece.steps[: len(marked)]
        hits += int((marked & truth).sum())
        false += int((marked & ~truth).sum())
        missed += int((~marked & truth).sum())
        present[bool(truth.any())].append(found.present)
    print(f"segments: F1 {2 * hits / (2 * hits + false + missed):.3f} by time")
    right, wrong = (np.mean(present[sung]) for sung in (True, False))
    print(f"pieces with vocals: {right:.3f} found; without: {wrong:.3f} taken for such")


def area_under_curve(truth: Bools, score: Floats) -> float:
    """Return how likely a true one scores above a false one."""
    rank = np.empty(len(score))
    rank[np.argsort(score, kind="stable")] = np.arange(1, len(score) + 1)
    positive, negative = int(truth.sum()), int((~truth).sum())
    return float((rank[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _rounded(values: Floats) -> Floats:
    return np.array([float(f"{value:.{_DIGITS}g}") for value in values.ravel()]).reshape(
        values.shape
    )


def _rows(values: Floats) -> str:
    if values.ndim == 1:
        return json.dumps(values.tolist())
    return "[" + ",\n".join(json.dumps(row) for row in values.tolist()) + "]"


def main() -> None:
    """Train, write and validate."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=MODEL)
    options = parser.parse_args()
    print(arithmetic.describe())
    started = time.monotonic()
    model = train(windows(gather(_TRAINED, held_out=False)))
    write(model, options.out)
    validate(model, gather(_VALIDATED, held_out=True))
    took = time.monotonic() - started
    print(f"{options.out.name}: {options.out.stat().st_size:,} bytes, {took:.0f} s")


if __name__ == "__main__":
    main()
