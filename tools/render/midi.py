"""MIDI messages at seconds, and the file that holds them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import mido

__all__ = ["DRUM_CHANNEL", "DRUM_KEYS", "Event", "Resolution", "note", "program", "write"]

DRUM_CHANNEL = 9
DRUM_KEYS = {
    "kick": 36, "snare": 38, "clap": 39, "rim": 37, "hat": 42, "open": 46, "open_hat": 46,
    "pedal": 44, "ride": 51, "crash": 49, "tom_lo": 41, "tom_mid": 45, "tom_hi": 50, "tom": 48,
    "low_tom": 43, "shaker": 70, "tamb": 54, "cowbell": 56, "conga_hi": 62, "conga_lo": 64,
    "bongo": 60, "clave": 75, "block": 76, "guiro": 73, "surdo": 41, "agogo": 67, "timbale": 65,
}  # fmt: skip
"""Drum → General MIDI key."""

_RANKS = {"program_change": 0, "control_change": 0, "note_on": 2}
"""At the same moment instruments are chosen first, and a note ends before it is struck again."""


@dataclass(frozen=True)
class Event:
    """A message and the second at which it is sent."""

    second: float
    message: mido.Message


@dataclass(frozen=True)
class Resolution:
    """How exact a file is: ticks a second, and moments a second that are told apart in order."""

    ticks: int
    moments: int
    tail_sec: int = 0
    """How long the file goes on after the last message."""


def program(
    channel: int, number: int, *, volume: int | None = None, pan: int | None = None
) -> list[Event]:
    """Choose the instrument of a channel (programs counted from 0), its volume and its place."""
    events = [Event(0.0, mido.Message("program_change", channel=channel, program=number))]
    for control, value in ((7, volume), (10, pan)):
        if value is not None:
            message = mido.Message("control_change", channel=channel, control=control, value=value)
            events.append(Event(0.0, message))
    return events


def note(channel: int, key: float, start: float, end: float, loud: float) -> list[Event]:
    """Strike a key, rounded to a semitone, and let it go; `loud` is the velocity, 1 to 127."""
    of = {"channel": channel, "note": round(key)}
    velocity = min(max(round(loud), 1), 127)
    return [
        Event(start, mido.Message("note_on", velocity=velocity, **of)),
        Event(end, mido.Message("note_off", **of)),
    ]


def write(events: Iterable[Event], path: Path, resolution: Resolution) -> None:
    """Write a file of one track; what lies before second 0 is sent at 0."""
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000)])
    now = 0
    for event in sorted(events, key=lambda event: _order(event, resolution)):
        tick = max(round(event.second * resolution.ticks), now)
        track.append(event.message.copy(time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=resolution.tail_sec * resolution.ticks))
    mido.MidiFile(ticks_per_beat=resolution.ticks // 2, tracks=[track]).save(path)


def _order(event: Event, resolution: Resolution) -> tuple[int, int]:
    moment = max(0, round(event.second * resolution.moments))
    return moment, _RANKS.get(event.message.type, 1)
