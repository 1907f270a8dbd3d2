"""Pieces with and without a voice.

Three kinds of voice stand in for a singer: choir patches of the sound font, a formant synthesiser
of our own that sings vowels with vibrato, and espeak-ng speaking over the beat. None is a recorded
singer, so what is measured here is a lower bound on how hard the question is: real productions
double, tune and compress voices, and real instruments (a saxophone, a synthetic lead) imitate them.
The pieces without a voice have such a lead in the voice's place.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy.composer import compose_band, compose_drums
from benchmarks.accuracy.grooves import GROOVES
from benchmarks.accuracy.pieces import Exam, Piece
from benchmarks.accuracy.rhythm import choose_key, perform
from benchmarks.accuracy.scales import KeyName
from benchmarks.accuracy.score import Clock, Score, steady_clock
from benchmarks.accuracy.sound_font import FLUIDSYNTH
from benchmarks.accuracy.truth import Rendered, Truth
from tools.render import espeak
from tools.render.mixing import add, to_peak
from tools.render.notes import Tone
from tools.render.scales import SCALES
from tools.render.waves import RATE, time_axis

__all__ = ["vocals_exam"]

Random = np.random.Generator
Samples = npt.NDArray[np.float32]

_VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410),
           (300, 870, 2240))  # fmt: skip
"""First three formants in Hz of a, e, i, o, u: Peterson & Barney, 1952, men."""
_LINES = (
    "turn the lights down low and let the music play all night",
    "can you feel the rhythm moving, can you feel it in your soul",
    "we are running through the city, we are never coming home",
    "hold me close until the morning, never let the feeling go",
)


def vocals_exam(seed: int, *, quick: bool = False) -> Exam:
    """Return pieces with a voice and as many without."""
    count = 3 if quick else 8
    absent = FLUIDSYNTH.missing()
    kinds: dict[str, Callable[[Random], Rendered]] = {
        "sung formants": partial(_with_voice, "formants"),
        "instrumental": partial(_without, "numpy"),
    }
    missing = []
    if absent:
        missing.append(f"choir: {absent}")
    else:
        kinds |= {"choir": _choir, "instrumental, GM": partial(_without, "GM")}
    if absent := espeak.missing():
        missing.append(f"speech: {absent}")
    else:
        kinds["speech"] = partial(_with_voice, "speech")
        kinds["instrumental, other"] = partial(_without, "numpy")
    return Exam(
        [
            Piece(name=f"vocals/{kind}/{index}", group=kind, seed=seed, render=make)
            for kind, make in kinds.items()
            for index in range(count)
        ],
        tuple(missing),
    )


def _backing(random: Random, *, lead: bool) -> tuple[Score, Clock, KeyName]:
    grooves = [groove for groove in GROOVES if groove.beats == 4 and groove.fastest > 100]
    groove = grooves[int(random.integers(len(grooves)))]
    bpm, bars = float(np.clip(random.uniform(groove.slowest, groove.fastest), 84, 175)), 20
    key = choose_key(random)
    notes = compose_band(groove, bars, key, random)
    if not lead:
        notes = [note for note in notes if note.part != "lead"]
    score = Score(beats=bars * 4, beats_per_bar=4, hits=compose_drums(groove, bars, random),
                  notes=notes)  # fmt: skip
    return score, steady_clock(bpm, score.beats, start_sec=0.1), key


def _without(band: str, random: Random) -> Rendered:
    score, clock, _ = _backing(random, lead=True)
    return Rendered(perform(band, score, clock, random), Truth(vocals=False))


def _sung_line(key: KeyName, beats: int, random: Random, part: str) -> list[Tone]:
    scale = [57 + (key.tonic - 57) % 12 + step for step in SCALES[key.mode]]
    notes, beat, place = [], 8.0, 0
    while beat < beats - 2:
        length = float(random.choice([0.5, 1.0, 1.0, 2.0]))
        place = int(np.clip(place + random.integers(-2, 3), 0, 6))
        if beat % 8 < 6.5:
            notes.append(Tone(beat, length * 0.95, scale[place], 0.85, part))
        beat += length
    return notes


def _choir(random: Random) -> Rendered:
    score, clock, key = _backing(random, lead=False)
    score.notes.extend(_sung_line(key, score.beats, random, "voice"))
    return Rendered(perform("GM", score, clock, random), Truth(vocals=True))


def _with_voice(kind: str, random: Random) -> Rendered:
    """Mix a voice into a band 3 dB softer to 6 dB louder than the band, in the middle."""
    score, clock, key = _backing(random, lead=False)
    band = perform("numpy", score, clock, random)
    if kind == "formants":
        voice = _sing(_sung_line(key, score.beats, random, "voice"), clock, len(band), random)
    else:
        voice = _speak(len(band), random)
    sounding = np.abs(voice) > 1e-4
    level = float(np.sqrt(np.mean(voice[sounding] ** 2)))
    wanted = float(np.sqrt(np.mean(band**2))) * 10 ** (random.uniform(-3, 6) / 20)
    mixed = band + voice[:, None] * np.float32(wanted / level)
    return Rendered(to_peak(mixed, 0.9), Truth(vocals=True))


def _sing(notes: list[Tone], clock: Clock, frames: int, random: Random) -> Samples:
    """Sing vowels: harmonics of a glottal slope under three formants, with vibrato and glides."""
    out = np.zeros(frames, np.float32)
    shift = float(random.uniform(0.95, 1.25))
    octave = 12 * int(random.integers(0, 2))
    for note in notes:
        at = clock.at(note.at)
        seconds = max(clock.at(note.at + note.length) - at, 0.12)
        time = time_axis(seconds)
        vibrato = 0.25 * np.minimum(time / 0.4, 1) * np.sin(2 * np.pi * 5.5 * time)
        glide = -0.7 * np.exp(-time / 0.04)
        hz = 440 * 2 ** ((note.pitch + octave - 69 + vibrato + glide) / 12)
        phase = 2 * np.pi * np.cumsum(hz) / RATE
        formants = _VOWELS[int(random.integers(5))]
        sound = np.zeros(len(time))
        for number in range(1, 40):
            partial_hz = number * float(hz[-1])
            if partial_hz > 9000:
                break
            gain = sum(
                weight / (1 + ((partial_hz - shift * centre) / width) ** 2)
                for centre, width, weight in zip(
                    formants, (90, 120, 180), (1.0, 0.6, 0.35), strict=True
                )
            )
            sound += (gain + 0.02) / number**0.5 * np.sin(number * phase)
        breath = 0.02 * random.standard_normal(len(time))
        consonant = 0.5 * random.standard_normal(len(time)) * np.exp(-time / 0.015)
        envelope = np.minimum(time / 0.05, 1) * np.minimum(time[::-1] / 0.06, 1)
        piece = ((sound + breath) * envelope + consonant * 0.3).astype(np.float32)
        add(out, piece, round(at * RATE))
    return out


def _speak(frames: int, random: Random) -> Samples:
    """Let espeak-ng speak lines one after the other."""
    out = np.zeros(frames, np.float32)
    at = round(random.uniform(2, 5) * RATE)
    voice = str(random.choice(["en-gb", "en-us", "en-gb+f3", "en-us+m3", "en-gb+f2"]))
    pitch, speed = int(random.integers(30, 75)), int(random.integers(130, 200))
    while at < frames - 5 * RATE:
        line = _LINES[int(random.integers(len(_LINES)))]
        spoken, rate = espeak.speak(line, voice=voice, pitch=pitch, words_a_minute=speed)
        places = np.arange(0, len(spoken) - 1, rate / RATE)
        piece = np.interp(places, np.arange(len(spoken)), spoken)
        add(out, piece.astype(np.float32), at)
        at += len(piece) + round(random.uniform(0.3, 2.5) * RATE)
    return out
