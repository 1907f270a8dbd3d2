"""Train the key model: `python -m tools.train.key` writes `analyzer/models/key.json`.

Before it fits the model that it writes, to all pieces, it measures what to expect of it: by models
that never heard the renderer, the styles, or the pieces that they are tried on.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.train import arithmetic

if __name__ == "__main__":
    arithmetic.fix()  # before numpy is imported

import numpy as np
import numpy.typing as npt

from analyzer.findings.key.chords import CHORD_FEATURES
from analyzer.findings.key.evidence import END_EVIDENCE, EVIDENCE
from tools.train.key_data import Heard, chord_examples, hear, key_examples
from tools.train.key_fit import Fit, fit_tied
from tools.train.key_material import RENDERERS, SEEDS, example
from tools.train.key_score import figures
from tools.train.key_scores import styles

__all__ = ["main"]

_MODEL = Path(__file__).parents[2] / "analyzer" / "models" / "key.json"
_CHORD_PENALTY = 1e-4
_KEY_PENALTY = 1.5e-2
_FOLDS = 4
_DIGITS = 3
_MODES = ("major", "minor")
_KINDS = {"whole": (*EVIDENCE, *END_EVIDENCE), "part": EVIDENCE}
"""Pieces from beginning to end, and any stretch of sound: what is known of each."""

Mask = npt.NDArray[np.bool_]


def main() -> None:
    """Render, listen, validate, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=_MODEL)
    output = parser.parse_args().output
    print(arithmetic.describe())
    heard = [hear(example(seed, renderer)) for renderer in RENDERERS for seed in SEEDS]
    output.write_text(train(heard, say=print), "utf-8")


def train(heard: list[Heard], *, say: Callable[[str], None]) -> str:
    """Return the model as JSON, with what was found on the way."""
    keys = np.array([one.key for one in heard])
    # There are three times as many styles without cadences, and they must not decide alone.
    counted = np.array([1 + one.piece.clear for one in heard])
    validation: dict[str, object] = {}
    sharpness = {}
    for name, splits in (
        ("unheard renderer", _by_renderer),
        ("unheard styles", _by_style),
        ("unheard pieces", _by_piece),
    ):
        scores = {kind: np.zeros((len(heard), 24)) for kind in _KINDS}
        for trained, tried in splits(heard):
            seen = key_examples(heard, _fit_chords([heard[i] for i in np.flatnonzero(trained)]))
            for kind, names in _KINDS.items():
                part = seen[:, :, : len(names) * 12]
                fit = fit_tied(
                    part[trained], keys[trained], counted=counted[trained], penalty=_KEY_PENALTY
                )
                scores[kind][tried] = fit.scores(part[tried])
        for kind in _KINDS:
            sharpness[kind] = _sharpness(scores[kind], keys)
            validation[f"{kind}, {name}"] = figures(heard, scores[kind])
            say(f"{kind}, {name}: {json.dumps(validation[f'{kind}, {name}'])}")
    chords = _fit_chords(heard)
    model = {
        "about": {
            "what": "log-linear weights of chords and keys by semitones above root or tonic",
            "made_by": "python -m tools.train.key",
            "material": f"{len(heard)} synthetic pieces, seeds {SEEDS.start}–{SEEDS.stop - 1}",
            "sound_font": "FluidR3_GM.sf2",
            "version": 1,
        },
        "tuning": _tuning_errors(heard),
        "validation": validation,
        "chords": _weights(chords, CHORD_FEATURES, 1.0),
    }
    seen = key_examples(heard, chords)
    for kind, names in _KINDS.items():
        part = seen[:, :, : len(names) * 12]
        fit = fit_tied(part, keys, counted=counted, penalty=_KEY_PENALTY)
        model[kind] = _weights(fit, names, sharpness[kind])
    return _readable(model)


def _fit_chords(heard: list[Heard]) -> Fit:
    features, truth = chord_examples(heard)
    return fit_tied(features, truth, penalty=_CHORD_PENALTY)


def _by_renderer(heard: list[Heard]) -> Iterator[tuple[Mask, Mask]]:
    renderers = np.array([one.renderer for one in heard])
    for renderer in RENDERERS:
        yield renderers != renderer, renderers == renderer


def _by_style(heard: list[Heard]) -> Iterator[tuple[Mask, Mask]]:
    fold = np.array([styles().index(one.piece.style) for one in heard]) % _FOLDS
    for tried in range(_FOLDS):
        yield fold != tried, fold == tried


def _by_piece(heard: list[Heard]) -> Iterator[tuple[Mask, Mask]]:
    fold = np.arange(len(heard)) % len(SEEDS) // len(styles()) % _FOLDS
    for tried in range(_FOLDS):
        yield fold != tried, fold == tried


def _tuning_errors(heard: list[Heard]) -> dict[str, float]:
    off = np.array([(found - true + 50) % 100 - 50 for true, found in (one.cents for one in heard)])
    return {
        "median_error_cents": round(float(np.median(np.abs(off))), 1),
        "percent_within_10_cents": round(100 * float((np.abs(off) <= 10).mean()), 1),
    }


def _sharpness(scores: npt.NDArray[np.float64], keys: npt.NDArray[np.intp]) -> float:
    """Return the factor of scores at which they predict unheard pieces best."""
    best, least = 1.0, np.inf
    for factor in np.arange(0.3, 1.5, 0.05):
        logs = scores * factor
        logs = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
        loss = -float(logs[np.arange(len(keys)), keys].mean())
        if loss < least:
            best, least = float(factor), loss
    return round(best, 2)


def _weights(fit: Fit, names: tuple[str, ...], sharpness: float) -> dict[str, object]:
    weights: dict[str, object] = {"sharpness": sharpness}
    weights["constant"] = {
        mode: round(float(fit.constant[number]), _DIGITS) for number, mode in enumerate(_MODES)
    }
    for number, mode in enumerate(_MODES):
        rows = fit.weights[number].reshape(-1, 12)
        weights[mode] = {name: _rounded(row) for name, row in zip(names, rows, strict=True)}
    return weights


def _rounded(row: npt.NDArray[np.float64]) -> list[float]:
    return [round(float(weight), _DIGITS) + 0.0 for weight in row]


def _readable(model: dict[str, object]) -> str:
    """Return JSON with one line for each list of weights."""

    def lines(value: object, indent: str) -> str:
        if not isinstance(value, dict):
            return json.dumps(value, ensure_ascii=False)
        inner = indent + " "
        rows = [f"{inner}{json.dumps(k)}: {lines(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"

    return lines(model, "") + "\n"


if __name__ == "__main__":
    main()
