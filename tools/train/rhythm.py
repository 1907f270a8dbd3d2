"""Train what the analyzer knows of rhythm: `python -m tools.train.rhythm` writes the model file.

Four small networks, all of which see what the analyzer sees: `octave` tells the tempo that people
tap from its multiples, `beat` a beat from the moments between beats, `bar` a downbeat from the
other beats, and `drums` drums from other instruments. Seeds divisible by five are not trained on;
the figures printed, and written into the file, are theirs.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tools.train import arithmetic

if __name__ == "__main__":
    arithmetic.fix()  # before numpy is imported

import numpy as np
import numpy.typing as npt
from sklearn.neural_network import MLPClassifier

from analyzer.findings.rhythm import octave
from analyzer.findings.rhythm.activation import network_inputs
from analyzer.findings.rhythm.drums import WINDOW, WINDOW_HOP, window_inputs
from analyzer.findings.rhythm.pulse import find_pulse
from analyzer.models.network import Network
from tools.train.rhythm_examples import Example, examples, pieces

__all__ = ["main"]

MODEL = Path(__file__).parents[2] / "analyzer" / "models" / "rhythm.json"
_SEEDS = range(1000)
_EVERY = 5
_DIGITS = 4
_SAME_TEMPO = 0.04
_STRETCHES = (0.94, 1.0, 1.06)
_BEATS_OF_A_PIECE = 16
_PHASES = 12
_EPOCHS = 16
_HITS_OF_A_WINDOW = 6
"""Fewer in 4 s are a fill or a cymbal: neither drums nor none."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Render the material, train and write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, help="folder that keeps what was heard of each piece")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--seeds", type=int, default=len(_SEEDS))
    options = parser.parse_args(arguments)
    print(arithmetic.describe())
    heard = list(examples(pieces(options.seeds), options.cache))
    networks = {
        "octave": _octave(heard),
        "beat": _beat(heard),
        "bar": _bar(heard),
        "drums": _drums(heard),
    }
    text = json.dumps(
        {
            "made_by": "python -m tools.train.rhythm",
            "seeds": [0, options.seeds - 1],
            "networks": networks,
        }
    )
    # One row of weights a line: a change can be read as a difference.
    options.model.write_text(text.replace("], [", "],\n[") + "\n", encoding="utf-8")


def _octave(heard: Sequence[Example]) -> dict[str, object]:
    rows, right, seeds, blocks = [], [], [], []
    for example in heard:
        for stretch in _STRETCHES:
            onsets = example.stretched(stretch)
            pulse = find_pulse(onsets)
            for block in octave.look(onsets):
                nearest = int(np.abs(pulse.time_sec - block.time_sec).argmin())
                bpm = octave.candidates_of(float(pulse.period_sec[nearest]))
                truth = example.bpm_at(block.time_sec * stretch) * stretch
                correct = np.abs(np.log(bpm / truth)) < _SAME_TEMPO
                if correct.any():
                    rows.append(octave.inputs(block, bpm))
                    right.append(correct)
                    seeds.append(np.full(len(bpm), example.seed))
                    blocks.append((stretch, example))
    network, said = _trained(
        np.concatenate(rows),
        np.concatenate(right),
        np.concatenate(seeds),
        hidden=(48, 24),
        decay=1.0,
    )
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for inputs, correct, (stretch, example) in zip(rows, right, blocks, strict=True):
        if stretch == 1.0 and example.seed % _EVERY == 0:
            best = int(_network(network)(inputs)[:, 0].argmax())
            hits[example.has_drums].append(bool(correct[best]))
    said["right_octave_in_20_s_with_drums"] = round(float(np.mean(hits[True])), 4)
    said["right_octave_in_20_s_without_drums"] = round(float(np.mean(hits[False])), 4)
    print("octave", said)
    return network | {"validation": said}


def _beat(heard: Sequence[Example]) -> dict[str, object]:
    random = np.random.default_rng(1)
    rows, right, seeds = [], [], []
    for example in heard:
        frame = example.beat_frames()
        inner = random.permutation(np.arange(2, len(frame) - 2))[:_BEATS_OF_A_PIECE]
        period = (frame[inner + 1] - frame[inner - 1]) / 2
        phase = np.tile(np.arange(_PHASES), len(inner))
        each = np.repeat(period, _PHASES)
        jitter = random.uniform(-1.5, 1.5, len(phase)) * np.where(phase == 0, 0.5, 1.0)
        at = np.repeat(frame[inner], _PHASES) + phase * each / _PHASES + jitter
        index = np.clip(np.rint(at), 0, len(example.onsets.strength) - 1).astype(np.intp)
        order = np.argsort(index, kind="stable")
        near = each * random.uniform(0.992, 1.008, len(each))
        rows.append(network_inputs(example.onsets, index[order], near[order]))
        right.append((phase == 0)[order])
        seeds.append(np.full(len(phase), example.seed))
    network, said = _trained(
        np.concatenate(rows), np.concatenate(right), np.concatenate(seeds), hidden=(48,), decay=1.0
    )
    print("beat", said)
    return network | {"validation": said}


def _bar(heard: Sequence[Example]) -> dict[str, object]:
    random = np.random.default_rng(2)
    rows, right, seeds = [], [], []
    for example in heard:
        frame = example.beat_frames()
        inner = np.arange(1, len(frame) - 1)
        period = (frame[inner + 1] - frame[inner - 1]) / 2
        index = np.rint(frame[inner] + random.uniform(-1, 1, len(inner)))
        index = np.clip(index, 0, len(example.onsets.strength) - 1).astype(np.intp)
        rows.append(network_inputs(example.onsets, index, period))
        right.append(np.isin(inner, example.downbeat_indices()))
        seeds.append(np.full(len(inner), example.seed))
    network, said = _trained(
        np.concatenate(rows), np.concatenate(right), np.concatenate(seeds), hidden=(32,), decay=4.0
    )
    print("bar", said)
    return network | {"validation": said}


def _drums(heard: Sequence[Example]) -> dict[str, object]:
    rows, right, seeds = [], [], []
    for example in heard:
        windows = window_inputs(example.onsets)
        middle = (np.arange(len(windows)) * WINDOW_HOP + WINDOW / 2) * example.onsets.interval_sec
        middle += example.onsets.start_sec
        struck = (
            np.abs(example.drums_sec[:, None] - middle) < WINDOW / 2 * example.onsets.interval_sec
        )
        hits = struck.sum(axis=0)
        clear = (hits == 0) | (hits >= _HITS_OF_A_WINDOW)
        windows, hits = windows[clear], hits[clear]
        rows.append(windows)
        right.append(hits > 0)
        seeds.append(np.full(len(windows), example.seed))
    network, said = _trained(
        np.concatenate(rows), np.concatenate(right), np.concatenate(seeds), hidden=(8,), decay=4.0
    )
    print("drums", said)
    return network | {"validation": said}


def _trained(
    inputs: npt.NDArray[np.float32],
    right: npt.NDArray[np.bool_],
    seeds: npt.NDArray[np.int64],
    *,
    hidden: tuple[int, ...],
    decay: float,
) -> tuple[dict[str, object], dict[str, float]]:
    """Return a network as it is written, and how it does on what it was not trained on."""
    training = seeds % _EVERY != 0
    mean, scale = inputs[training].mean(axis=0), inputs[training].std(axis=0) + 1e-3
    classifier = MLPClassifier(
        hidden,
        alpha=decay,
        learning_rate_init=1e-3,
        batch_size=256,
        max_iter=_EPOCHS,
        n_iter_no_change=_EPOCHS,
        random_state=0,
    )
    classifier.fit((inputs[training] - mean) / scale, right[training])
    network: dict[str, object] = {
        "mean": _rounded(mean),
        "scale": _rounded(scale),
        "weights": [_rounded(weight) for weight in classifier.coefs_],
        "biases": [_rounded(bias) for bias in classifier.intercepts_],
    }
    odds = _network(network)(inputs[~training])[:, 0]
    unseen = right[~training]
    said = {
        "rows": len(unseen),
        "accuracy": round(float(((odds > 0) == unseen).mean()), 4),
        "log_loss": round(float(np.logaddexp(0, np.where(unseen, -odds, odds)).mean()), 4),
    }
    return network, said


def _network(fields: dict[str, object]) -> Network:
    return Network.of(fields)


def _rounded(values: npt.NDArray[np.floating]) -> list[object]:
    return json.loads(  # type: ignore[no-any-return]
        json.dumps(values.tolist()), parse_float=lambda text: float(f"{float(text):.{_DIGITS}g}")
    )


if __name__ == "__main__":
    main()
