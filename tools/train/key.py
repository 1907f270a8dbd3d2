"""Train the key model: `python -m tools.train.key` writes `analyzer/models/key.json`.

Before it fits the model that it writes, to all pieces, it measures what to expect of it: by models
that never heard the renderer, or the styles, that they are tried on.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from analyzer.measures.chords import CHORD_FEATURES
from analyzer.measures.key_evidence import END_EVIDENCE, EVIDENCE
from tools.train.key_data import Heard, chord_examples, hear, key_examples
from tools.train.key_fit import Fit, fit_tied
from tools.train.key_material import RENDERERS, SEEDS, example
from tools.train.key_score import figures

__all__ = ["main"]

_MODEL = Path(__file__).parents[2] / "analyzer" / "models" / "key.json"
_CHORD_PENALTY = 1e-4
_KEY_PENALTY = 1e-2
_FOLDS = 4
_DIGITS = 3
_MODES = ("major", "minor")

Mask = npt.NDArray[np.bool_]


def main() -> None:
    """Render, listen, validate, fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=_MODEL)
    output = parser.parse_args().output
    heard = [hear(example(seed, renderer)) for renderer in RENDERERS for seed in SEEDS]
    output.write_text(train(heard, say=print), "utf-8")


def train(heard: list[Heard], *, say: Callable[[str], None]) -> str:
    """Return the model as JSON, with what was found on the way."""
    keys = np.array([one.key for one in heard])
    validation = {}
    sharpness = {}
    for name, splits in (("unheard renderer", _by_renderer), ("unheard pieces", _by_piece)):
        for ends in (True, False):
            scores = np.zeros((len(heard), 24))
            for trained, tried in splits(heard):
                chords = _fit_chords([heard[i] for i in np.flatnonzero(trained)])
                seen = key_examples(heard, chords, ends=ends)
                fit = fit_tied(seen[trained], keys[trained], penalty=_KEY_PENALTY)
                scores[tried] = fit.scores(seen[tried])
            kind = "whole" if ends else "part"
            sharpness[kind] = _sharpness(scores, keys)
            validation[f"{kind}, {name}"] = figures(heard, scores)
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
        "validation": validation,
        "chords": _weights(chords, CHORD_FEATURES, 1.0),
    }
    for kind, names in (("whole", (*EVIDENCE, *END_EVIDENCE)), ("part", EVIDENCE)):
        fit = fit_tied(
            key_examples(heard, chords, ends=kind == "whole"), keys, penalty=_KEY_PENALTY
        )
        model[kind] = _weights(fit, names, sharpness[kind])
    return _readable(model)


def _fit_chords(heard: list[Heard]) -> Fit:
    return fit_tied(*chord_examples(heard), penalty=_CHORD_PENALTY)


def _by_renderer(heard: list[Heard]) -> Iterator[tuple[Mask, Mask]]:
    renderers = np.array([one.renderer for one in heard])
    for renderer in RENDERERS:
        yield renderers != renderer, renderers == renderer


def _by_piece(heard: list[Heard]) -> Iterator[tuple[Mask, Mask]]:
    fold = np.arange(len(heard)) % len(SEEDS) // 29 % _FOLDS
    for tried in range(_FOLDS):
        yield fold != tried, fold == tried


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
