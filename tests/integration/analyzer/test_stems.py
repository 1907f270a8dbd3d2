"""The genuine two-stem networks on real music; `make stems-model` makes them."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from analyzer.options import Options
from analyzer.output.folder import OutputPlace
from analyzer.pipeline import analyse
from tests.support.audio import demo_music, write

MODELS = Path(__file__).parents[3] / "build/models"
MUSIC = Path("/usr/share/games/singularity/music")

pytestmark = pytest.mark.skipif(
    not (MODELS / "2stems/vocals.onnx").is_file(), reason="run `make stems-model` first"
)


def stems_of(path: Path, tmp_path: Path) -> dict[str, np.ndarray]:
    """Return the stems of a file."""
    found = analyse(
        path,
        options=Options(stems=True, stems_models_path=MODELS),
        stems_output=OutputPlace(tmp_path, PurePosixPath("stems")),
    ).global_
    assert found.stems is not None, found.unavailable
    return {
        stem: soundfile.read(tmp_path / name, dtype="float32", always_2d=True)[0]
        for stem, name in found.stems.items()
    }


def rms(samples: np.ndarray) -> float:
    """Return the level."""
    return float(np.sqrt(np.square(samples).mean()))


def test_an_instrumental_is_accompaniment(tmp_path: Path) -> None:
    """Nobody sings in it: nearly all is in the second stem."""
    path = write(tmp_path / "a.wav", np.concatenate(list(demo_music(20))))
    stems = stems_of(path, tmp_path)
    assert list(stems) == ["vocals", "accompaniment"]
    assert rms(stems["vocals"]) < 0.1 * rms(stems["accompaniment"])


@pytest.mark.skipif(not MUSIC.is_dir(), reason="needs the package singularity-music")
def test_real_music_at_its_own_rate(tmp_path: Path) -> None:
    """The stems have the rate and the length of the file, and add up to it below 11 kHz."""
    source = min(MUSIC.glob("*.ogg"), key=lambda path: path.stat().st_size)
    sound, rate = soundfile.read(source, dtype="float32", always_2d=True, frames=48_000 * 30)
    stems = stems_of(write(tmp_path / "a.wav", sound, rate=rate), tmp_path)
    total = stems["vocals"] + stems["accompaniment"]
    assert total.shape == sound.shape

    def low(samples: np.ndarray) -> np.ndarray:
        spectrum = np.fft.rfft(samples * np.hanning(len(samples))[:, None], axis=0)
        return spectrum[: int(10_500 / rate * len(samples))]

    assert np.abs(low(total) - low(sound)).max() < 1e-3 * np.abs(low(sound)).max()
