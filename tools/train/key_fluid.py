"""Play pieces with FluidSynth and a General MIDI sound font."""

import subprocess
import tempfile
from pathlib import Path

import mido
import numpy as np
import soundfile

from tools.train.key_piece import Piece, Random
from tools.train.key_synth import Sound

__all__ = ["PROGRAMS", "play_fluid"]

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
PROGRAMS: dict[str, tuple[int, ...]] = {
    "bass": (32, 33, 34, 35, 36, 37, 38, 39, 43, 58, 87, 42),
    "chords": (
        0,
        1,
        2,
        4,
        5,
        6,
        7,
        11,
        16,
        17,
        18,
        19,
        21,
        24,
        25,
        26,
        27,
        28,
        29,
        30,
        46,
        48,
        49,
        50,
        51,
        52,
        54,
        61,
        62,
        63,
        80,
        81,
        88,
        89,
        90,
        91,
        92,
        94,
        95,
    ),
    "lead": (
        0,
        11,
        12,
        22,
        24,
        40,
        41,
        52,
        53,
        56,
        57,
        60,
        64,
        65,
        66,
        68,
        70,
        71,
        73,
        74,
        75,
        78,
        79,
        80,
        81,
        82,
        85,
        86,
    ),
    "drone": (16, 19, 20, 48, 50, 52, 89, 94, 95, 109, 81, 104),
}
_CHANNELS = {"bass": 0, "chords": 1, "lead": 2, "drone": 3}
_DRUM_CHANNEL = 9
_TICKS = 480
_KITS = (0, 8, 16, 24, 25, 32, 40)


def play_fluid(
    piece: Piece, rate: int, *, cents: float, drum_level: float | None, random: Random
) -> Sound:
    """Return the piece at a rate in Hz, detuned by so many cents, with drums at a level 0–1.

    It is detuned by varispeed, as on a turntable: rendered at another rate than it is played.
    """
    file = mido.MidiFile(ticks_per_beat=_TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    events: list[tuple[int, int, mido.Message]] = []
    for role in sorted({note.role for note in piece.notes}):
        channel = _CHANNELS[role]
        program = int(random.choice(PROGRAMS[role]))
        volume = int(random.integers(70, 120))
        events.append((0, 0, mido.Message("program_change", channel=channel, program=program)))
        events.append(
            (0, 0, mido.Message("control_change", channel=channel, control=7, value=volume))
        )
    for note in piece.notes:
        channel = _CHANNELS[note.role]
        events += _strike(channel, note.pitch, note.start, note.length, note.velocity)
    if drum_level is not None:
        events.append(
            (
                0,
                0,
                mido.Message(
                    "program_change", channel=_DRUM_CHANNEL, program=int(random.choice(_KITS))
                ),
            )
        )
        events.append(
            (
                0,
                0,
                mido.Message(
                    "control_change",
                    channel=_DRUM_CHANNEL,
                    control=7,
                    value=round(127 * drum_level),
                ),
            )
        )
        events += _groove(piece, random)
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    with tempfile.TemporaryDirectory() as folder:
        midi, wave = Path(folder, "x.mid"), Path(folder, "x.wav")
        file.save(midi)
        played = rate * 2 ** (-cents / 1200)
        subprocess.run(
            [
                "fluidsynth",
                "-ni",
                "-q",
                "-o",
                "synth.dynamic-sample-loading=1",
                "-R",
                str(int(random.random() < 0.6)),
                "-C",
                "0",
                "-g",
                "0.5",
                "-r",
                f"{played:.3f}",
                "-O",
                "float",
                "-T",
                "wav",
                "-F",
                str(wave),
                str(SOUND_FONT),
                str(midi),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        sound, _ = soundfile.read(wave)
    mono = np.asarray(sound.mean(axis=1), np.float64)
    return mono[: int((piece.seconds + 0.8) * rate)]


def _strike(
    channel: int, pitch: int, start: float, length: float, velocity: float
) -> list[tuple[int, int, mido.Message]]:
    on, off = _tick(start), _tick(start + length)
    loud = max(1, min(127, round(127 * velocity)))
    return [
        (on, 2, mido.Message("note_on", channel=channel, note=pitch, velocity=loud)),
        (max(off, on + 1), 1, mido.Message("note_off", channel=channel, note=pitch)),
    ]


def _tick(seconds: float) -> int:
    return round(seconds * _TICKS * 2)  # at MIDI's own 120 beats per minute


def _groove(piece: Piece, random: Random) -> list[tuple[int, int, mido.Message]]:
    step = 60 / piece.bpm / 4
    events: list[tuple[int, int, mido.Message]] = []
    toms = [int(pitch) for pitch in random.choice([41, 43, 45, 47, 48, 50, 60, 61, 63, 64, 56], 2)]
    with_toms = random.random() < 0.4
    for index in range(int(piece.seconds / step)):
        place = index % 16
        hits = []
        if place in {0, 8} or (place in {4, 12} and piece.bpm > 115):
            hits.append(36)
        if place in {4, 12}:
            hits.append(38)
        if place % 2 == 0:
            hits.append(42)
        if with_toms and random.random() < 0.35:
            hits.append(toms[index % 2])
        for pitch in hits:
            events += _strike(_DRUM_CHANNEL, pitch, index * step, 0.1, random.uniform(0.6, 1.0))
    return events
