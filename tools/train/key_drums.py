"""Percussion for the key's training material: tuned by nothing, at any loudness, and noise."""

import numpy as np

from tools.render.kits.rough import stroke
from tools.render.mixing import add
from tools.render.wavetable_band import Sound
from tools.train.key_piece import Random

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
        variants = [stroke(name, rate, random) * random.uniform(0.4, 1.2)]
        if name in {"tom", "bell"}:
            variants += [stroke(name, rate, random) for _ in range(2)]
        for index in range(int(seconds / step)):
            if hits[index % 16] == "x":
                add(sound, variants[index % len(variants)], int(index * step * rate))
    return np.asarray(sound / max(1e-9, float(np.sqrt(np.mean(sound**2)))))
