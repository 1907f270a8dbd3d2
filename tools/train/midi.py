"""A played score as MIDI, rendered by FluidSynth with the General MIDI sound font.

FluidSynth starts notes on its own blocks of 64 frames and the font's samples begin with some
silence: together a hit is heard 3–7 ms after its MIDI time. ``ATTACK_MS`` holds what was
measured per drum (first sample above 8 % of the peak, mean of 8 hits at random phases, spread
0.6 ms); notes are sent that much early, so that the sound starts when the score says.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from tools.train.score import Score, Sounds

RATE = 44100
SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
DRUM_CHANNEL = 9
CHANNELS = {"bass": 0, "chords": 1, "arp": 2, "lead": 3}
DRUM_NOTES = {
    "kick": 36,
    "snare": 38,
    "clap": 39,
    "rim": 37,
    "hat": 42,
    "open": 46,
    "pedal": 44,
    "ride": 51,
    "crash": 49,
    "tom_lo": 41,
    "tom_mid": 45,
    "tom_hi": 50,
    "shaker": 70,
    "tamb": 54,
    "cowbell": 56,
    "conga_hi": 62,
    "conga_lo": 64,
    "bongo": 60,
    "clave": 75,
    "block": 76,
    "guiro": 73,
    "surdo": 41,
    "agogo": 67,
    "timbale": 65,
}
"""Drum → General MIDI key."""
ORCHESTRA = {
    "hat": 27,
    "pedal": 28,
    "open": 29,
    "ride": 30,
    "crash": 57,
    "tom_lo": 36,
    "tom_mid": 36,
    "tom_hi": 38,
}
"""The keys that mean something else in the Orchestra kit (timpani lie on the toms)."""
ATTACK_MS = {
    27: 3.0,
    28: 3.7,
    29: 3.2,
    30: 3.2,
    36: 5.0,
    37: 5.7,
    38: 4.3,
    39: 4.8,
    41: 3.1,
    42: 3.0,
    44: 2.8,
    45: 3.2,
    46: 3.2,
    49: 3.8,
    50: 3.2,
    51: 3.6,
    54: 4.8,
    56: 3.2,
    57: 3.8,
    60: 5.0,
    62: 5.3,
    64: 5.0,
    65: 4.7,
    67: 4.8,
    70: 9.8,
    73: 5.3,
    75: 4.3,
    76: 4.7,
}
KIT_ATTACK_MS = {
    8: {36: 4.0},
    16: {38: 5.7, 41: 5.3, 45: 5.4, 50: 4.5},
    24: {36: 4.6, 38: 5.1, 41: 7.9, 45: 6.0, 50: 4.5},
    25: {36: 4.2, 38: 2.9, 39: 2.8, 42: 3.6, 62: 2.8, 64: 2.6, 75: 3.1},
    32: {36: 5.9},
    40: {36: 5.6, 38: 3.6, 39: 4.0},
    48: {36: 7.1, 38: 4.3},
}
TONE_ATTACK_MS = 2.0
"""Block quantisation plus the shortest lead-in: pitched notes start sounding here, then swell."""
_TICKS_PER_SECOND = 2000


class FluidSynthMissing(RuntimeError):
    """FluidSynth or its sound font is not installed: apt install fluidsynth fluid-soundfont-gm."""


@dataclass(frozen=True)
class Room:
    """FluidSynth's effects."""

    gain: float
    reverb: bool
    chorus: bool


def available() -> bool:
    """Say whether FluidSynth and the sound font are installed."""
    return shutil.which("fluidsynth") is not None and SOUND_FONT.exists()


def write_midi(score: Score, sounds: Sounds, path: Path) -> None:
    """Write a score in seconds; 1 tick = 0.5 ms, notes sent early by their attack."""
    events: list[tuple[int, int, mido.Message]] = []

    def put(seconds: float, order: int, kind: str, channel: int, **values: int) -> None:
        tick = max(0, round(seconds * _TICKS_PER_SECOND))
        events.append((tick, order, mido.Message(kind, channel=channel, **values)))

    channels = {**CHANNELS, "drums": DRUM_CHANNEL}
    for part, channel in channels.items():
        program = sounds.kit if part == "drums" else sounds.programs[part]
        put(0, 0, "program_change", channel, program=program)
        put(0, 0, "control_change", channel, control=7, value=round(127 * sounds.gains[part]))
        pan = round(64 + 63 * sounds.pans.get(part, 0.0))
        put(0, 0, "control_change", channel, control=10, value=pan)
    kit_attack = KIT_ATTACK_MS.get(sounds.kit, {})
    for hit in score.hits:
        key = DRUM_NOTES[hit.drum]
        if sounds.kit == 48:
            key = ORCHESTRA.get(hit.drum, key)
        early = kit_attack.get(key, ATTACK_MS[key]) / 1000
        value = max(1, round(127 * hit.velocity))
        put(hit.at - early, 2, "note_on", DRUM_CHANNEL, note=key, velocity=value)
        put(hit.at - early + 0.1, 1, "note_off", DRUM_CHANNEL, note=key)
    for tone in score.tones:
        channel, start = CHANNELS[tone.part], tone.at - TONE_ATTACK_MS / 1000
        value = max(1, round(127 * tone.velocity))
        put(start, 2, "note_on", channel, note=tone.pitch, velocity=value)
        put(max(start + tone.length, 0.02), 1, "note_off", channel, note=tone.pitch)
    events.sort(key=lambda event: event[:2])
    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    now = 0
    for tick, _, message in events:
        track.append(message.copy(time=tick - now))
        now = tick
    midi = mido.MidiFile(ticks_per_beat=_TICKS_PER_SECOND // 2)
    midi.tracks.append(track)
    midi.save(path)


def render(score: Score, sounds: Sounds, room: Room, frames: int) -> NDArray[np.float32]:
    """Render with FluidSynth to (frames, 2) at 44.1 kHz.

    Raises:
        FluidSynthMissing: The program or its sound font is not installed.

    """
    if not available():
        raise FluidSynthMissing(FluidSynthMissing.__doc__)
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "score.mid"), Path(folder, "sound.wav")
        write_midi(score, sounds, midi)
        command = ["fluidsynth", "-ni", "-q", "-g", f"{room.gain:.2f}", "-r", str(RATE)]
        command += ["-R", str(int(room.reverb)), "-C", str(int(room.chorus))]
        command += ["-o", "synth.dynamic-sample-loading=1", "-O", "float", "-F", str(wave)]
        command += [str(SOUND_FONT), str(midi)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise RuntimeError(f"fluidsynth: {done.stderr[-400:]}")
        samples, _ = soundfile.read(wave, dtype="float32", always_2d=True)
    out = np.zeros((frames, 2), np.float32)
    count = min(frames, len(samples))
    out[:count] = samples[:count]
    return out
