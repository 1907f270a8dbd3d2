"""Percussion for the key's training material: tuned by nothing, at any loudness, and noise."""

import numpy as np

from tools.train.key_piece import Random
from tools.train.key_synth import Sound

__all__ = ["drums"]

_PATTERNS = (
    {"kick": "x...x...x...x...", "snare": "....x.......x...", "hat": "..x...x...x...x."},
    {"kick": "x.....x...x.....", "snare": "....x.......x...", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "x.........x.....", "snare": "....x..x.x..x...", "hat": "x.x.x.x.x.x.x.x."},
    {"kick": "x...............", "snare": "........x.......", "hat": "x.xxx.x.x.x.x.xx"},
    {"tom": "x..x..x...x.x...", "hat": "..x...x...x...x."},
    {"kick": "x..x..x.x..x..x.", "snare": "....x.......x...", "bell": "..x..x..x..x.x.."},
    {"tom": "x.xxx.x.x.x.x.xx", "kick": "x...x...x...x..."},
    {"kick808": "x.....x...x.....", "snare": "....x.......x...", "hat": "xxxxxxxxxxxxxxxx"},
    {"kick808": "x...x...x...x...", "hat": "..x...x...x...x."},
)


def drums(seconds: float, bpm: float, rate: int, random: Random) -> Sound:
    """Return a drum loop for so many seconds, at RMS 1."""
    sound = np.zeros(int(seconds * rate))
    pattern = _PATTERNS[int(random.integers(len(_PATTERNS)))]
    step = 60 / bpm / 4
    for name, hits in pattern.items():
        stroke = _stroke(name, rate, random) * random.uniform(0.4, 1.2)
        variants = [stroke]
        if name in {"tom", "bell"}:
            variants += [_stroke(name, rate, random) for _ in range(2)]
        for index in range(int(seconds / step)):
            if hits[index % 16] != "x":
                continue
            start = int(index * step * rate)
            chosen = variants[index % len(variants)]
            length = min(len(chosen), len(sound) - start)
            sound[start : start + length] += chosen[:length]
    return np.asarray(sound / max(1e-9, float(np.sqrt(np.mean(sound**2)))))


def _stroke(name: str, rate: int, random: Random) -> Sound:
    def ring(hz: float, glide: float, decay: float, drop: float) -> Sound:
        time = np.arange(int(min(1.5, decay * 6) * rate)) / rate
        phase = hz * time + glide * drop * (1 - np.exp(-time / drop))
        return np.asarray(np.sin(2 * np.pi * phase) * np.exp(-time / decay))

    def noise(decay: float, edge: float) -> Sound:
        length = int(decay * 6 * rate)
        raw = random.normal(size=length)
        for _ in range(2):
            raw = raw - edge * np.concatenate([[0], raw[:-1]])
        return np.asarray(raw * np.exp(-np.arange(length) / rate / decay))

    if name == "kick":
        return ring(
            random.uniform(40, 70),
            random.uniform(60, 250),
            random.uniform(0.05, 0.2),
            random.uniform(0.01, 0.04),
        )
    if name == "kick808":
        return ring(random.uniform(36, 65), random.uniform(20, 150), random.uniform(0.2, 0.6), 0.03)
    if name == "tom":
        return ring(
            random.uniform(70, 260), random.uniform(10, 80), random.uniform(0.08, 0.3), 0.06
        )
    if name == "snare":
        body = ring(random.uniform(160, 260), 40, random.uniform(0.04, 0.1), 0.02)
        rattle = noise(random.uniform(0.05, 0.15), random.uniform(0, 0.6))
        length = max(len(body), len(rattle))
        return np.pad(body, (0, length - len(body))) + np.pad(rattle, (0, length - len(rattle)))
    if name == "bell":
        base = random.uniform(300, 900)
        ratios = random.uniform(1, 5, 4)
        return _bell(base, ratios, rate, random)
    return noise(random.uniform(0.01, 0.08), random.uniform(0.7, 0.95))


def _bell(base: float, ratios: Sound, rate: int, random: Random) -> Sound:
    time = np.arange(rate // 2) / rate
    waves = np.sin(2 * np.pi * base * ratios[:, None] * time)
    return np.asarray(waves.mean(axis=0) * np.exp(-time / random.uniform(0.04, 0.2)))
