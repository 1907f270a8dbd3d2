"""Play MIDI messages with FluidSynth and a sound font."""

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from tools.render.midi import Event, Resolution, write
from tools.render.program import ProgramMissing, run
from tools.render.waves import RATE

__all__ = ["FluidSynth"]


@dataclass(frozen=True, kw_only=True)
class FluidSynth:
    """FluidSynth with a sound font and a resolution; its room is that of its own effects."""

    font: Path
    resolution: Resolution
    loads_on_demand: bool
    """Whether samples are loaded when a program is chosen: faster, but other samples for drums."""

    def missing(self) -> str | None:
        """Return what is not installed, if anything."""
        if not self.font.exists():
            return f"{self.font} (apt-get install fluid-soundfont-gm)"
        if shutil.which("fluidsynth") is None:
            return "fluidsynth (apt-get install fluidsynth)"
        return None

    def render(
        self,
        events: Iterable[Event],
        *,
        gain: float,
        rate: float = RATE,
        reverb: bool = True,
        chorus: bool = True,
    ) -> npt.NDArray[np.float32]:
        """Return the samples of messages, of shape (frames, 2), as loud as they come.

        Raises:
            ProgramMissing: The program or the sound font is not installed.
            ProgramFailed: FluidSynth failed.

        """
        if (missing := self.missing()) is not None:
            raise ProgramMissing(missing)
        with tempfile.TemporaryDirectory(prefix="offbeat-midi-") as folder:
            midi, wav = Path(folder, "score.mid"), Path(folder, "score.wav")
            write(events, midi, self.resolution)
            run("fluidsynth", "-ni", "-q", "-g", f"{gain:.2f}", "-r", f"{rate:.3f}",
                "-R", str(int(reverb)), "-C", str(int(chorus)),
                "-o", f"synth.dynamic-sample-loading={int(self.loads_on_demand)}",
                "-O", "float", "-T", "wav", "-F", str(wav), str(self.font), str(midi))  # fmt: skip
            samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
        return np.asarray(samples, np.float32)
