"""Let espeak-ng speak."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tools.render.program import ProgramMissing, run

__all__ = ["missing", "speak"]


def missing() -> str | None:
    """Return what is not installed, if anything."""
    return None if shutil.which("espeak-ng") else "espeak-ng (apt-get install espeak-ng)"


def speak(
    text: str, *, voice: str, pitch: int, words_a_minute: int
) -> tuple[npt.NDArray[np.float64], int]:
    """Return mono samples of a text, and their rate in Hz.

    Raises:
        ProgramMissing: There is no espeak-ng.
        ProgramFailed: espeak-ng failed.

    """
    if (absent := missing()) is not None:
        raise ProgramMissing(absent)
    with tempfile.TemporaryDirectory(prefix="offbeat-voice-") as folder:
        wav = Path(folder, "speech.wav")
        run("espeak-ng", "-v", voice, "-p", str(pitch), "-s", str(words_a_minute),
            "-w", str(wav), text)  # fmt: skip
        samples, rate = soundfile.read(wav, dtype="float64")
    return samples, int(rate)
