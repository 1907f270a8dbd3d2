"""Single strokes drawn anew for every loop, at any rate: tuned by nothing, and noise."""

import numpy as np
import numpy.typing as npt

__all__ = ["stroke"]

Sound = npt.NDArray[np.float64]
Random = np.random.Generator


def stroke(name: str, rate: int, random: Random) -> Sound:
    """Return a kick, 808 kick, tom, snare, bell or, by any other name, hat."""
    draw = random.uniform
    if name == "kick":
        return _ring(rate, draw(40, 70), draw(60, 250), draw(0.05, 0.2), draw(0.01, 0.04))
    if name == "kick808":
        return _ring(rate, draw(36, 65), draw(20, 150), draw(0.2, 0.6), 0.03)
    if name == "tom":
        return _ring(rate, draw(70, 260), draw(10, 80), draw(0.08, 0.3), 0.06)
    if name == "snare":
        body = _ring(rate, draw(160, 260), 40, draw(0.04, 0.1), 0.02)
        rattle = _noise(rate, draw(0.05, 0.15), draw(0, 0.6), random)
        length = max(len(body), len(rattle))
        return np.pad(body, (0, length - len(body))) + np.pad(rattle, (0, length - len(rattle)))
    if name == "bell":
        return _bell(rate, draw(300, 900), draw(1, 5, 4), random)
    return _noise(rate, draw(0.01, 0.08), draw(0.7, 0.95), random)


def _ring(rate: int, hz: float, glide: float, decay: float, drop: float) -> Sound:
    time = np.arange(int(min(1.5, decay * 6) * rate)) / rate
    phase = hz * time + glide * drop * (1 - np.exp(-time / drop))
    return np.asarray(np.sin(2 * np.pi * phase) * np.exp(-time / decay))


def _noise(rate: int, decay: float, edge: float, random: Random) -> Sound:
    length = int(decay * 6 * rate)
    raw = random.normal(size=length)
    for _ in range(2):
        raw = raw - edge * np.concatenate([[0], raw[:-1]])
    return np.asarray(raw * np.exp(-np.arange(length) / rate / decay))


def _bell(rate: int, base: float, ratios: Sound, random: Random) -> Sound:
    time = np.arange(rate // 2) / rate
    waves = np.sin(2 * np.pi * base * ratios[:, None] * time)
    return np.asarray(waves.mean(axis=0) * np.exp(-time / random.uniform(0.04, 0.2)))
