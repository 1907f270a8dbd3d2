"""How right keys are: the weighted score of MIREX, and which confusions there are."""

import numpy as np
import numpy.typing as npt

from tools.train.key_data import Heard

__all__ = ["figures", "mirex"]

_KINDS = {1.0: "right", 0.5: "fifth", 0.3: "relative", 0.2: "parallel", 0.0: "other"}


def mirex(found: int, truth: int) -> float:
    """Return 1, 0.5, 0.3, 0.2 or 0 for keys as 2 · tonic + minor, as mir_eval does."""
    if found == truth:
        return 1.0
    up = (found // 2 - truth // 2) % 12
    same_mode = found % 2 == truth % 2
    if same_mode:
        return 0.5 if up == 7 else 0.0
    if up == 0:
        return 0.2
    return 0.3 if up == (3 if truth % 2 else 9) else 0.0


def figures(heard: list[Heard], scores: npt.NDArray[np.float64]) -> dict[str, object]:
    """Return scores in per cent by renderer and clearness, by style, and the confusions."""
    points = [mirex(int(row.argmax()), one.key) for one, row in zip(heard, scores, strict=True)]
    groups: dict[str, list[float]] = {}
    styles: dict[str, list[float]] = {}
    for one, point in zip(heard, points, strict=True):
        kind = "clear" if one.piece.clear else "hard"
        groups.setdefault(kind, []).append(point)
        groups.setdefault(f"{kind}, {one.renderer}", []).append(point)
        groups.setdefault(f"{kind}, {'drums' if one.percussion else 'no drums'}", []).append(point)
        if kind == "clear" and one.piece.chords[0].root == 0:
            groups.setdefault("clear, begins on the tonic", []).append(point)
        styles.setdefault(one.piece.style, []).append(point)
    return {
        "mirex_percent": {name: _percent(values) for name, values in sorted(groups.items())},
        "styles_mirex_percent": {name: _percent(values) for name, values in sorted(styles.items())},
        "confusions_percent": {
            kind: round(100 * points.count(worth) / len(points), 1)
            for worth, kind in _KINDS.items()
        },
    }


def _percent(values: list[float]) -> float:
    return round(100 * float(np.mean(values)), 1)
