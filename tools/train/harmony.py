"""Chord progressions by mood, and where each chord lies in the piece."""

from dataclasses import dataclass
from random import Random

from tools.train.key_harmony import parse_chords

PROGRESSIONS = {
    "pop": """
        I V vi IV | I vi IV V | vi IV I V | I IV V IV | I iii IV V | I IV vi V | IV I V vi |
        I bVII IV I | I IV I V | i bVI bIII bVII
    """,
    "dance": """
        i bVI bIII bVII | i bVII bVI bVII | i iv bVI v | i7 iv7 | i9 bVIIM7 | i bIII bVII iv |
        vi IV I V | i i bVI bVII | i7 v7 iv7 v7 | i9 i9 iv9 iv9
    """,
    "minor": """
        i bVI bVII i | i bII i bVII | i bVI bIII bVII | i iv bVI V | i i bVII bVI | i bV bVI bII
    """,
    "soul": """
        ii7 V7 IM7 vi7 | IM7 vi7 ii7 V7 | i9 iv9 | IVM7 iii7 ii7 IM7 | IM7 IVM7 | vi7 ii7 V7 IM7 |
        i7 bVIM7 iv7 V7 | IVM7 V7 iii7 vi7
    """,
    "jazz": """
        ii7 V7 IM7 IM7 | IM7 vi7 ii7 V7 | iii7 vi7 ii7 V7 | i7 iv7 iib5 V7 | IM7 bIII7 bVIM7 V7 |
        IM7 IVM7 iii7 vi7 ii7 V7 IM7 V7 | i7 bVII7 bVIM7 V7 |
        I7 IV7 I7 I7 IV7 IV7 I7 vi7 ii7 V7 I7 V7
    """,
    "blues": """
        I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7 | I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7 |
        I vi IV V | i7 iv7 i7 V7 | I7 IV7 I7 V7
    """,
    "vamp": "i7 | i7 IV7 | I7 I7 I7 IV7 | i9 i9 bVII7 IV7 | i7 i7 bIII bVII",
    "reggae": "I IV | i bVII | I V vi IV | I IV V IV | i iv | i i bVI bVII | I ii I ii",
    "latin": "i iv V7 iv | i bVII bVI V7 | I IV V7 IV | i i V7 V7 | i iv i V7 | ii7 V7 IM7 IM7",
    "classical": """
        I IV V I | I V vi iii IV I IV V | i iv V i | I vi ii V | i bVI iv V | I I V V V V I I |
        i bVII bIII bVI iv i V V | I V I IV I V I I
    """,
    "ambient": "IM7 IVM7 | i9 bVIM7 | I Isus | i bVI | IM7 vi7 IVM7 IVM7 | i9 | i bVII bVI bVI",
}
"""Mood → progressions, separated by bars."""


@dataclass(frozen=True)
class Chord:
    """A chord that rules from beat ``start`` for ``length`` beats; pitches above MIDI 0."""

    start: float
    length: float
    root: int
    intervals: tuple[int, ...]

    def pitches(self, lowest: int, count: int) -> list[int]:
        """Give ``count`` chord tones upwards from the first root or tone at or above ``lowest``."""
        tones = sorted({(self.root + interval) % 12 for interval in self.intervals})
        found: list[int] = []
        pitch = lowest
        while len(found) < count:
            if pitch % 12 in tones:
                found.append(pitch)
            pitch += 1
        return found


def progression(mood: str, beats: float, rhythm: float, rng: Random) -> list[Chord]:
    """Fill ``beats`` with chords of ``rhythm`` beats each, of one progression or two."""
    tonic = rng.randrange(12)
    known = PROGRESSIONS[mood].split("|")
    verse = parse_chords(rng.choice(known))
    chorus = parse_chords(rng.choice(known)) if rng.random() < 0.4 else verse
    chords: list[Chord] = []
    start, turn = 0.0, 0
    while start < beats:
        for chord in chorus if (turn // 2) % 2 else verse:
            chords.append(Chord(start, rhythm, (tonic + chord.root) % 12, chord.notes))
            start += rhythm
        turn += 1
    return chords


def chord_at(chords: list[Chord], beat: float) -> Chord:
    """Give the chord that rules at ``beat``; chords have equal lengths from beat 0."""
    index = int((beat + 1e-6) // chords[0].length)
    return chords[max(0, min(index, len(chords) - 1))]
