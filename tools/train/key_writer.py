"""Write the parts of a piece: chords, bass, melodies, riffs and drones, drawn at random."""

import numpy as np

from tools.render.notes import Tone
from tools.train.key_harmony import Chord
from tools.train.key_piece import Piece, Random

__all__ = ["BEATS", "Writer"]

BEATS = 4
"""In a bar."""


class Writer:
    """Adds notes to a piece; times are given in beats."""

    def __init__(self, piece: Piece, random: Random) -> None:
        self._piece, self._random = piece, random
        self._beat = 60 / piece.bpm

    def chords(self, order: list[Chord], bar: float, *, inversions: bool) -> None:
        """Play chords as blocks, strokes, stabs, broken chords or arpeggios."""
        random = self._random
        how = str(random.choice(["block", "stroke", "stab", "arp", "alberti", "pad"]))
        low = int(random.integers(45, 61))
        doubled = random.random() < 0.3
        invert = inversions and random.random() < 0.8
        rate = float(random.choice([0.25, 0.5, 0.5, 1.0]))
        for index, chord in enumerate(order):
            pitches = self._voicing(chord, low, invert=invert, doubled=doubled)
            start = index * bar
            if index == len(order) - 1 and random.random() < 0.7:
                self._together(start, bar, pitches, "chords")
            elif how in {"block", "pad"}:
                self._together(start, bar * (1.0 if how == "pad" else 0.95), pitches, "chords")
            elif how == "stroke":
                for beat in np.arange(0, bar, 2 * rate):
                    self._together(start + beat, 1.9 * rate, pitches, "chords")
            elif how == "stab":
                for beat in np.arange(0.5, bar, 1.0):
                    self._together(start + beat, 0.3, pitches, "chords")
            else:
                shape = [0, 2, 1, 2] if how == "alberti" else [*range(len(pitches)), 1]
                for step, beat in enumerate(np.arange(0, bar, rate)):
                    pitch = pitches[shape[step % len(shape)] % len(pitches)]
                    self._add(start + beat, rate * 1.1, pitch, "chords")

    def bass(self, order: list[Chord], bar: float) -> None:
        """Play roots, fifths, octaves, a walking line, or the tonic throughout."""
        random = self._random
        how = str(
            random.choice(
                ["long", "eighths", "fifth", "octave", "offbeat", "walking", "pedal"],
                p=[0.27, 0.2, 0.15, 0.1, 0.14, 0.09, 0.05],
            )
        )
        low = int(random.integers(28, 40))
        for index, chord in enumerate(order):
            above = 0 if how == "pedal" else chord.root
            root = low + (self._piece.tonic + above - low) % 12
            fifth = root + (7 if 7 in chord.notes else 6 if 6 in chord.notes else 0)
            start = index * bar
            if how in {"long", "pedal"} or index == len(order) - 1:
                self._add(start, bar * 0.97, root, "bass")
                continue
            step = {"eighths": 0.5, "fifth": 1.0, "octave": 0.5, "offbeat": 1.0, "walking": 1.0}[
                how
            ]
            line = {
                "eighths": [root],
                "fifth": [root, root, fifth, root],
                "octave": [root, root + 12],
                "offbeat": [root],
                "walking": [root + n for n in (*chord.notes, 12) if n <= 12],
            }[how]
            shift = 0.5 if how == "offbeat" else 0.0
            for count, beat in enumerate(np.arange(0, bar, step)):
                self._add(start + beat + shift, step * 0.8, line[count % len(line)], "bass")

    def melody(self, order: list[Chord], bar: float, scale: tuple[int, ...]) -> None:
        """Walk through the scale, on chord notes where it is strong, and end on the tonic chord."""
        random = self._random
        low = int(random.integers(57, 70))
        place = low + 5
        density = random.uniform(0.4, 0.95)
        for index, chord in enumerate(order):
            # Where the chord leaves the scale, the melody follows it.
            chordal = {(chord.root + note) % 12 for note in chord.notes}
            allowed = {s for s in scale if min((s - c) % 12 for c in chordal) != 1} | chordal
            last = index == len(order) - 1
            beat = 0.0
            while beat < bar:
                length = float(random.choice([0.5, 0.5, 1.0, 1.0, 2.0])) if not last else bar
                strong = beat == 0
                if random.random() < density or strong:
                    choice = chordal if strong or random.random() < 0.3 else allowed
                    if last and chord.root == 0:
                        choice = {0} if random.random() < 0.7 else chordal
                    place = self._near(place + int(random.integers(-4, 5)), choice, low)
                    self._add(index * bar + beat, length * 0.95, place, "lead")
                beat += length

    def riff(
        self, bars: int, scale: tuple[int, ...], *, low: int, length: float, role: str
    ) -> None:
        """Repeat a figure of one or two bars that begins on the tonic, and dwells on it."""
        random = self._random
        root = low + (self._piece.tonic - low) % 12
        count = round(BEATS * int(random.integers(1, 3)) / length)
        figure: list[int | None] = []
        for _ in range(count):
            roll = random.random()
            if roll < 0.2:
                figure.append(None)
            elif roll < 0.6:
                figure.append(0 if random.random() < 0.7 else 12)
            else:
                figure.append(int(random.choice(scale)) - (12 if random.random() < 0.15 else 0))
        figure[0] = 0
        if random.random() < 0.9:  # the third decides the mode: most riffs have it
            figure[int(random.integers(1, count))] = 3 if 3 in scale else 4
        total = round(bars * BEATS / length)
        for step in range(total):
            offset = figure[step % count]
            if offset is not None:
                self._add(step * length, length * 0.9, root + offset, role)

    def drone(self, beats: int, *, fifth: bool) -> None:
        """Hold the tonic, and its fifth."""
        low = int(self._random.integers(30, 48))
        root = low + (self._piece.tonic - low) % 12
        for pitch in (root, root + 12, *((root + 7,) if fifth else ())):
            for start in range(0, beats, 16):
                self._add(start, min(16, beats - start), pitch, "drone")

    def _voicing(self, chord: Chord, low: int, *, invert: bool, doubled: bool) -> list[int]:
        root = self._piece.tonic + chord.root
        if invert:
            pitches = sorted(low + (root + note - low) % 12 for note in chord.notes)
        else:
            base = low + (root - low) % 12
            pitches = [base + note for note in chord.notes]
        return [*pitches, pitches[0] + 12] if doubled else pitches

    def _near(self, pitch: int, classes: set[int], low: int) -> int:
        pitch = min(max(pitch, low), low + 17)
        tonic = self._piece.tonic
        reach = sorted(range(-6, 7), key=abs)
        return next(pitch + d for d in reach if (pitch + d - tonic) % 12 in classes)

    def _together(self, start: float, length: float, pitches: list[int], role: str) -> None:
        for pitch in pitches:
            self._add(start, length, pitch, role)

    def _add(self, start: float, length: float, pitch: int, role: str) -> None:
        velocity = float(np.clip(self._random.normal(0.75, 0.1), 0.3, 1.0))
        self._piece.notes.append(
            Tone(float(start) * self._beat, float(length) * self._beat, int(pitch), velocity, role)
        )
