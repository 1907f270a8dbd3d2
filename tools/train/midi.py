"""A played score as MIDI, rendered by FluidSynth with the General MIDI sound font.

FluidSynth starts notes on its own blocks of 64 frames and the font's samples begin with some
silence: together a hit is heard 3–7 ms after its MIDI time. `ATTACK_MS` holds what was
measured per drum (first sample above 8 % of the peak, mean of 8 hits at random phases, spread
0.6 ms); notes are sent that much early, so that the sound starts when the score says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.render import midi
from tools.render.midi import DRUM_CHANNEL, DRUM_KEYS, Event
from tools.train.score import Score, Sounds
from tools.train.sound_font import fluidsynth

__all__ = ["Room", "render"]

_CHANNELS = {"bass": 0, "chords": 1, "arp": 2, "lead": 3}
_ORCHESTRA = {
    "hat": 27, "pedal": 28, "open": 29, "ride": 30, "crash": 57, "tom_lo": 36, "tom_mid": 36,
    "tom_hi": 38,
}  # fmt: skip
"""The keys that mean something else in the Orchestra kit (timpani lie on the toms)."""
_ORCHESTRA_KIT = 48
_ATTACK_MS = {
    27: 3.0, 28: 3.7, 29: 3.2, 30: 3.2, 36: 5.0, 37: 5.7, 38: 4.3, 39: 4.8, 41: 3.1, 42: 3.0,
    44: 2.8, 45: 3.2, 46: 3.2, 49: 3.8, 50: 3.2, 51: 3.6, 54: 4.8, 56: 3.2, 57: 3.8, 60: 5.0,
    62: 5.3, 64: 5.0, 65: 4.7, 67: 4.8, 70: 9.8, 73: 5.3, 75: 4.3, 76: 4.7,
}  # fmt: skip
_KIT_ATTACK_MS = {
    8: {36: 4.0},
    16: {38: 5.7, 41: 5.3, 45: 5.4, 50: 4.5},
    24: {36: 4.6, 38: 5.1, 41: 7.9, 45: 6.0, 50: 4.5},
    25: {36: 4.2, 38: 2.9, 39: 2.8, 42: 3.6, 62: 2.8, 64: 2.6, 75: 3.1},
    32: {36: 5.9},
    40: {36: 5.6, 38: 3.6, 39: 4.0},
    48: {36: 7.1, 38: 4.3},
}
_TONE_ATTACK_MS = 2.0
"""Block quantisation plus the shortest lead-in: pitched notes start sounding here, then swell."""


@dataclass(frozen=True)
class Room:
    """FluidSynth's effects."""

    gain: float
    reverb: bool
    chorus: bool


def render(score: Score, sounds: Sounds, room: Room, frames: int) -> NDArray[np.float32]:
    """Render a score in seconds with FluidSynth to (frames, 2) at 44.1 kHz.

    Raises:
        ProgramMissing: The program or its sound font is not installed.

    """
    events = _instruments(sounds) + _strokes(score, sounds.kit) + _notes(score)
    samples = fluidsynth().render(events, gain=room.gain, reverb=room.reverb, chorus=room.chorus)[
        :frames
    ]
    return np.pad(samples, ((0, frames - len(samples)), (0, 0)))


def _instruments(sounds: Sounds) -> list[Event]:
    events = []
    for part, channel in {**_CHANNELS, "drums": DRUM_CHANNEL}.items():
        number = sounds.kit if part == "drums" else sounds.programs[part]
        volume, pan = round(127 * sounds.gains[part]), round(64 + 63 * sounds.pans.get(part, 0.0))
        events += midi.program(channel, number, volume=volume, pan=pan)
    return events


def _strokes(score: Score, kit: int) -> list[Event]:
    events = []
    attack = _ATTACK_MS | _KIT_ATTACK_MS.get(kit, {})
    keys = DRUM_KEYS | (_ORCHESTRA if kit == _ORCHESTRA_KIT else {})
    for hit in score.hits:
        key = keys[hit.drum]
        start = hit.at - attack[key] / 1000
        events += midi.note(DRUM_CHANNEL, key, start, start + 0.1, 127 * hit.velocity)
    return events


def _notes(score: Score) -> list[Event]:
    events = []
    for tone in score.tones:
        start = tone.at - _TONE_ATTACK_MS / 1000
        end = max(start + tone.length, 0.02)
        events += midi.note(_CHANNELS[tone.part], tone.pitch, start, end, 127 * tone.velocity)
    return events
