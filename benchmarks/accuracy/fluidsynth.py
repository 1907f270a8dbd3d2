"""Play MIDI messages with FluidSynth and the sound font FluidR3."""

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt
import soundfile

__all__ = ["RATE", "TimedMessage", "levelled", "missing", "render"]

RATE = 44_100
Samples = npt.NDArray[np.float32]
TimedMessage = tuple[float, mido.Message]
"""Its second, and the message."""

_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
_TICKS_PER_BEAT, _TEMPO = 9600, 500_000
_TICKS_PER_SEC = _TICKS_PER_BEAT * 2
_TAIL_SEC = 1
_PEAK = 0.89


def missing() -> str | None:
    """Return what is not installed, if anything."""
    if not _FONT.exists():
        return f"{_FONT} (apt-get install fluid-soundfont-gm)"
    try:
        subprocess.run(["fluidsynth", "--version"], check=True, capture_output=True)
    except OSError:
        return "fluidsynth (apt-get install fluidsynth)"
    return None


def render(timed: list[TimedMessage]) -> Samples:
    """Return the samples of messages, of shape (frames, 2) at 44.1 kHz, as loud as they come."""
    with tempfile.TemporaryDirectory(prefix="offbeat-midi-") as folder:
        midi, wav = Path(folder) / "score.mid", Path(folder) / "score.wav"
        mido.MidiFile(ticks_per_beat=_TICKS_PER_BEAT, tracks=[_track(timed)]).save(midi)
        command = ["fluidsynth", "-ni", "-q", "-g", "0.4", "-r", str(RATE),
                   "-F", str(wav), "-T", "wav", "-O", "float", str(_FONT), str(midi)]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, timeout=600)
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    return np.asarray(samples, np.float32)


def levelled(samples: Samples) -> Samples:
    """Return samples whose largest is 0.89."""
    peak = float(np.abs(samples).max())
    return samples * np.float32(_PEAK / peak) if peak else samples


def _track(timed: list[TimedMessage]) -> mido.MidiTrack:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=_TEMPO)])
    now = 0
    for seconds, message in sorted(timed, key=_order):
        tick = max(round(seconds * _TICKS_PER_SEC), now)
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=_TAIL_SEC * _TICKS_PER_SEC))
    return track


def _order(item: TimedMessage) -> tuple[int, bool]:
    """At the same moment a note must end before it is struck again."""
    seconds, message = item
    return round(seconds * 1e4), message.type == "note_on"
