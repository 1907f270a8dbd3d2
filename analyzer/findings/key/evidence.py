"""What speaks for a key: which notes and chords there are, what follows what, and the two ends.

It is counted in blocks of 4 s, which add up to windows and to the whole.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analyzer.arrays import Float32, Mask

__all__ = [
    "BLOCK_FRAMES",
    "END_EVIDENCE",
    "EVIDENCE",
    "LEAST_TONAL_FRAMES",
    "Tally",
    "end_evidence",
    "evidence",
    "tally",
    "tonal_frames",
]

_QUALITIES = ("major", "minor")
EVIDENCE = (
    "treble",
    "bass",
    "treble_root",
    "bass_root",
    "bass_strongest",
    "major_chord",
    "minor_chord",
    "major_chord_root",
    "minor_chord_root",
    *(
        f"{first}_then_{second}_{interval}_up"
        for interval in range(12)
        for first in _QUALITIES
        for second in _QUALITIES
    ),
)
"""Names of what is known of any stretch of sound; `…_root` is the square root of a share."""

END_EVIDENCE = (
    "first_major_chord",
    "first_minor_chord",
    "last_major_chord",
    "last_minor_chord",
    "first_bass",
    "last_bass",
    "first_treble",
    "last_treble",
)
"""Names of what is known where a piece begins and ends."""

BLOCK_FRAMES = 20
LEAST_TONAL_FRAMES = 20
_BASS = 24
_QUIET = 0.3
_TONAL, _STRONG = 0.15, 1.0
_LAG_FRAMES = 5
_END_FRAMES = 8
_RINGING_FRAMES = 2


@dataclass(frozen=True)
class Tally:
    """Sums over the frames of each block.

    Attributes:
        notes: Shares of treble and bass, and of each frame's strongest bass notes, by pitch class:
            shape (blocks, 3, 12).
        chords: Probabilities of major and minor chords, shape (blocks, 12, 2).
        changes: Products with those a second later, shape (blocks, 24, 24).
        tonal: Frames with any notes, shape (blocks,).
        strong: Frames with notes as clear as those of music, shape (blocks,).

    """

    notes: Float32
    chords: Float32
    changes: Float32
    tonal: Float32
    strong: Float32

    def part(self, blocks: slice) -> "Tally":
        """Return some of the blocks."""
        return self._each(lambda counts: counts[blocks])

    def over(self, blocks: slice) -> "Tally":
        """Return the sum of some blocks, as one block."""
        return self._each(lambda counts: counts[blocks].sum(axis=0, keepdims=True))

    def around(self, reach: int) -> "Tally":
        """Return each block with so many neighbours on both sides added."""
        return self._each(lambda counts: _moving_sum(counts, reach))

    @classmethod
    def empty(cls, blocks: int) -> "Tally":
        """Return blocks in which nothing has been counted yet."""
        shapes = ((3, 12), (12, 2), (24, 24), (), ())
        return cls(*(np.zeros((blocks, *shape), np.float32) for shape in shapes))

    def put(self, first: int, part: "Tally") -> None:
        """Take over what was counted in some blocks, from the block `first` on.

        Hours are counted in parts; to join those at the end would need the room twice.
        """
        here = slice(first, first + len(part.tonal))
        self.notes[here], self.chords[here] = part.notes, part.chords
        self.changes[here] = part.changes
        self.tonal[here], self.strong[here] = part.tonal, part.strong

    def _each(self, change: Callable[[Float32], Float32]) -> "Tally":
        return Tally(
            change(self.notes),
            change(self.chords),
            change(self.changes),
            change(self.tonal),
            change(self.strong),
        )


def tonal_frames(found: Float32) -> Mask:
    """Return which frames have any notes."""
    return np.asarray(found.sum(axis=1) > _TONAL)


def tally(found: Float32, chords: Float32) -> Tally:
    """Count notes, shape (frames, notes), and chord probabilities, shape (frames, 12, 2)."""
    blocks = -(-len(found) // BLOCK_FRAMES)
    rest = blocks * BLOCK_FRAMES - len(found)
    tonal = tonal_frames(found)
    found = np.pad(found, ((0, rest), (0, 0)))
    flat = np.pad((chords * tonal[:, None, None]).reshape(-1, 24), ((0, rest), (0, 0)))
    tonal = np.pad(tonal, (0, rest))
    strong = found.sum(axis=1) > _STRONG
    shares = found / (found.sum(axis=1, keepdims=True) + np.float32(_QUIET))
    low = _folded(found[:, :_BASS])
    # Squared and shared out once more, the strongest bass note of a frame takes nearly all.
    strongest = np.square(low / (low.sum(axis=1, keepdims=True) + np.float32(0.1)))
    strongest /= strongest.sum(axis=1, keepdims=True) + np.float32(0.1)
    kinds = np.stack([_folded(shares[:, _BASS:]), _folded(shares[:, :_BASS]), strongest], axis=1)
    # Which chord follows which within a second: products of probabilities, summed over frames.
    later = np.pad(flat, ((0, _LAG_FRAMES), (0, 0)))[_LAG_FRAMES:]
    by_block = (blocks, BLOCK_FRAMES, 24)
    return Tally(
        notes=kinds.reshape(blocks, BLOCK_FRAMES, 3, 12).sum(axis=1),
        chords=flat.reshape(by_block).sum(axis=1).reshape(blocks, 12, 2),
        changes=flat.reshape(by_block).transpose(0, 2, 1) @ later.reshape(by_block),
        tonal=tonal.reshape(blocks, BLOCK_FRAMES).sum(axis=1).astype(np.float32),
        strong=strong.reshape(blocks, BLOCK_FRAMES).sum(axis=1).astype(np.float32),
    )


def evidence(counted: Tally) -> Float32:
    """Return shares by pitch class of all in `EVIDENCE` in each block: shape (blocks, names, 12).

    Chord changes are told by the root of the first chord.
    """
    blocks = len(counted.tonal)
    frames = np.maximum(1, counted.tonal)[:, None, None]
    content = _share(counted.notes[:, :2])
    strongest = counted.notes[:, 2:] / frames
    chords = counted.chords.transpose(0, 2, 1)
    chords = chords / (chords.sum(axis=(1, 2), keepdims=True) + np.float32(1e-3))
    rows = [content, np.sqrt(content), strongest, chords, np.sqrt(chords)]
    root = np.arange(12)
    pairs = np.sqrt(counted.changes / frames).reshape(blocks, 12, 2, 12, 2)
    for up in range(12):
        # Roots in front, then the two qualities: that is how numpy orders what is picked.
        picked = pairs[:, root, :, (root + up) % 12, :]
        rows.append(picked.transpose(1, 2, 3, 0).reshape(blocks, 4, 12))
    return np.concatenate(rows, axis=1).astype(np.float32)


def end_evidence(found: Float32, chords: Float32) -> Float32:
    """Return shares by pitch class of all in `END_EVIDENCE`: shape (names, 12).

    Looks at the first and the last 1.6 s that have notes; the very last 0.4 s only ring.
    """
    rows = np.zeros((len(END_EVIDENCE), 12), np.float32)
    at = np.flatnonzero(tonal_frames(found))
    if len(at) < LEAST_TONAL_FRAMES:
        return rows
    first, last = at[:_END_FRAMES], at[-_END_FRAMES - _RINGING_FRAMES : -_RINGING_FRAMES]
    for number, place in enumerate((first, last)):
        rows[2 * number : 2 * number + 2] = chords[place].mean(axis=0).T
        rows[4 + number] = _share(_folded(found[place, :_BASS]).mean(axis=0), 0.1)
        rows[6 + number] = _share(_folded(found[place, _BASS:]).mean(axis=0), 0.1)
    return rows


def _folded(found: Float32) -> Float32:
    return np.asarray(found.reshape(len(found), -1, 12).sum(axis=1))


def _share(rows: Float32, floor: float = 1e-3) -> Float32:
    return np.asarray(rows / (rows.sum(axis=-1, keepdims=True) + np.float32(floor)))


def _moving_sum(counts: Float32, reach: int) -> Float32:
    out = counts.copy()
    for away in range(1, reach + 1):
        out[away:] += counts[:-away]
        out[:-away] += counts[away:]
    return out
