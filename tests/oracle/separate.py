"""Runs Spleeter: `python separate.py MODELS FOLDER`, in the environment of `tools/make-oracle`.

Each `<name>.npy` in the folder, shape (frames, 2) at 44.1 kHz, becomes `<name>.<stem>.npy`.
"""

import os
import sys
from pathlib import Path

MODELS, FOLDER = sys.argv[1:]
os.environ["MODEL_PATH"] = MODELS
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
from spleeter.separator import Separator  # type: ignore[import-not-found]  # noqa: E402

separator = Separator("spleeter:2stems", multiprocess=False)
for path in sorted(Path(FOLDER).glob("*.npy")):
    for stem, samples in separator.separate(np.load(path), "").items():
        np.save(path.with_suffix(f".{stem}.npy"), samples)
