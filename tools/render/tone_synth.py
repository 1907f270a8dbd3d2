"""Subtractive and FM synthesiser in numpy: basses, keys, organs, plucks, pads and leads.

A note is a cross-fade between a bright and a dark band-limited wavetable, which stands for a
filter envelope at the cost of two table look-ups a sample.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.mixing import add
from tools.render.notes import Tone
from tools.render.waves import RATE, TABLE, hertz, wavetable


@dataclass(frozen=True)
class Patch:
    """A synthesiser sound; times in seconds, brightness in harmonics."""

    wave: str
    bright: float
    dark: float
    filter_fall: float
    attack: float
    fall: float
    sustain: float
    release: float
    voices: int = 1
    detune: float = 0.0
    fm_ratio: float = 0.0
    fm_depth: float = 0.0


def draw_patch(part: str, program: int, rng: Generator) -> Patch:
    """Draw a sound of the kind that a General MIDI program names."""

    def u(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    wave = str(rng.choice(["saw", "square", "saw", "triangle"]))
    if part == "bass":
        if rng.random() < 0.25:
            return Patch("sine", 3, 2, 0.2, 0.003, 1.0, 0.8, 0.04)
        if rng.random() < 0.25:
            return Patch("fm", 0, 0, u(0.05, 0.3), 0.002, u(0.3, 0.9), 0.4, 0.04,
                         fm_ratio=float(rng.choice([1, 2, 0.5])), fm_depth=u(1, 4))  # fmt: skip
        return Patch(wave, u(6, 30), u(1.5, 4), u(0.05, 0.3), 0.003, u(0.25, 0.8),
                     0.3 if program < 38 else 0.8, 0.04)  # fmt: skip
    if program < 16 or 24 <= program < 32 or 104 <= program < 112 or program in (45, 46):
        if program in (4, 5, 9, 10, 11, 12, 14) or rng.random() < 0.25:
            ratio = (1, 2, 3.5, 7, 14)
            return Patch("fm", 0, 0, u(0.1, 0.5), 0.002, u(0.4, 1.5), 0.0, 0.15,
                         fm_ratio=float(rng.choice(ratio)), fm_depth=u(0.3, 2))  # fmt: skip
        return Patch(wave, u(5, 16), u(1.5, 4), u(0.1, 0.5), 0.002, u(0.3, 1.5), 0.0, 0.1)
    if 16 <= program < 24:
        return Patch("organ", 8, 6, 1.0, 0.008, 1.0, 1.0, 0.04)
    if 40 <= program < 56 or 88 <= program < 104:
        return Patch("saw", u(6, 20), u(2, 6), u(0.5, 2.0), u(0.02, 0.25), 2.0, 0.8,
                     u(0.1, 0.4), 3, u(0.002, 0.008))  # fmt: skip
    if 80 <= program < 88:
        return Patch(wave, u(10, 40), u(3, 8), u(0.1, 0.5), 0.003, 0.6, 0.6, 0.06,
                     int(rng.choice([1, 2, 3])), u(0.002, 0.01))  # fmt: skip
    return Patch(wave, u(8, 16), u(3, 6), u(0.2, 0.6), u(0.01, 0.04), 1.0, 0.8, 0.08)


def _table(wave: str, softness: float, harmonics: int) -> NDArray[np.float32]:
    """One period of a wave with ``harmonics`` partials that fall off beyond ``softness``."""
    k = np.arange(1, harmonics + 1)
    strength = {
        "saw": 1 / k,
        "square": (k % 2) / k,
        "triangle": (k % 2) / k**2 * (-1.0) ** (k // 2),
        "sine": (k == 1) * 1.0,
        "organ": np.isin(k, (1, 2, 3, 4, 6, 8)) * 0.6 ** (k / 3),
    }[wave] * np.exp(-(k - 1) / softness)
    table = wavetable(strength)
    scaled: NDArray[np.float32] = (table / np.sqrt(np.mean(table**2))).astype(np.float32)
    return scaled


class ToneSynth:
    """Plays the notes of one part with one patch, remembering notes already made."""

    def __init__(self, patch: Patch, rng: Generator) -> None:
        self._patch = patch
        self._phases = rng.uniform(0, 1, patch.voices) * (patch.voices > 1)
        self._notes: dict[tuple[float, int], NDArray[np.float32]] = {}

    def note(self, pitch: float, seconds: float) -> NDArray[np.float32]:
        """Give a note of about unit power as (frames,), its length rounded to 10 ms."""
        key = (pitch, max(2, round(seconds * 100)))
        if key not in self._notes:
            self._notes[key] = self._make(pitch, key[1] / 100)
        return self._notes[key]

    def _make(self, pitch: float, seconds: float) -> NDArray[np.float32]:
        patch, hz = self._patch, hertz(pitch)
        frames = int((seconds + patch.release) * RATE)
        t = np.arange(frames, dtype=np.float32) / np.float32(RATE)
        opened = np.exp(-t / np.float32(patch.filter_fall))
        if patch.wave == "fm":
            phase = (2 * np.pi * hz) * np.arange(frames) / RATE
            index = np.float32(patch.fm_depth) * opened
            sound = np.sin(
                phase.astype(np.float32) + index * np.sin(patch.fm_ratio * phase).astype(np.float32)
            )
        else:
            sound = self._wavetables(hz, frames, opened)
        envelope = np.minimum(t / patch.attack, 1) * (
            patch.sustain + (1 - patch.sustain) * np.exp(-t / patch.fall)
        )
        held = min(frames - 1, int(seconds * RATE))
        envelope[held:] *= np.linspace(1, 0, frames - held, dtype=np.float32)
        return np.asarray(sound * envelope, np.float32)

    def _wavetables(
        self, hz: float, frames: int, opened: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        patch = self._patch
        harmonics = max(1, min(64, int(0.45 * RATE / hz)))
        bright = _table(patch.wave, patch.bright, harmonics)
        dark = _table(patch.wave, patch.dark, harmonics)
        sound = np.zeros(frames, np.float32)
        count = np.arange(frames, dtype=np.float64)
        for voice, start in enumerate(self._phases):
            spread = 1 + patch.detune * (voice - (patch.voices - 1) / 2)
            place = (count * (hz * spread * TABLE / RATE) + start * TABLE).astype(np.int64)
            place &= TABLE - 1
            low = dark[place]
            sound += low + opened * (bright[place] - low)
        return sound / np.float32(np.sqrt(patch.voices))


def play(tones: list[Tone], synth: ToneSynth, frames: int) -> NDArray[np.float32]:
    """Mix the notes of one part to mono (frames,)."""
    out = np.zeros(frames, np.float32)
    for tone in tones:
        start = round(tone.at * RATE)
        if start < 0 or start >= frames:
            continue
        sound = synth.note(tone.pitch, tone.length)
        add(out, np.float32(0.3 * tone.velocity) * sound, start)
    return out
