"""Try the network that hears vocals on what it was not trained on: real voices and real music.

`python -m tools.train.vocal_trial --voices FOLDER --instrumentals FILE …` takes a folder for each
speaker, such as the spoken words of Debian's `ktuberling-data`, and music in which nobody sings.
The voices speak, and are sung by a vocoder, over pieces of seeds that are not trained on.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from tools.train import arithmetic

if __name__ == "__main__":
    arithmetic.fix()  # before numpy is imported

import numpy as np
import soundfile
from numpy.typing import NDArray

from analyzer.features.extract import Extractor
from analyzer.findings.vocals import find_vocals, predict_vocals
from tools.train.vocal_material import RATE, at_rate, mix_with_voice
from tools.train.vocals import Heard, area_under_curve, hear

_SECONDS = 14.0
_FIRST_SEED = 900
_LEAST_WORDS = 10
_PAUSE_SEC = (0.02, 0.2)
_LEVEL_DB = (-3.0, 6.0)
_SUNG = 0.6


def words(folder: Path, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a speaker's recordings one after the other, each as loud as the others."""
    recordings = _recordings(folder)
    parts: list[NDArray[np.float64]] = []
    for number in rng.permutation(len(recordings)):
        samples, rate = soundfile.read(recordings[number], dtype="float64", always_2d=True)
        mono = at_rate(samples.mean(axis=1), rate)
        level = np.convolve(np.abs(mono), np.ones(RATE // 100) / (RATE // 100), "same")
        loud = np.flatnonzero(level > 0.1 * level.max())
        if not len(loud):
            continue
        word = mono[loud[0] : loud[-1]]
        parts += [word / (np.std(word) + 1e-9), np.zeros(int(rng.uniform(*_PAUSE_SEC) * RATE))]
        if sum(map(len, parts)) > _SECONDS * RATE:
            break
    spoken = np.concatenate(parts)[: round(_SECONDS * RATE)]
    return np.pad(spoken, (0, round(_SECONDS * RATE) - len(spoken)))


def _recordings(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".ogg", ".wav"))


def recorded(voices: Path) -> dict[str, list[Heard]]:
    """Return each speaker's words over a piece, as they are and sung."""
    folders = [path for path in sorted(voices.iterdir()) if len(_recordings(path)) > _LEAST_WORDS]
    heard: dict[str, list[Heard]] = {"spoken": [], "sung": []}
    for number, folder in enumerate(folders):
        rng = np.random.default_rng([_FIRST_SEED + number, 23])
        speech = words(folder, rng)
        for kind, pieces in heard.items():
            level = rng.uniform(*_LEVEL_DB)
            piece = mix_with_voice(
                _FIRST_SEED + number, speech, sung=kind == "sung", level_db=level, rng=rng
            )
            pieces.append(hear(piece))
    return heard


def report(heard: dict[str, list[Heard]], instrumentals: Sequence[Path]) -> None:
    """Print how many are found, and how well windows are told from those of instrumentals."""
    quiet: list[NDArray[np.float64]] = []
    taken = []
    for path in instrumentals:
        with soundfile.SoundFile(path) as file:
            extractor = Extractor(file.samplerate, file.channels, silence_top_db=60)
            extractor.add(file.read(dtype="float32", always_2d=True))
        voice = extractor.finish().voice
        evidence = predict_vocals(voice)
        found = find_vocals(evidence, voice, slice(None))
        quiet.append(evidence)
        if found is not None and found.present:
            taken.append(f"{path.name} ({found.presence:.2f})")
    print(f"{len(taken)} of {len(instrumentals)} instrumentals taken for sung: {', '.join(taken)}")
    if quiet:
        share = (np.concatenate(quiet) > 0).mean()
        print(f"  {share:.3f} of their windows")
    for kind, pieces in heard.items():
        logits = [predict_vocals(piece.voice) for piece in pieces]
        outcomes = [
            find_vocals(one, piece.voice, slice(None))
            for one, piece in zip(logits, pieces, strict=True)
        ]
        present = np.mean([outcome is not None and outcome.present for outcome in outcomes])
        sung = np.concatenate(logits)[np.concatenate([piece.sung for piece in pieces]) >= _SUNG]
        against = np.concatenate([sung, *quiet])
        auc = area_under_curve(np.arange(len(against)) < len(sung), against) if quiet else 0.0
        print(
            f"{kind}: {present:.2f} of {len(pieces)} pieces found, {(sung > 0).mean():.3f} of the "
            f"windows, AUC against the instrumentals {auc:.3f}"
        )


def main() -> None:
    """Try the model of the repository."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--voices", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--instrumentals", type=Path, nargs="+", default=[], metavar="FILE")
    options = parser.parse_args()
    report(recorded(options.voices), options.instrumentals)


if __name__ == "__main__":
    main()
