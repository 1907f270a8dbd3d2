"""Play a score with FluidSynth and the FluidR3 sound font: recorded instruments, as on real music.

The renderer begins to sound some milliseconds after a MIDI event: it works in blocks of 64 samples,
and a recorded attack rises slowly. `latency_sec` measures that once on strokes at known times.
"""

from dataclasses import dataclass
from functools import cache

import mido
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.fluidsynth import RATE, TimedMessage, levelled, missing, render
from benchmarks.accuracy.score import Clock, Drum, Hit, Part, Score, steady_clock

__all__ = ["RATE", "Orchestra", "choose_orchestra", "latency_sec", "missing", "play"]

Samples = npt.NDArray[np.float32]

_DRUMS: dict[Drum, int] = {
    "kick": 36, "snare": 38, "clap": 39, "rim": 37, "hat": 42, "open_hat": 46, "ride": 51,
    "crash": 49, "tom": 48, "low_tom": 43, "shaker": 70,
}  # fmt: skip
_CHANNELS: dict[Part, int] = {"bass": 0, "chords": 1, "pad": 2, "pluck": 3, "lead": 4, "voice": 5}
_PATCHES: dict[Part, tuple[int, ...]] = {
    "bass": (32, 33, 34, 35, 38, 39),
    "chords": (0, 4, 5, 16, 26, 27, 62),
    "pad": (48, 50, 88, 89, 90, 95),
    "pluck": (0, 1, 4, 11, 24, 25, 46),
    "lead": (56, 65, 66, 73, 80, 81, 11),
    "voice": (52, 53, 54),
}
_KITS = (0, 8, 16, 24, 25)


@dataclass(frozen=True)
class Orchestra:
    """Which patch plays each part, and which kit the drums."""

    patches: tuple[tuple[Part, int], ...]
    kit: int


def choose_orchestra(random: np.random.Generator) -> Orchestra:
    """Draw a patch for every part."""
    patches = tuple((part, int(random.choice(choices))) for part, choices in _PATCHES.items())
    return Orchestra(patches, int(random.choice(_KITS)))


def play(
    score: Score,
    clock: Clock,
    orchestra: Orchestra,
    *,
    tail_sec: float = 1.0,
    detune_cents: float = 0.0,
    drum_level: float = 1.0,
) -> Samples:
    """Return the samples of a score, of shape (frames, 2), from second 0 of its clock."""
    sound = render(_messages(score, clock, orchestra, detune_cents, drum_level))
    late = round(latency_sec() * RATE)
    frames = round((clock.times[-1] + tail_sec) * RATE)
    out = np.zeros((frames, 2), np.float32)
    part = sound[late : late + frames]
    out[: len(part)] = part
    return levelled(out)


@cache
def latency_sec() -> float:
    """Measure how late the standard kit sounds: the median over kick, snare and closed hat.

    A stroke begins where its energy in 0.5 ms first reaches a tenth of its largest.
    """
    drums: list[Drum] = ["kick", "snare", "hat"]
    hits = [Hit(float(index), drums[index % 3], 0.9) for index in range(30)]
    score = Score(beats=30, beats_per_bar=3, hits=hits)
    clock = steady_clock(61.7, 30, start_sec=1.0)
    sound = render(_messages(score, clock, Orchestra((), 0), 0.0, 1.0)).mean(axis=1)
    frame = RATE // 2000
    late = []
    for hit in hits:
        at = round(clock.at(hit.beat) * RATE)
        energy = np.add.reduceat(sound[at : at + RATE // 5] ** 2, np.arange(0, RATE // 5, frame))
        late.append(int(np.argmax(energy > 0.1 * energy.max())) * frame / RATE)
    return float(np.median(late))


def _messages(
    score: Score, clock: Clock, orchestra: Orchestra, detune_cents: float, drum_level: float
) -> list[TimedMessage]:
    """Return the events of a score with the second of each."""
    timed: list[TimedMessage] = [
        (0.0, mido.Message("program_change", channel=9, program=orchestra.kit))
    ]
    for part, program in orchestra.patches:
        channel = _CHANNELS[part]
        bend = round(detune_cents / 200 * 8192)
        timed.append((0.0, mido.Message("program_change", channel=channel, program=program)))
        timed.append((0.0, mido.Message("pitchwheel", channel=channel, pitch=bend)))
    for hit in score.hits:
        at, note = clock.at(hit.beat), _DRUMS[hit.drum]
        velocity = int(np.clip(round(118 * hit.velocity * drum_level), 1, 127))
        timed.append((at, mido.Message("note_on", channel=9, note=note, velocity=velocity)))
        timed.append((at + 0.1, mido.Message("note_off", channel=9, note=note)))
    for played in score.notes:
        channel, note = _CHANNELS[played.part], round(played.pitch)
        velocity = int(np.clip(round(105 * played.velocity), 1, 127))
        at, end = clock.at(played.beat), clock.at(played.beat + played.length)
        timed.append((at, mido.Message("note_on", channel=channel, note=note, velocity=velocity)))
        timed.append((end, mido.Message("note_off", channel=channel, note=note)))
    return timed
