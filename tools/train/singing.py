"""Singers by source and filter: a glottal pulse with vibrato and breath, through moving formants.

The source is the KLGLOTT88 pulse (Klatt and Klatt, "Analysis, synthesis, and perception of voice
quality variations", JASA 1990); vowels are the usual five resonances, consonants noise in bands.
The filter is applied frame by frame to short spectra, as a vocoder does; so it takes envelopes of
recorded or synthesised speech just as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tools.render.waves import RATE, hertz
from tools.train.melodies import FRAMES_PER_SEC, Manner, Note, bend

_SIZE, _HOP = 512, 128
_BINS = np.fft.rfftfreq(_SIZE, 1 / RATE)
_VOWELS = (
    (730, 1090, 2440, 3400, 4500),
    (530, 1840, 2480, 3500, 4500),
    (270, 2290, 3010, 3600, 4600),
    (570, 840, 2410, 3300, 4400),
    (300, 870, 2240, 3300, 4400),
    (660, 1720, 2410, 3400, 4500),
    (490, 1350, 1690, 3200, 4400),
    (440, 1020, 2240, 3300, 4400),
)
_NASALS = ((280, 1100, 2200, 3300, 4300), (360, 1300, 2700, 3300, 4300))
_WIDTHS = (80, 100, 130, 200, 280)
_NOISES = {
    "s": (5_200, 10_000, 0.5, 0.09),
    "sh": (2_500, 7_000, 0.6, 0.1),
    "f": (1_200, 11_000, 0.12, 0.07),
    "h": (600, 5_000, 0.15, 0.06),
    "t": (3_000, 9_000, 0.6, 0.03),
    "k": (1_500, 4_500, 0.6, 0.03),
}
_LONGEST_SYLLABLE = 0.6

Frames = NDArray[np.float64]


@dataclass(frozen=True)
class Voice:
    """A singer: MIDI pitch, length of the vocal tract (1 = male), open share, breath, manner."""

    centre: float
    tract: float
    open_share: float
    breath: float
    tilt_hz: float
    manner: Manner


def draw_voice(rng: Generator) -> Voice:
    """Draw a man, a woman or a child; some are tuned by machine."""
    kind = rng.integers(3)
    centre = (rng.uniform(45, 57), rng.uniform(56, 69), rng.uniform(60, 72))[kind]
    tract = (rng.uniform(0.92, 1.06), rng.uniform(1.08, 1.2), rng.uniform(1.18, 1.3))[kind]
    tuned = rng.random() < 0.2
    manner = Manner(
        glide=0.01 if tuned else rng.uniform(0.03, 0.1),
        vibrato=0.0 if tuned or rng.random() < 0.25 else rng.uniform(15, 80),
        vibrato_hz=rng.uniform(4.5, 6.8),
        drift=2.0 if tuned else rng.uniform(5, 18),
        scoop=0.0 if tuned else rng.uniform(0, 3),
    )
    return Voice(
        float(centre), float(tract), rng.uniform(0.4, 0.75), rng.uniform(0.0, 0.12),
        rng.uniform(1_500, 7_000), manner,
    )  # fmt: skip


def glottis(pitch: Frames, voice: Voice, rng: Generator) -> NDArray[np.float64]:
    """Return the source at 44.1 kHz for a pitch every 5 ms, with jitter, shimmer and breath."""
    samples = len(pitch) * RATE // FRAMES_PER_SEC
    at = np.arange(samples) * (FRAMES_PER_SEC / RATE)
    hz = hertz(np.interp(at, np.arange(len(pitch)), pitch))
    phase = np.cumsum(hz / RATE)
    cycle = np.floor(phase).astype(np.int64)
    jitter = 1 + 0.004 * rng.standard_normal(cycle[-1] + 2)
    shimmer = 1 + 0.06 * rng.standard_normal(cycle[-1] + 2)
    x = (phase - cycle) * jitter[cycle] / voice.open_share
    pulse = np.where(x < 1, 2 * x - 3 * x * x, 0.0) * shimmer[cycle]
    # The sharp closure is softened, as the tilt of a voice is; it also keeps aliases low.
    tilt = np.exp(-2 * np.pi * voice.tilt_hz / RATE)
    kernel = (1 - tilt) * tilt ** np.arange(200)
    breath = voice.breath * rng.standard_normal(samples) * (0.4 + (x < 1))
    return np.asarray(np.convolve(pulse, kernel)[:samples] + breath)


def formants(resonances: Frames, tract: float) -> Frames:
    """Return the gains of five resonances of shape (frames, 5) at the bins: (frames, bins)."""
    centre = resonances[:, :, None] * tract
    width = np.array(_WIDTHS)[None, :, None] * tract
    hz = _BINS[None, None, :]
    gain = centre**2 / np.sqrt((centre**2 - hz**2) ** 2 + (width * hz) ** 2)
    return np.asarray(np.prod(gain, axis=1))


def articulate(
    notes: list[Note], seconds: float, voice: Voice, rng: Generator
) -> tuple[Frames, Frames]:
    """Return gains of source and of noise for each frame of the filter: (frames, bins) each."""
    frames = round(seconds * RATE) // _HOP + 1
    fps = RATE / _HOP
    targets = np.tile(np.array(_VOWELS[0], float), (frames, 1))
    level, noise = np.zeros(frames), np.zeros((frames, len(_BINS)))
    for note in notes:
        parts = max(1, round(note.length / rng.uniform(0.18, _LONGEST_SYLLABLE)))
        for part in range(parts):
            start = note.start + note.length * part / parts
            first, last = round(start * fps), round((start + note.length / parts) * fps)
            vowel = np.array(_VOWELS[rng.integers(len(_VOWELS))], float)
            targets[first:last] = vowel * (1 + 0.05 * rng.standard_normal(5))
            level[first:last] = rng.uniform(0.7, 1.0)
            kind = str(rng.choice(["", "", "s", "sh", "f", "h", "t", "k", "n", "n", "stop"]))
            taken = min(last - first, round(rng.uniform(0.04, 0.09) * fps))
            if kind == "n":
                targets[first : first + taken] = _NASALS[rng.integers(2)]
                level[first : first + taken] *= 0.35
            elif kind:
                level[first : first + taken] *= 0.03
            if kind in _NOISES:
                low, high, loud, length = _NOISES[kind]
                begin = max(0, first - round(0.02 * fps))
                end = min(frames, begin + max(2, round(length * rng.uniform(0.7, 1.4) * fps)))
                shape = 1 / (1 + (low / np.maximum(_BINS, 1)) ** 6) / (1 + (_BINS / high) ** 8)
                noise[begin:end] += loud * rng.uniform(0.5, 1.3) * shape
            if rng.random() < 0.3:
                level[max(first, last - round(0.03 * fps)) : last] *= 0.1
    targets = _smooth(targets, round(0.04 * fps))
    level = _smooth(level[:, None], round(0.02 * fps))[:, 0]
    return level[:, None] * formants(targets, voice.tract), noise


def vocode(source: NDArray[np.float64], gains: Frames) -> NDArray[np.float64]:
    """Filter a source by gains for each 128 samples: the spectra are weighed and overlapped."""
    frames = len(gains)
    padded = np.zeros(frames * _HOP + 2 * _SIZE)
    count = min(len(source), frames * _HOP)
    padded[_SIZE // 2 : _SIZE // 2 + count] = source[:count]
    window = np.hanning(_SIZE + 1)[:-1]
    views = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[: frames * _HOP : _HOP]
    parts = np.fft.irfft(np.fft.rfft(views * window) * gains, axis=1) * window
    out = np.zeros(frames * _HOP + _SIZE)
    for lane in range(_SIZE // _HOP):
        mine = parts[lane :: _SIZE // _HOP].ravel()
        out[lane * _HOP : lane * _HOP + len(mine)] += mine
    return out[_SIZE // 2 : _SIZE // 2 + len(source)]


def sing(notes: list[Note], seconds: float, voice: Voice, rng: Generator) -> NDArray[np.float64]:
    """Return a sung melody of made-up syllables, mono, at 44.1 kHz."""
    source = glottis(bend(notes, seconds, voice.manner, rng), voice, rng)
    gains, noise = articulate(notes, seconds, voice, rng)
    voiced = vocode(source, gains)
    breath = vocode(rng.standard_normal(len(source)), noise)
    return voiced / (np.std(voiced) + 1e-9) + 0.35 * breath


def sing_words(
    speech: NDArray[np.float64], notes: list[Note], seconds: float, voice: Voice, rng: Generator
) -> NDArray[np.float64]:
    """Return a melody with the vowels and consonants of speech, stretched to its notes."""
    spoken, bright = envelopes(speech)
    frames = round(seconds * RATE) // _HOP + 1
    place, sounding = np.zeros(frames, np.int64), np.zeros(frames)
    fps, now = RATE / _HOP, rng.uniform(0, len(spoken))
    slow = rng.uniform(0.4, 0.9)
    for note in notes:
        first, last = round(note.start * fps), min(frames, round((note.start + note.length) * fps))
        place[first:last] = np.floor(now + np.arange(last - first) * slow) % len(spoken)
        now += max(0, last - first) * slow
        sounding[first:last] = 1.0
    gains = spoken[place] * _smooth(sounding[:, None], round(0.02 * fps))
    unvoiced = bright[place][:, None]
    source = glottis(bend(notes, seconds, voice.manner, rng), voice, rng)
    source /= np.std(source) + 1e-9
    # The pulse falls by 6 dB an octave, and the envelope has that fall already.
    source = np.diff(source, prepend=0.0) * 2
    voiced = vocode(source, gains * (1 - unvoiced))
    return voiced + vocode(rng.standard_normal(len(source)), gains * unvoiced)


def envelopes(speech: NDArray[np.float64]) -> tuple[Frames, NDArray[np.float64]]:
    """Return envelopes of speech at 44.1 kHz, without its pauses, and how unvoiced each is."""
    window = np.hanning(_SIZE * 2 + 1)[:-1]
    views = np.lib.stride_tricks.sliding_window_view(speech, 2 * _SIZE)[::_HOP]
    power = np.abs(np.fft.rfft(views * window)) ** 2 + 1e-9
    total = power.sum(axis=1)
    power = power[total > 1e-3 * total.max()]
    cepstrum = np.fft.irfft(np.log(power), axis=1)
    cepstrum[:, 60:-59] = 0
    smooth = np.exp(np.fft.rfft(cepstrum, axis=1).real / 2)[:, ::2]
    hz = np.fft.rfftfreq(2 * _SIZE, 1 / RATE)
    high, low = power[:, hz > 3_500].sum(axis=1), power[:, hz <= 3_500].sum(axis=1)
    return smooth / smooth.max(), np.clip(2 * high / (high + low) - 0.5, 0, 1)


def _smooth(values: Frames, length: int) -> Frames:
    kernel = np.hanning(max(3, length) + 2)[1:-1]
    kernel /= kernel.sum()
    half = len(kernel) // 2
    padded = np.pad(values, ((half, len(kernel) - 1 - half), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, "valid") for column in padded.T], axis=1)
