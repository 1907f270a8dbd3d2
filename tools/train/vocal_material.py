"""Music with and without somebody singing in it, and when: to train and to validate on.

Accompaniments are the pieces of `rhythm_material` and, for every second seed that is not held out,
excerpts of the instrumental music of four free games, which Debian packages: without real music a
model learns to tell it from synthetic music. Singers are our own source-filter singer, and
espeak-ng: as it speaks, and sung by a vocoder that gives its words a melody. Where nobody sings, a
soloist with the same kind of melody plays in every second piece. Other voices, languages and
instruments are held out for validation. Seeds 0–999.
"""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.espeak import speak
from tools.render.mixing import add, colour, quick_length
from tools.render.waves import RATE
from tools.train import soloists
from tools.train.melodies import draw_notes
from tools.train.rhythm_material import make_piece
from tools.train.singing import draw_voice, sing, sing_words

__all__ = ["RATE", "STEP_SEC", "VocalPiece", "at_rate", "make_vocal_piece", "mix_with_voice"]

STEP_SEC = 0.1
VOICES = ("en-us", "en-gb", "de", "fr-fr", "es", "it", "sv", "cs", "id", "el")
VOICES_HELD_OUT = ("pt", "ru", "tr", "hi", "fi", "en-gb-scotland")
VARIANTS = ("", "+m1", "+m3", "+m7", "+f1", "+f2", "+f4", "+croak")
VARIANTS_HELD_OUT = ("+m2", "+m5", "+f3", "+f5")
_SYLLABLES = (
    "la da na hey oh yeah love me baby night time shake it down sun rise feel the beat in my "
)
_SYLLABLES += "heart forever away tonight dancing stars fire want you now dream of summer rain"
_GAMES = ("singularity/music", "noiz2sa/sounds", "parsec47/sounds", "gunroar/sounds/musics")
_GAMES_FOLDER = Path("/usr/share/games")
_LEAST_BYTES = 500_000
_ACTIVE_DB = -28.0
_PAUSE_STEPS = 5

Samples = NDArray[np.float32]


class MusicMissing(RuntimeError):
    """A game is missing: apt install singularity-music noiz2sa-data parsec47-data gunroar-data."""


@dataclass(frozen=True)
class VocalPiece:
    """A piece, and which of its 100-ms steps are sung: samples of shape (frames, 2)."""

    samples: NDArray[np.float32]
    sung: NDArray[np.bool_]
    kind: str


def make_vocal_piece(
    seed: int, *, seconds: float, held_out: bool, voice: str | None = None
) -> tuple[VocalPiece, VocalPiece]:
    """Make a piece with vocals and the same one without them, always the same for a seed.

    Raises:
        MusicMissing: The music of a game is not installed.
        ProgramMissing: There is no FluidSynth or no espeak-ng.

    """
    rng = np.random.default_rng([seed, 11])
    if seed % 2 == 0 or held_out:
        music = make_piece(seed, seconds=seconds).samples.T
    else:
        music = _real_music(seconds, rng)
    kind = voice or str(rng.choice(["singer", "singer", "espeak", "words", "words"]))
    dry = _vocals(kind, seconds, rng, held_out=held_out)
    sung, place = _active(dry), _place(dry, rng)
    with_voice = _mix(music, place, rng.uniform(-6, 7))
    instrument = rng.random() < 0.6
    if instrument:
        solo = soloists.play(seconds, rng, held_out=held_out)
        music = _mix(music, _place(solo, rng), rng.uniform(-5, 8))
    name = "solo" if instrument else "plain"
    return (
        VocalPiece(_finish(with_voice, rng), sung, kind),
        VocalPiece(_finish(music, rng), np.zeros_like(sung), name),
    )


def _real_music(seconds: float, rng: Generator) -> Samples:
    """Return an excerpt of a game's music, some of it at another speed."""
    paths: list[Path] = []
    for game in _GAMES:
        found = sorted((_GAMES_FOLDER / game).rglob("*.ogg"))
        found = [path for path in found if path.stat().st_size >= _LEAST_BYTES]
        if not found:
            raise MusicMissing(MusicMissing.__doc__)
        paths += found
    with soundfile.SoundFile(paths[rng.integers(len(paths))]) as file:
        speed = file.samplerate / RATE * rng.uniform(0.94, 1.06)
        frames = int(seconds * RATE * speed) + 2
        file.seek(int(rng.integers(0, max(1, file.frames - frames))))
        samples = file.read(frames, dtype="float32", always_2d=True)
    at = np.arange(round(seconds * RATE)) * speed
    channels = [np.interp(at, np.arange(len(samples)), plane) for plane in samples.T]
    return np.asarray(np.stack([channels[0], channels[-1]]), np.float32)


def _vocals(kind: str, seconds: float, rng: Generator, *, held_out: bool) -> NDArray[np.float64]:
    """Return the dry voice, mono."""
    voice = draw_voice(rng)
    notes = draw_notes(seconds, voice.centre, rng)
    if kind == "singer":
        return sing(notes, seconds, voice, rng)
    speech = _speech(rng, held_out=held_out)
    if kind == "words":
        return sing_words(speech, notes, seconds, voice, rng)
    out = np.zeros(round(seconds * RATE))
    at = int(rng.uniform(0, 2) * RATE)
    while at < len(out):
        length = min(int(rng.uniform(1.5, 6) * RATE), len(speech), len(out) - at)
        first = int(rng.integers(0, max(1, len(speech) - length)))
        add(out, speech[first : first + length], at)
        at += length + int(rng.uniform(0.2, 3) * RATE)
    return out


def _speech(rng: Generator, *, held_out: bool) -> NDArray[np.float64]:
    """Let espeak-ng speak some words, and return them at 44.1 kHz."""
    voices, variants = (VOICES_HELD_OUT, VARIANTS_HELD_OUT) if held_out else (VOICES, VARIANTS)
    text = " ".join(rng.choice(_SYLLABLES.split(), 40))
    voice = str(rng.choice(voices)) + str(rng.choice(variants))
    speed, pitch = int(rng.integers(120, 230)), int(rng.integers(20, 80))
    return at_rate(*speak(text, voice=voice, pitch=pitch, words_a_minute=speed))


def at_rate(samples: NDArray[np.float64], rate: int) -> NDArray[np.float64]:
    """Return sound at 44.1 kHz, by cutting its spectrum or continuing it with zeros."""
    whole = quick_length(len(samples))
    spectrum = np.fft.rfft(samples, whole)
    length = whole * RATE // rate
    bins = length // 2 + 1
    fitted = np.pad(spectrum[:bins], (0, max(0, bins - len(spectrum))))
    return np.fft.irfft(fitted, length) * (length / whole)


def mix_with_voice(
    seed: int, speech: NDArray[np.float64], *, sung: bool, level_db: float, rng: Generator
) -> VocalPiece:
    """Make the piece of a seed with recorded speech in it, as it is or sung, as long as that."""
    seconds = len(speech) / RATE
    dry = speech
    if sung:
        voice = draw_voice(rng)
        dry = sing_words(speech, draw_notes(seconds, voice.centre, rng), seconds, voice, rng)
    music = make_piece(seed, seconds=seconds).samples.T
    mix = _mix(music, _place(dry, rng), level_db)
    return VocalPiece(_finish(mix, rng), _active(dry), "sung" if sung else "spoken")


def _active(dry: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the steps in which the voice sounds, breaths between words included."""
    step = round(RATE * STEP_SEC)
    level = np.square(dry[: len(dry) // step * step]).reshape(-1, step).mean(axis=1)
    active = level > level.max() * 10 ** (_ACTIVE_DB / 10)
    edges = np.flatnonzero(np.diff(active.astype(np.int8)))
    for first, last in pairwise(edges):
        if not active[first + 1] and last - first <= _PAUSE_STEPS:
            active[first + 1 : last + 1] = True
    return np.asarray(active)


def _place(dry: NDArray[np.float64], rng: Generator) -> Samples:
    """Return a voice or soloist in a room: equalised, compressed, doubled, with echo; stereo."""
    frames = len(dry)
    length = quick_length(frames + RATE)
    hz, response = colour(rng)
    bins = np.fft.rfftfreq(length, 1 / RATE)
    low_cut = 1 / (1 + (rng.uniform(60, 200) / np.maximum(bins, 1)) ** 4)
    shelf = 1 + (10 ** (rng.uniform(0, 12) / 20) - 1) / (1 + (2_500 / np.maximum(bins, 1)) ** 2)
    curve = np.interp(bins, hz, np.abs(response)) * low_cut * shelf
    spectrum = np.fft.rfft(dry.astype(np.float32), length) * curve.astype(np.float32)
    mono = np.fft.irfft(spectrum, length)[:frames]
    mono /= np.sqrt(np.mean(np.square(mono))) + 1e-9
    drive = rng.uniform(0.2, 1.2)
    mono = np.tanh(np.float32(drive) * mono) / np.float32(drive)
    pan = 0.0 if rng.random() < 0.75 else rng.uniform(-0.4, 0.4)
    out = np.stack([mono * np.float32(1 - pan), mono * np.float32(1 + pan)])
    for _ in range(int(rng.choice((0, 0, 1, 2)))):
        late, side = int(rng.uniform(0.008, 0.035) * RATE), rng.uniform(-0.9, 0.9)
        double = np.roll(mono, late) * np.float32(rng.uniform(0.3, 0.7))
        out += np.stack([double * np.float32(1 - side), double * np.float32(1 + side)])
    if rng.random() < 0.8:
        seconds = rng.uniform(0.3, 2.0)
        tail = rng.standard_normal((2, RATE)) * np.exp(-6.9 * np.arange(RATE) / RATE / seconds)
        tail *= 10 ** (rng.uniform(-22, -6) / 20) / np.sqrt(np.square(tail).sum(axis=1).mean())
        wet = np.fft.rfft(out, length) * np.fft.rfft(tail.astype(np.float32), length)
        out = out + np.fft.irfft(wet, length)[:, :frames]
    if rng.random() < 0.25:
        late = int(rng.uniform(0.15, 0.5) * RATE)
        out[:, late:] += np.float32(rng.uniform(0.1, 0.4)) * out[:, :-late].copy()
    return np.asarray(out, np.float32)


def _mix(music: Samples, part: Samples, level_db: float) -> Samples:
    """Add a part at a level against the music, both by what they have in the range of voices."""
    presence = [_presence(x.mean(axis=0)) for x in (music, part)]
    if presence[0] < 1e-5:
        return music + part * np.float32(0.1)
    gain = presence[0] / (presence[1] + 1e-12) * 10 ** (level_db / 20)
    return music + part * np.float32(gain)


def _presence(mono: Samples) -> float:
    """Return the level of 200 Hz to 5 kHz, over the louder half of the time."""
    part = RATE // 5
    parts = mono[: len(mono) // part * part].reshape(-1, part)
    power = np.square(np.abs(np.fft.rfft(parts * np.hanning(part).astype(np.float32))))
    hz = np.fft.rfftfreq(part, 1 / RATE)
    heard = np.sort(power[:, (hz >= 200) & (hz <= 5_000)].sum(axis=1)) / part**2
    return float(np.sqrt(heard[len(heard) // 2 :].mean()))


def _finish(mix: Samples, rng: Generator) -> Samples:
    """Limit, narrow and level the mix."""
    mix = mix / (np.abs(mix).max() + np.float32(1e-9))
    drive = np.float32(10 ** rng.uniform(-0.3, 0.7))
    mix = np.tanh(drive * mix) / np.tanh(drive)
    if rng.random() < 0.12:
        mix = np.stack([mix.mean(axis=0)] * 2)
    elif rng.random() < 0.15:
        bins = np.fft.rfftfreq(length := quick_length(mix.shape[1]), 1 / RATE)
        wall = 1 / (1 + (bins / rng.uniform(3_500, 12_000)) ** 20)
        filtered = np.fft.irfft(np.fft.rfft(mix, length) * wall.astype(np.float32), length)
        mix = np.asarray(filtered[:, : mix.shape[1]], np.float32)
    return np.ascontiguousarray(mix.T * 10 ** (rng.uniform(-12, -0.2) / 20), np.float32)
