"""Play pieces with FluidSynth and a General MIDI sound font."""

import numpy as np
import numpy.typing as npt

from tools.render import midi
from tools.render.midi import DRUM_CHANNEL, Event
from tools.train.key_piece import Piece, Random
from tools.train.sound_font import fluidsynth

__all__ = ["PROGRAMS", "play_fluid"]

PROGRAMS: dict[str, tuple[int, ...]] = {
    "bass": (32, 33, 34, 35, 36, 37, 38, 39, 43, 58, 87, 42),
    "chords": (
        0, 1, 2, 4, 5, 6, 7, 11, 16, 17, 18, 19, 21, 24, 25, 26, 27, 28, 29, 30, 46, 48, 49, 50,
        51, 52, 54, 61, 62, 63, 80, 81, 88, 89, 90, 91, 92, 94, 95,
    ),
    "lead": (
        0, 11, 12, 22, 24, 40, 41, 52, 53, 56, 57, 60, 64, 65, 66, 68, 70, 71, 73, 74, 75, 78, 79,
        80, 81, 82, 85, 86,
    ),
    "drone": (16, 19, 20, 48, 50, 52, 89, 94, 95, 109, 81, 104),
}  # fmt: skip
_CHANNELS = {"bass": 0, "chords": 1, "lead": 2, "drone": 3}
_TICKS_PER_SEC = 960
_KITS = (0, 8, 16, 24, 25, 32, 40)
_LOOSE = (41, 43, 45, 47, 48, 50, 60, 61, 63, 64, 56)
"""Drums that are tuned to something."""


def play_fluid(
    piece: Piece, rate: int, *, cents: float, drum_level: float | None, random: Random
) -> npt.NDArray[np.float64]:
    """Return the piece at a rate in Hz, detuned by so many cents, with drums at a level 0–1.

    It is detuned by varispeed, as on a turntable: rendered at another rate than it is played.
    """
    events: list[Event] = []
    for part in sorted({tone.part for tone in piece.notes}):
        number = int(random.choice(PROGRAMS[part]))
        events += midi.program(_CHANNELS[part], number, volume=int(random.integers(70, 120)))
    for tone in piece.notes:
        end = tone.at + tone.length
        events += midi.note(_CHANNELS[tone.part], tone.pitch, tone.at, end, 127 * tone.velocity)
    if drum_level is not None:
        kit = int(random.choice(_KITS))
        events += midi.program(DRUM_CHANNEL, kit, volume=round(127 * drum_level))
        events += _groove(piece, random)
    reverb = bool(random.random() < 0.6)
    sound = fluidsynth(_TICKS_PER_SEC).render(
        events, gain=0.5, rate=rate * 2 ** (-cents / 1200), reverb=reverb, chorus=False
    )
    mono = np.asarray(sound.mean(axis=1, dtype=np.float64))
    return mono[: int((piece.seconds + 0.8) * rate)]


def _groove(piece: Piece, random: Random) -> list[Event]:
    step = 60 / piece.bpm / 4
    events: list[Event] = []
    toms = [int(key) for key in random.choice(_LOOSE, 2)]
    with_toms = random.random() < 0.4
    for index in range(int(piece.seconds / step)):
        place = index % 16
        keys = []
        if place in {0, 8} or (place in {4, 12} and piece.bpm > 115):
            keys.append(36)
        if place in {4, 12}:
            keys.append(38)
        if place % 2 == 0:
            keys.append(42)
        if with_toms and random.random() < 0.35:
            keys.append(toms[index % 2])
        for key in keys:
            start, loud = index * step, 127 * random.uniform(0.6, 1.0)
            events += midi.note(DRUM_CHANNEL, key, start, start + 0.1, loud)
    return events
