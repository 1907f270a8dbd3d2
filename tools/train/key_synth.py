"""Play pieces with instruments of our own: band-limited wavetables, envelopes, and a room."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.train.key_piece import Note, Piece, Random

__all__ = ["TIMBRES", "play"]

Sound = npt.NDArray[np.float64]

_TABLE = 2048
_PARTIALS = 24
TIMBRES = (
    "sine",
    "triangle",
    "square",
    "saw",
    "supersaw",
    "organ",
    "fm",
    "pluck",
    "choir",
    "epiano",
)


@dataclass(frozen=True)
class _Voice:
    """One instrument: partial amplitudes, envelope and vibrato."""

    partials: tuple[float, ...]
    attack: float
    decay: float
    sustain: float
    vibrato_cents: float
    detune_cents: float
    sweep: bool


def play(piece: Piece, rate: int, *, cents: float, random: Random) -> Sound:
    """Return the piece at a rate in Hz, detuned by so many cents."""
    total = int((piece.seconds + 0.5) * rate)
    sound = np.zeros(total)
    levels = {"bass": 1.0, "chords": 0.6, "lead": 0.7, "drone": 0.5}
    for role in sorted({note.role for note in piece.notes}):
        voice = _voice(role, random)
        level = levels[role] * 10 ** (random.uniform(-8, 4) / 20)
        for note in piece.notes:
            if note.role == role:
                _add(sound, note, voice, rate, level, cents)
    return _room(sound, rate, random)


def _voice(role: str, random: Random) -> _Voice:
    timbre = str(random.choice(TIMBRES))
    n = np.arange(1, _PARTIALS + 1)
    partials = {
        "sine": (n == 1) * 1.0,
        "triangle": (n % 2) / n**2,
        "square": (n % 2) / n,
        "saw": 1.0 / n,
        "supersaw": 1.0 / n,
        "organ": np.isin(n, [1, 2, 3, 4, 6, 8]) * random.uniform(0.2, 1.0, _PARTIALS),
        "fm": np.exp(-((n - random.uniform(1, 2.5)) ** 2) / 6),
        "pluck": 1.0 / n**1.3,
        "choir": 0.5 * np.exp(-((n - 3.0) ** 2) / 8) + 1.0 / n,
        "epiano": np.isin(n, [1, 2, 4, 7]) / n**0.8,
    }[timbre]
    cut = random.uniform(2, _PARTIALS)
    partials = partials / np.sqrt(1 + (n / cut) ** 4)
    plucked = timbre in {"pluck", "epiano"} or random.random() < 0.25
    return _Voice(
        partials=tuple(partials / np.sqrt((partials**2).sum())),
        attack=float(random.uniform(0.002, 0.02) if plucked else random.uniform(0.005, 0.25)),
        decay=float(random.uniform(0.15, 0.8)),
        sustain=0.0 if plucked else float(random.uniform(0.4, 1.0)),
        vibrato_cents=float(random.uniform(5, 45))
        if role == "lead" and random.random() < 0.6
        else 0,
        detune_cents=float(random.uniform(3, 18)) if timbre == "supersaw" else 0.0,
        sweep=bool(random.random() < 0.25 and role != "lead"),
    )


def _add(sound: Sound, note: Note, voice: _Voice, rate: int, level: float, cents: float) -> None:
    hz = 440 * 2 ** ((note.pitch - 69 + cents / 100) / 12)
    start = int(note.start * rate)
    release = 0.08
    length = min(int((note.length + release) * rate), len(sound) - start)
    if length <= 0:
        return
    time = np.arange(length) / rate
    top = max(1, min(_PARTIALS, int(rate * 0.45 / hz)))
    envelope = np.minimum(1, time / voice.attack)
    envelope *= voice.sustain + (1 - voice.sustain) * np.exp(-time / voice.decay)
    envelope *= np.clip((note.length + release - time) / release, 0, 1)
    bright = _table(voice.partials[:top])
    phase = hz * time
    if voice.vibrato_cents:
        depth = hz * (2 ** (voice.vibrato_cents / 1200) - 1)
        phase = phase - depth / (2 * np.pi * 5.5) * np.cos(2 * np.pi * 5.5 * time)
    wave = bright[(phase * _TABLE).astype(np.int64) % _TABLE]
    if voice.detune_cents:
        for shift in (-voice.detune_cents, voice.detune_cents):
            moved = phase * 2 ** (shift / 1200) + 0.37 * shift
            wave = wave + bright[(moved * _TABLE).astype(np.int64) % _TABLE]
    if voice.sweep:  # a slow filter: between the dark and the bright table
        dark = _table(tuple(p / (k + 1) ** 1.5 for k, p in enumerate(voice.partials[:top])))
        mix = 0.5 - 0.5 * np.cos(2 * np.pi * (note.start + time) / 8)
        wave = mix * wave + (1 - mix) * dark[(phase * _TABLE).astype(np.int64) % _TABLE]
    sound[start : start + length] += level * note.velocity * envelope * wave


def _table(partials: tuple[float, ...]) -> Sound:
    spectrum = np.zeros(_TABLE // 2 + 1, np.complex128)
    spectrum[1 : len(partials) + 1] = -0.5j * np.asarray(partials) * _TABLE
    return np.asarray(np.fft.irfft(spectrum))


def _room(sound: Sound, rate: int, random: Random) -> Sound:
    if random.random() < 0.5:
        return sound
    seconds = random.uniform(0.2, 1.6)
    length = int(seconds * rate)
    answer = random.normal(size=length) * np.exp(-4 * np.arange(length) / length)
    answer *= random.uniform(0.1, 0.7) / np.sqrt((answer**2).sum())
    answer[0] = 1.0
    size = 1 << (len(sound) + length - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size), size)
    return np.asarray(wet[: len(sound)])
