"""Plain grooves from a drum machine of a few lines, with exact truth."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Groove", "groove"]

_RATE = 44_100
_EIGHTHS = tuple(number / 2 for number in range(8))
_STYLES: dict[str, tuple[int, dict[str, tuple[float, ...]]]] = {
    "house": (4, {"kick": (0, 1, 2, 3), "snare": (1, 3), "hat": (0.5, 1.5, 2.5, 3.5)}),
    "rock": (4, {"kick": (0, 2, 2.5), "snare": (1, 3), "hat": _EIGHTHS}),
    "drum_and_bass": (4, {"kick": (0, 2.5), "snare": (1, 3), "hat": _EIGHTHS}),
    "half_time": (4, {"kick": (0, 1.75, 3.5), "snare": (2,), "hat": _EIGHTHS}),
    "waltz": (3, {"kick": (0,), "snare": (1, 2), "hat": (0, 1, 2)}),
}


@dataclass(frozen=True)
class Groove:
    """Samples at 44.1 kHz, shape (frames, 2), and the truth."""

    samples: npt.NDArray[np.float64]
    beats_sec: npt.NDArray[np.float64]
    beats_per_bar: int


def groove(
    style: str, bpm: float, seconds: float, *, silent: tuple[float, float] = (0.0, 0.0)
) -> Groove:
    """Return a groove over a bass and a pad; the drums rest between the `silent` seconds."""
    random = np.random.default_rng(0)
    beats_per_bar, hits = _STYLES[style]
    period, start = 60 / bpm, 0.3
    frames = round(seconds * _RATE)
    sound = np.zeros(frames + _RATE)
    bars = int((seconds - start) / (beats_per_bar * period))
    for bar in range(bars):
        for drum, beats in hits.items():
            for beat in beats:
                moment = start + (bar * beats_per_bar + beat) * period
                if not silent[0] <= moment < silent[1]:
                    hit = _drum(drum, random) * random.uniform(0.85, 1.0)
                    first = round(moment * _RATE)
                    sound[first : first + len(hit)] += hit
    time = np.arange(frames) / _RATE
    bar_of = ((time - start) / (beats_per_bar * period)).clip(0).astype(int)
    hz = np.array([110.0, 146.8, 98.0, 130.8])[bar_of // 2 % 4]
    pad = sum(np.sin(2 * np.pi * hz * ratio * time) / 3 for ratio in (1, 1.5, 2))
    mono = 0.4 * sound[:frames] + 0.05 * np.asarray(pad)
    truth = np.asarray(start + np.arange(bars * beats_per_bar) * period, np.float64)
    return Groove(np.stack([mono, mono], axis=1), truth, beats_per_bar)


def _drum(name: str, random: np.random.Generator) -> npt.NDArray[np.float64]:
    time = np.arange(round(0.25 * _RATE)) / _RATE
    noise = random.standard_normal(len(time))
    if name == "kick":
        return np.asarray(
            0.9
            * np.sin(2 * np.pi * (50 * time + 3 * (1 - np.exp(-40 * time))))
            * np.exp(-14 * time)
        )
    if name == "snare":
        return np.asarray(
            0.5 * np.sin(2 * np.pi * 190 * time) * np.exp(-25 * time)
            + 0.4 * noise * np.exp(-18 * time)
        )
    return np.asarray(0.15 * np.diff(noise, prepend=0.0) * np.exp(-60 * time))
