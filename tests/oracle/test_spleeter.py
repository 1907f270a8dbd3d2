"""Stems beside those of Spleeter 2.4.2 on TensorFlow, of the same music and checkpoint.

`make test-oracle` makes its environment and sets OFFBEAT_ORACLE to its Python.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from analyzer.samples import Samples
from analyzer.stems.export.checkpoint import checkpoint
from analyzer.stems.models import MODELS
from analyzer.stems.networks import open_networks
from analyzer.stems.separator import Separator

ROOT = Path(__file__).parents[2]
MUSIC = Path("/usr/share/games/singularity/music")
SECONDS = 60
MODEL = MODELS["2stems"]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Have Spleeter separate a minute of the first, a middle and the last piece."""
    python = os.environ.get("OFFBEAT_ORACLE")
    if python is None:
        pytest.skip("run `make test-oracle`")
    folder = tmp_path_factory.mktemp("oracle")
    models = folder / "models/2stems"
    models.mkdir(parents=True)
    with checkpoint(MODEL) as found:
        for path in found.iterdir():
            shutil.copy(path, models)
    (models / "checkpoint").write_text(
        'model_checkpoint_path: "model"\nall_model_checkpoint_paths: "model"\n'
    )
    (models / ".probe").write_text("OK")
    music = folder / "music"
    music.mkdir()
    pieces = sorted(MUSIC.glob("*.ogg"))
    for number in (0, len(pieces) // 2, len(pieces) - 1):
        sound, _ = soundfile.read(
            pieces[number], dtype="float32", always_2d=True, frames=44_100 * SECONDS
        )
        np.save(music / f"piece{number}.npy", sound)
    script = Path(__file__).with_name("separate.py")
    subprocess.run([python, script, models.parent, music], check=True)
    return music


def separated(sound: Samples, block: int) -> dict[str, Samples]:
    """Return the stems of a sound that comes in blocks."""
    paths = [ROOT / f"build/models/2stems/{stem}.onnx" for stem in MODEL.stems]
    separator = Separator(MODEL, open_networks(paths, threads=1))
    ready: list[Mapping[str, Samples]] = []
    for start in range(0, len(sound), block):
        ready += separator.add(sound[start : start + block])
    ready += separator.finish()
    return {stem: np.concatenate([part[stem] for part in ready]) for stem in MODEL.stems}


def test_stems_are_those_of_spleeter(oracle: Path) -> None:
    """Every sample of each stem within 1e-5 of full scale, streamed in blocks of ten seconds."""
    names = [path for path in sorted(oracle.glob("piece*.npy")) if path.name.count(".") == 1]
    assert len(names) == 3
    for path in names:
        stems = separated(np.load(path), 441_000)
        for stem, samples in stems.items():
            expected = np.load(path.with_suffix(f".{stem}.npy"))
            assert np.abs(expected - samples).max() <= 1e-5, (path.name, stem)
