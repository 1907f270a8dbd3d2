"""Run peers on files: a child process of the benchmarks, in the peers' own environment.

Reads lines of `{"peer": …, "path": …}` and prints one line of answers for each. It imports nothing
of Offbeat, and everything else only when a peer is first asked.
"""

import collections
import collections.abc
import json
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

__all__ = ["PEERS", "main"]

Answer = dict[str, Any]

_KRUMHANSL = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""Krumhansl & Kessler, 1982."""
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_RATE = 44_100


def _librosa_rhythm(path: str) -> Answer:
    import librosa
    import numpy as np

    samples, rate = librosa.load(path, sr=22_050)
    tempo, beats = librosa.beat.beat_track(y=samples, sr=rate, units="time")
    return {"bpm": float(np.atleast_1d(tempo)[0]), "beats": [float(beat) for beat in beats]}


def _essentia_load(path: str) -> object:
    import essentia
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    return essentia.standard.MonoLoader(filename=path, sampleRate=_RATE)()


def _essentia_rhythm(path: str) -> Answer:
    import essentia.standard

    samples = _essentia_load(path)
    bpm, beats, confidence, _, _ = essentia.standard.RhythmExtractor2013(method="multifeature")(
        samples
    )
    return {"bpm": float(bpm), "beats": [float(b) for b in beats], "confidence": float(confidence)}


def _essentia_percival(path: str) -> Answer:
    import essentia.standard

    return {"bpm": float(essentia.standard.PercivalBpmEstimator()(_essentia_load(path)))}


def _aubio_rhythm(path: str) -> Answer:
    import aubio
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.ascontiguousarray(samples.mean(axis=1))
    tracker = aubio.tempo("default", 1024, 512, rate)
    beats = [
        float(tracker.get_last_s())
        for at in range(0, len(mono) - 511, 512)
        if tracker(mono[at : at + 512])
    ]
    # As `aubio tempo` does: its own running estimate ends where the file fades out.
    bpm = 60.0 / float(np.median(np.diff(beats))) if len(beats) > 2 else None
    return {"bpm": bpm, "beats": beats}


def _madmom() -> None:
    """Give madmom 0.16 the names that Python 3.10 and numpy 1.24 took away."""
    import numpy as np

    for name in ("MutableSequence", "MutableMapping", "Iterable"):
        setattr(collections, name, getattr(collections.abc, name))
    for name, kind in (("float", float), ("int", int), ("complex", complex)):
        if name not in np.__dict__:
            setattr(np, name, kind)


def _madmom_rhythm(path: str) -> Answer:
    _madmom()
    import numpy as np
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor

    beats = DBNBeatTrackingProcessor(fps=100)(RNNBeatProcessor()(path))
    bpm = 60.0 / float(np.median(np.diff(beats))) if len(beats) > 2 else None
    return {"bpm": bpm, "beats": [float(beat) for beat in beats]}


def _madmom_key(path: str) -> Answer:
    _madmom()
    from madmom.features.key import CNNKeyRecognitionProcessor, key_prediction_to_label

    return {"key": str(key_prediction_to_label(CNNKeyRecognitionProcessor()(path)))}


def _essentia_key(profile: str) -> Callable[[str], Answer]:
    def ask(path: str) -> Answer:
        import essentia.standard

        extractor = essentia.standard.KeyExtractor(profileType=profile, sampleRate=_RATE)
        key, scale, strength = extractor(_essentia_load(path))
        return {"key": f"{key} {scale}", "confidence": float(strength)}

    return ask


def _librosa_key(path: str) -> Answer:
    import librosa
    import numpy as np

    samples, rate = librosa.load(path, sr=22_050)
    chroma = librosa.feature.chroma_cqt(y=samples, sr=rate).mean(axis=1)
    scores = {
        f"{_NAMES[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), chroma)[0, 1])
        for mode, profile in _KRUMHANSL.items()
        for tonic in range(12)
    }
    return {"key": max(scores, key=lambda name: scores[name])}


def _pyloudnorm(path: str) -> Answer:
    import pyloudnorm
    import soundfile

    samples, rate = soundfile.read(path, always_2d=True)
    return {"loudness_lufs_total": float(pyloudnorm.Meter(rate).integrated_loudness(samples))}


def _librosa_centroid(path: str) -> Answer:
    import librosa

    samples, rate = librosa.load(path, sr=None)
    return {
        "average_brightness": float(librosa.feature.spectral_centroid(y=samples, sr=rate).mean())
    }


PEERS: dict[str, Callable[[str], Answer]] = {
    "librosa beat_track": _librosa_rhythm,
    "Essentia RhythmExtractor2013": _essentia_rhythm,
    "Essentia Percival": _essentia_percival,
    "aubio tempo": _aubio_rhythm,
    "madmom RNN+DBN": _madmom_rhythm,
    "librosa chroma_cqt+Krumhansl": _librosa_key,
    "madmom CNN key": _madmom_key,
    **{
        f"Essentia KeyExtractor {profile}": _essentia_key(profile)
        for profile in ("edma", "bgate", "krumhansl", "temperley", "shaath")
    },
    "pyloudnorm": _pyloudnorm,
    "librosa spectral_centroid": _librosa_centroid,
}
"""Name → what asks it; an answer has `bpm`, `beats`, `key`, or figures by their names."""


def main() -> None:
    """Answer each line of standard input by one of standard output.

    With `--strict`, for who times it, end with status 1 at an answer that is none.
    """
    warnings.simplefilter("ignore")
    # Libraries print to standard output what belongs into a log.
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = PEERS[asked["peer"]](asked["path"])
        except ImportError as error:
            answer = {"missing": str(error)}
        except Exception as error:  # noqa: BLE001 - a peer that fails on a file is a result
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()
        if "--strict" in sys.argv and answer.keys() & {"missing", "error"}:
            sys.exit(str(answer))


if __name__ == "__main__":
    main()
