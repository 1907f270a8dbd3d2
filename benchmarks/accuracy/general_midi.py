"""Play a score with FluidSynth and the FluidR3 sound font: recorded instruments, as on real music.

The renderer begins to sound some milliseconds after a MIDI event: it works in blocks of 64 samples,
and a recorded attack rises slowly. `latency_sec` measures that once on strokes at known times.
"""

from dataclasses import dataclass
from functools import cache

import mido
import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.score import Clock, Score, steady_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH, GAIN, PEAK
from tools.render import midi
from tools.render.midi import DRUM_CHANNEL, DRUM_KEYS, Event
from tools.render.mixing import to_peak
from tools.render.notes import Hit
from tools.render.waves import RATE

__all__ = ["Orchestra", "choose_orchestra", "latency_sec", "play"]

Samples = npt.NDArray[np.float32]

_CHANNELS = {"bass": 0, "chords": 1, "pad": 2, "pluck": 3, "lead": 4, "voice": 5}
_PATCHES: dict[str, tuple[int, ...]] = {
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

    patches: tuple[tuple[str, int], ...]
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
    events = _events(score, clock, orchestra, detune_cents, drum_level)
    sound = FLUIDSYNTH.render(events, gain=GAIN)
    late = round(latency_sec() * RATE)
    frames = round((clock.times[-1] + tail_sec) * RATE)
    heard = sound[late : late + frames]
    return to_peak(np.pad(heard, ((0, frames - len(heard)), (0, 0))), PEAK)


@cache
def latency_sec() -> float:
    """Measure how late the standard kit sounds: the median over kick, snare and closed hat.

    A stroke begins where its energy in 0.5 ms first reaches a tenth of its largest.
    """
    drums = ["kick", "snare", "hat"]
    hits = [Hit(float(index), drums[index % 3], 0.9) for index in range(30)]
    score = Score(beats=30, beats_per_bar=3, hits=hits)
    clock = steady_clock(61.7, 30, start_sec=1.0)
    events = _events(score, clock, Orchestra((), 0), 0.0, 1.0)
    sound = FLUIDSYNTH.render(events, gain=GAIN).mean(axis=1)
    frame = RATE // 2000
    late = []
    for hit in hits:
        at = round(clock.at(hit.at) * RATE)
        energy = np.add.reduceat(sound[at : at + RATE // 5] ** 2, np.arange(0, RATE // 5, frame))
        late.append(int(np.argmax(energy > 0.1 * energy.max())) * frame / RATE)
    return float(np.median(late))


def _events(
    score: Score, clock: Clock, orchestra: Orchestra, detune_cents: float, drum_level: float
) -> list[Event]:
    events = midi.program(DRUM_CHANNEL, orchestra.kit)
    bend = round(detune_cents / 200 * 8192)
    for part, number in orchestra.patches:
        channel = _CHANNELS[part]
        events += midi.program(channel, number)
        events.append(Event(0.0, mido.Message("pitchwheel", channel=channel, pitch=bend)))
    for hit in score.hits:
        at, loud = clock.at(hit.at), 118 * hit.velocity * drum_level
        events += midi.note(DRUM_CHANNEL, DRUM_KEYS[hit.drum], at, at + 0.1, loud)
    for tone in score.notes:
        at, end = clock.at(tone.at), clock.at(tone.at + tone.length)
        events += midi.note(_CHANNELS[tone.part], tone.pitch, at, end, 105 * tone.velocity)
    return events
